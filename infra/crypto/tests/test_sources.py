"""Keys out of files, the environment and a command: what is read, what is refused, and that no refusal shows a key."""

from __future__ import annotations

import base64
import random
import shlex
import stat
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infra.crypto import keys, rings, sources
from infra.crypto.errors import KeyMissing, KeySourceAway
from infra.crypto.keys import ensure_central_keys, keys_dir, load_central_keys
from infra.crypto.rings import Keyring
from infra.crypto.signing import b64
from infra.crypto.sources import Source, spelled
from node import config as node_config

#: the same bytes in every process: parallel runners must collect tests of the same names
drawn = random.Random(1).randbytes

RAW = {name: bytes([at]) + drawn(30) + b"\xff" for at, name in enumerate(("fields-1", "fields-2", "index"))}
WHOLE = {**RAW, "central-sign": drawn(32), "sealing-1": drawn(32), "sealing-recovery.pub": drawn(32)}


def of_command(*command: str) -> Source:
    return Source("command", Path("/nowhere"), command)


@pytest.fixture
def vault(tmp_path: Path) -> Callable[[str], Source]:
    """A program of the operator's: a shell script of this text."""

    def made(script: str) -> Source:
        program = tmp_path / "vault keys"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        return of_command(str(program), "rialto")

    return made


def printing(found: dict[str, bytes]) -> str:
    return "\n".join(f"echo {shlex.quote(spelled(name, raw))}" for name, raw in found.items())


@pytest.fixture
def in_environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Source]:
    def put(**values: str) -> Source:
        for name, value in values.items():
            monkeypatch.setenv(f"RIALTO_KEY_{name}", value)
        return Source("env", Path("/nowhere"))

    return put


SPELLINGS: list[Callable[[bytes], str]] = [
    b64,
    lambda raw: raw.hex(),
    lambda raw: raw.hex().upper(),
    lambda raw: base64.b64encode(raw).decode(),
    lambda raw: base64.urlsafe_b64encode(raw).decode(),
]


# --- the environment


@pytest.mark.parametrize("spell", SPELLINGS)
def test_a_key_may_be_written_as_the_shell_writes_it(
    in_environment: Callable[..., Source], spell: Callable[[bytes], str]
) -> None:
    # With both characters in which the alphabets differ.
    raw = base64.b64decode("+/" * 21 + "8=")

    assert in_environment(FIELDS_1=spell(raw)).read() == {"fields-1": raw}


def test_every_kind_of_key_has_its_variable(in_environment: Callable[..., Source]) -> None:
    variables = {name.upper().replace("-", "_").replace(".", "_"): b64(raw) for name, raw in WHOLE.items()}
    source = in_environment(**variables)

    assert source.read() == WHOLE
    assert Keyring.load(source).current == "2"
    assert (source.can_make, source.stamp()) == (False, source.stamp())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FIELDS_1", "abc", "RIALTO_KEY_FIELDS_1 does not hold 32 bytes"),
        ("FIELDS_1", "", "RIALTO_KEY_FIELDS_1 does not hold 32 bytes"),
        ("FIELDS_1", b64(drawn(31)), "RIALTO_KEY_FIELDS_1 does not hold 32 bytes"),
        ("FIELDS_1", b64(drawn(33)), "RIALTO_KEY_FIELDS_1 does not hold 32 bytes"),
        ("FIELDS_1", "ключ", "RIALTO_KEY_FIELDS_1 is neither base64 nor hex"),
        ("FIELDS_1", "x" * 63 + "-", "RIALTO_KEY_FIELDS_1 is neither base64 nor hex"),
        ("FIELD_1", b64(drawn(32)), "RIALTO_KEY_FIELD_1 names no key"),
        ("FIELDS", b64(drawn(32)), "RIALTO_KEY_FIELDS names no key"),
    ],
)
def test_what_is_no_key_is_named_and_not_repeated(
    in_environment: Callable[..., Source], name: str, value: str, said: str
) -> None:
    with pytest.raises(KeyMissing) as caught:
        in_environment(**{name: value}).read()

    assert said in str(caught.value)
    assert len(value) < 4 or value not in f"{caught.value!r} {caught.value.data}"


@pytest.mark.parametrize("lacks", ["fields-1", "index"])
def test_a_ring_without_a_kind_of_key_says_what_to_put_back(in_environment: Callable[..., Source], lacks: str) -> None:
    there = {name.upper().replace("-", "_"): b64(raw) for name, raw in RAW.items() if name[:5] != lacks[:5]}

    with pytest.raises(KeyMissing, match=f"no key of the kind of {lacks}: put it back"):
        Keyring.load(in_environment(**there))


# --- a command


def test_a_command_prints_one_key_a_line(vault: Callable[[str], Source]) -> None:
    source = vault(f'[ "$1" = rialto ] || exit 9\n{printing(WHOLE)}\necho\necho a word to the operator >&2')

    assert source.read() == WHOLE


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "ended with code 3"),
        (printing(RAW) + "\nexit 1", "ended with code 1"),
        ("kill -9 $$", "ended with code -9"),
    ],
)
def test_a_command_that_fails_is_not_believed(vault: Callable[[str], Source], script: str, said: str) -> None:
    with pytest.raises(KeySourceAway, match=said):
        vault(script).read()


