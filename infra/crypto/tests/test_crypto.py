from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from django.test.utils import isolate_apps

from infra.crypto.errors import FieldBroken, KeyMissing, NotAnEmail, NotAPhone, SealBroken
from infra.crypto.fields import EncryptedTextField, Keyring
from infra.crypto.keys import RECOVERY, add_key, ensure_central_keys, ensure_key, ensure_node_keys, keys_dir
from infra.crypto.normalise import email_key, phone_e164
from infra.crypto.sealing import new_sealing_key, open_sealed, recipients_of, seal, seal_to_all, sealing_public_of
from infra.crypto.signing import b64, new_signing_key, public_of, sign, unb64, verify
from infra.crypto.sources import Source

TEXT = "Мария, +7 000 123-45-67".encode()


def altered(raw: bytes) -> list[bytes]:
    return [raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :] for at in range(len(raw))]


# --- signatures


def test_a_signature_holds_for_its_message_and_key_only():
    key, other = new_signing_key(), new_signing_key()

    signature = sign(key, TEXT)

    assert verify(public_of(key), signature, TEXT)
    assert not verify(public_of(other), signature, TEXT)
    assert not verify(public_of(key), signature, TEXT + b"!")
    assert not any(verify(public_of(key), wrong, TEXT) for wrong in altered(signature))


@pytest.mark.parametrize("junk", [b"", b"short", b"\xff" * 32, b"x" * 64])
def test_junk_from_outside_verifies_false_and_never_raises(junk):
    assert not verify(junk, junk, TEXT)


def test_base64_has_one_spelling():
    raw = bytes(range(33))

    assert unb64(b64(raw)) == raw
    assert "=" not in b64(b"x")
    for wrong in (b64(raw) + "=", "a/b+", "a b", "ж", b64(b"x")[:-1] + "x"):
        with pytest.raises(ValueError):
            unb64(wrong)


# --- sealing


@pytest.mark.parametrize("to_all", [False, True])
def test_a_sealed_message_opens_with_its_key_and_purpose_only(to_all):
    key = new_sealing_key()
    public = sealing_public_of(key)

    sealed = seal_to_all({"1": public}, TEXT, info=b"order 1") if to_all else seal(public, TEXT, info=b"order 1")

    assert open_sealed(key, sealed, info=b"order 1") == TEXT
    assert TEXT not in sealed
    with pytest.raises(SealBroken):
        open_sealed(new_sealing_key(), sealed, info=b"order 1")
    with pytest.raises(SealBroken):
        open_sealed(key, sealed, info=b"order 2")
    for wrong in [*altered(sealed), sealed[:-1], sealed + b"\0", b"", b"\x03"]:
        with pytest.raises(SealBroken):
            open_sealed(key, wrong, info=b"order 1")


def test_sealing_twice_never_gives_the_same_bytes():
    public = sealing_public_of(new_sealing_key())

    assert seal(public, TEXT, info=b"") != seal(public, TEXT, info=b"")


def test_each_of_several_recipients_opens_alone():
    current, recovery = new_sealing_key(), new_sealing_key()

    sealed = seal_to_all({"1": sealing_public_of(current), RECOVERY: sealing_public_of(recovery)}, TEXT, info=b"person")

    assert open_sealed(current, sealed, info=b"person") == TEXT
    assert open_sealed(recovery, sealed, info=b"person") == TEXT
    assert recipients_of(sealed) == ["1", RECOVERY]


def test_nobody_to_seal_to_is_refused():
    with pytest.raises(KeyMissing):
        seal_to_all({}, TEXT, info=b"")


# --- key files


def test_key_files_are_private_and_stay_the_same(tmp_path: Path):
    first, again = ensure_central_keys(tmp_path), ensure_central_keys(tmp_path)

    assert (first.sign, first.sealing, first.recovery_public) == (again.sign, again.sealing, again.recovery_public)
    for path in keys_dir(tmp_path).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys_dir(tmp_path).stat().st_mode) == 0o700
    assert ensure_node_keys(tmp_path / "edge") == ensure_node_keys(tmp_path / "edge")


def test_keys_do_not_show_in_a_traceback(tmp_path: Path):
    assert "bytes" not in repr(ensure_central_keys(tmp_path)) and "\\x" not in repr(ensure_node_keys(tmp_path))
    assert "\\x" not in repr(Keyring.ephemeral())


def test_makers_at_once_agree_on_one_key(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: ensure_key(tmp_path / "key", new_signing_key), range(64)))

    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_rotated_sealing_key_leaves_old_orders_readable(tmp_path: Path):
    old = ensure_central_keys(tmp_path)
    sealed = seal_to_all(old.public_sealing_keys(), TEXT, info=b"person")

    assert add_key(keys_dir(tmp_path), "sealing") == "2"

    new = ensure_central_keys(tmp_path)
    assert list(new.public_sealing_keys()) == ["2", RECOVERY]
    assert new.open(sealed, info=b"person") == TEXT