def test_a_command_that_is_not_there_or_not_named_is_told() -> None:
    with pytest.raises(KeySourceAway, match="cannot be run: no-such-program"):
        of_command("no-such-program").read()
    with pytest.raises(KeyMissing, match="no command is named"):
        of_command().read()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b64(RAW["fields-1"]), "line 1 of the command's output names no key"),
        ("fields-1", "fields-1 does not hold 32 bytes"),
        (f"fields-1 {b64(drawn(16))}", "fields-1 does not hold 32 bytes"),
        (f"fields-1 {b64(RAW['fields-1'])} {b64(RAW['fields-1'])}", "fields-1 is neither base64 nor hex"),
        ("Enter your password:", "line 1 of the command's output names no key"),
    ],
)
def test_what_a_command_prints_beside_keys_is_refused_and_not_repeated(
    vault: Callable[[str], Source], line: str, said: str
) -> None:
    with pytest.raises(KeyMissing) as caught:
        vault(f"echo {shlex.quote(line)}").read()

    assert said in str(caught.value)
    assert b64(RAW["fields-1"]) not in f"{caught.value!r} {caught.value.data}"


def test_a_command_that_hangs_is_ended_with_all_it_has_started(
    vault: Callable[[str], Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "COMMAND_PATIENCE_S", 0.5)
    began = time.monotonic()

    with pytest.raises(KeySourceAway, match=r"did not end within 0\.5 s"):
        vault(f"{printing(RAW)}\nsleep 600 & echo $! > {shlex.quote(str(tmp_path / 'child'))}\nwait").read()

    assert time.monotonic() - began < 10
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_while_a_vault_is_away_the_keys_it_gave_stand_and_a_new_process_is_refused(
    vault: Callable[[str], Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute = 1
    monkeypatch.setattr(Source, "stamp", lambda self: minute)
    source = vault(printing(WHOLE))
    with node_config.overridden(home=source.home, keys=node_config.Keys(source="command", command=source.command)):
        ring, central = rings._loaded(source, minute), ensure_central_keys(source.home)
        vault("exit 1")
        minute = 2

        assert rings._loaded(source, minute) == ring
        assert ensure_central_keys(source.home).sealing == central.sealing

        vault(printing({**WHOLE, "fields-3": WHOLE["index"]}))
        minute = 3
        assert rings._loaded(source, minute).current == "3"

        vault("exit 1")
        monkeypatch.setattr(rings, "_last", {})
        monkeypatch.setattr(keys, "_loaded", {})
        minute = 4
        with pytest.raises(KeySourceAway):
            rings._loaded(source, minute)
        with pytest.raises(KeySourceAway):
            ensure_central_keys(source.home)


def test_a_vault_that_answers_without_a_key_is_believed(vault: Callable[[str], Source]) -> None:
    rings._loaded(vault(printing(WHOLE)), 1)

    with pytest.raises(KeyMissing, match="no key of the kind of fields-1: put it back"):
        rings._loaded(vault(printing({"index": RAW["index"]})), 2)


# --- files


@pytest.mark.parametrize("raw", [b"", b"x" * 31, b"x" * 33, b64(drawn(32)).encode()])
def test_a_key_file_of_another_length_is_named(node_home: Path, raw: bytes) -> None:
    ensure_central_keys(node_home)
    (keys_dir(node_home) / "fields-1").write_bytes(raw)

    with pytest.raises(KeyMissing, match="fields-1 does not hold 32 bytes"):
        Source("file", node_home).read()


def test_files_beside_the_keys_are_left_alone(node_home: Path) -> None:
    ensure_central_keys(node_home)
    for name in ("secret_key", "fields-1.bak", "fields-x", ".fields-2.part"):
        (keys_dir(node_home) / name).write_bytes(b"short")

    assert sorted(Source("file", node_home).read()) == [
        "central-sign", "fields-1", "index", "sealing-1", "sealing-recovery", "sealing-recovery.pub",
    ]  # fmt: skip


def test_a_key_that_is_gone_is_not_made_anew_where_keys_are_only_read(in_environment: Callable[..., Source]) -> None:
    in_environment(**{name.upper().replace("-", "_"): b64(raw) for name, raw in RAW.items()})
    home = Path("/nowhere")

    with (
        node_config.overridden(home=home, keys=node_config.Keys(source="env")),
        pytest.raises(KeyMissing, match="central-sign is not there: put it back"),
    ):
        load_central_keys(home)


def test_moved_from_files_to_a_vault_the_same_ring_comes_out(node_home: Path, vault: Callable[[str], Source]) -> None:
    ensure_central_keys(node_home)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys_dir(node_home).iterdir())
    folder = shlex.quote(str(keys_dir(node_home)))
    # As docs/how-to/rotate-keys.md says it.
    source = vault(f'cd {folder}; for name in *; do echo "$name $(base64 < "$name")"; done')

    assert source.read() == Source("file", node_home).read()