def test_orders_of_a_lost_key_open_with_the_recovery_key_alone(tmp_path: Path):
    keys = ensure_central_keys(tmp_path)
    sealed = seal_to_all(keys.public_sealing_keys(), TEXT, info=b"person")
    (keys_dir(tmp_path) / "sealing-1").unlink()

    assert add_key(keys_dir(tmp_path), "sealing") == "1"

    assert ensure_central_keys(tmp_path).open(sealed, info=b"person") == TEXT


def test_the_recovery_key_may_live_elsewhere(tmp_path: Path):
    ensure_central_keys(tmp_path)
    (keys_dir(tmp_path) / "sealing-recovery").unlink()

    keys = ensure_central_keys(tmp_path)

    assert list(keys.public_sealing_keys()) == ["1", RECOVERY]
    assert list(keys.sealing) == ["1"]


def test_sealed_to_a_stranger_says_which_key_lacks(tmp_path: Path):
    sealed = seal_to_all({"9": sealing_public_of(new_sealing_key())}, TEXT, info=b"")

    with pytest.raises(KeyMissing) as caught:
        ensure_central_keys(tmp_path).open(sealed, info=b"")

    assert caught.value.data == {"keys": ["9"]}


# --- columns


def test_a_column_opens_under_its_own_name_only():
    ring = Keyring.ephemeral()

    stored = ring.encrypt("people.phone", "+70001234567")

    assert ring.decrypt("people.phone", stored) == "+70001234567"
    assert b"7000" not in stored
    assert stored != ring.encrypt("people.phone", "+70001234567")
    with pytest.raises(FieldBroken):
        ring.decrypt("people.email", stored)
    for wrong in altered(stored):
        with pytest.raises((FieldBroken, KeyMissing)):
            ring.decrypt("people.phone", wrong)


def test_a_rotated_key_encrypts_anew_and_reads_the_old(tmp_path: Path):
    ensure_central_keys(tmp_path)
    old = Keyring.load(Source("file", tmp_path)).encrypt("a.b", "text")
    add_key(keys_dir(tmp_path), "fields")

    ring = Keyring.load(Source("file", tmp_path))

    assert ring.current == "2"
    assert ring.decrypt("a.b", old) == "text"
    with pytest.raises(KeyMissing):
        Keyring(fields={"2": ring.fields["2"]}, indexes=ring.indexes).decrypt("a.b", old)


def test_blind_indexes_are_equal_for_equals_and_unrelated_between_columns():
    ring, other = Keyring.ephemeral(), Keyring.ephemeral()

    assert ring.blind_index("people.phone", "+7") == ring.blind_index("people.phone", "+7")
    assert ring.blind_index("people.phone", "+7") != ring.blind_index("people.email", "+7")
    assert ring.blind_index("people.phone", "+7") != other.blind_index("people.phone", "+7")


@pytest.mark.django_db(databases=["default"])
@isolate_apps("node")
def test_the_database_holds_ciphertext_and_the_model_text():
    class Secret(models.Model):
        name = EncryptedTextField(column="test.name")
        note = EncryptedTextField(column="test.note", null=True)

        class Meta:
            app_label = "node"

    with connection.schema_editor() as editor:
        editor.create_model(Secret)
    Secret.objects.create(name="Мария", note=None)

    row = Secret.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM {Secret._meta.db_table}")
        stored = bytes(cursor.fetchone()[0])

    assert (row.name, row.note) == ("Мария", None)
    assert "Мария".encode() not in stored
    with pytest.raises(FieldError):
        Secret.objects.filter(name="Мария")
    assert Secret.objects.filter(note__isnull=True).count() == 1


# --- spelling


@pytest.mark.parametrize(
    ("text", "region", "want"),
    [
        ("8 (000) 123-45-67", "RU", "+70001234567"),
        ("+7 000 123 45 67", "US", "+70001234567"),
        ("(202) 555-0143", "US", "+12025550143"),
        (" +1 202 555 0143 ", "", "+12025550143"),
    ],
)
def test_a_phone_has_one_spelling(text, region, want):
    assert phone_e164(text, region) == want


@pytest.mark.parametrize("text", ["", "abc", "123", "+7", "+7 000 123 45 67 89 01 23"])
def test_what_is_no_phone_is_refused_without_repeating_it(text):
    with pytest.raises(NotAPhone) as caught:
        phone_e164(text, "RU")

    assert caught.value.data == {}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (" Anna@Example.ORG ", "anna@example.org"),
        ("a+b@sub.example.com", "a+b@sub.example.com"),
        ("анна@пример.рф", "анна@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_an_email_has_one_spelling(text, want):
    assert email_key(text) == want


@pytest.mark.parametrize(
    "text", ["", "a", "@b.c", "a@", "a@b", "a b@c.de", "a@@c.de", "a@-c.de", "a@c..de", "a" * 250 + "@c.de"]
)
def test_what_is_no_email_is_refused(text):
    with pytest.raises(NotAnEmail):
        email_key(text)
