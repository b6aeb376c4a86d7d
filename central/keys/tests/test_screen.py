"""The screen of encryption keys: who sees it, what each button does, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from central.accounts.scope import ALL
from central.keys.models import KeyStep
from central.ui.models import SavedView
from central.ui.tests import cast
from infra.crypto import persons
from infra.crypto.keys import KINDS, ensure_central_keys, keys_dir
from infra.crypto.rings import keyring, mark_of
from infra.crypto.signing import b64
from node import config as node_config
from node.config import config
from node.realms import CENTRAL_REALMS, alias_of
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])


@pytest.fixture(autouse=True)
def folder(node_home: Path) -> Iterator[Path]:
    """The keys of this test, in files."""
    persons.forget_held()
    with override_settings(RIALTO_EPHEMERAL_KEYS=False):
        ensure_central_keys(node_home)
        yield keys_dir(node_home)
    persons.forget_held()


@pytest.fixture
def ada() -> Client:
    return cast.signed_in(cast.staff("ada", "admin"))


def shown(client: Client) -> str:
    answer = client.get(reverse("crypto-keys"))
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, name: str, *parts: Any, **fields: str) -> Any:
    return client.post(reverse(f"crypto-keys-{name}", args=parts), fields)


def steps() -> list[tuple[str, str, str, str]]:
    return list(KeyStep.objects.order_by("pk").values_list("kind", "name", "what", "by"))


def there(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


# --- who sees it


def test_each_key_is_shown_by_id_and_mark_and_none_by_itself(ada: Client, folder: Path) -> None:
    page = shown(ada)

    for name in ("fields-1", "index", "sealing-1"):
        raw = (folder / name).read_bytes()
        assert mark_of(raw).hex()[:8] in page
        assert not any(spelled in page for spelled in (raw.hex(), b64(raw), b64(raw)[:20]))
    assert 'data-key="index-1"' in page
    assert "keys/sealing-recovery" in page  # it should lie in a safe


def test_once_the_recovery_key_is_in_a_safe_nothing_is_said_of_it(ada: Client, folder: Path) -> None:
    (folder / "sealing-recovery").unlink()

    assert "sealing-recovery" not in shown(ada)


@pytest.mark.parametrize("role", ["manager", "operator", "viewer"])
def test_without_the_right_nothing_is_shown_or_done(role: str, folder: Path) -> None:
    client, before = cast.signed_in(cast.staff("eve", role)), there(folder)

    answers = [client.get(reverse("crypto-keys")), client.get(reverse("crypto-keys-retire", args=["fields", 1]))]
    answers += [press(client, what, "fields") for what in ("add", "rotate")]
    answers.append(press(client, "retire", "fields", 1, word="fields-1"))

    assert {answer.status_code for answer in answers} == {403}
    assert (there(folder), steps()) == (before, [])


def test_who_is_not_signed_in_is_sent_to_sign_in(folder: Path) -> None:
    answer = press(Client(), "add", "fields")

    assert answer.status_code == 302 and "/sign-in" in answer["Location"]
    assert "fields-2" not in there(folder)


def test_with_the_right_and_some_sites_only_the_keys_of_all_are_neither_seen_nor_touched(folder: Path) -> None:
    cast.site("tea")
    client, before = cast.signed_in(cast.staff("tom", "admin", sites=["tea"])), there(folder)

    assert "data-key" not in shown(client)
    assert {press(client, what, "fields").status_code for what in ("add", "rotate")} == {404}
    assert press(client, "retire", "fields", 1, word="fields-1").status_code == 404
    assert there(folder) == before
    assert cast.staff("tom", "admin", sites=ALL).pk and "data-key" in shown(client)


# --- what the buttons do


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_added_by_one_click_and_its_maker_is_named(ada: Client, folder: Path, kind: str) -> None:
    answer = press(ada, "add", kind)

    assert answer["Location"] == reverse("crypto-keys")
    assert f"{kind}-2" in there(folder)
    page = shown(ada)
    assert f"{kind}-2 " in page and f'data-key="{kind}-2"' in page
    assert (kind, "2", "added", "ada") in steps()


def test_everything_comes_under_the_new_key_and_the_old_one_goes(ada: Client, folder: Path) -> None:
    view = SavedView.objects.create(list="orders", owner=cast.staff("eva", "admin"), title="a", query="q=Anna")
    press(ada, "add", "fields")
    refused = press(ada, "retire", "fields", 1, word="fields-1")
    assert refused.status_code == 422
    assert "2 values of cluster ui.savedview still need it" in refused.content.decode()

    press(ada, "rotate", "fields")
    assert 'hx-trigger="every 2s"' in shown(ada)
    assert "wait until that is done" in press(ada, "retire", "fields", 1, word="fields-1").content.decode()
    run_due()
    assert 'hx-trigger="every 2s"' not in shown(ada)
    done = press(ada, "retire", "fields", 1, word="fields-1")

    assert done["Location"] == reverse("crypto-keys")
    assert "fields-1" not in there(folder) and (folder / "retired" / "fields-1").exists()
    assert [what for _kind, _name, what, by in steps() if _kind == "fields" and by == "ada"] == [
        "added", "added", "rotated", "retired",
    ]  # fmt: skip
    assert SavedView.objects.get(pk=view.pk).query == "q=Anna"
    assert 'data-key="fields-1"' not in shown(ada)


@pytest.mark.parametrize("word", ["", "fields", "fields-2", "FIELDS-1"])
def test_a_key_goes_only_by_its_own_name(ada: Client, folder: Path, word: str) -> None:
    press(ada, "add", "fields")

    answer = press(ada, "retire", "fields", 1, word=word)

    assert answer.status_code == 422
    assert "fields-1" in there(folder)


def test_two_clicks_on_the_button_are_one_rotation(ada: Client) -> None:
    for _ in range(2):
        assert press(ada, "rotate", "index").status_code == 302

    assert [what for _kind, _name, what, _by in steps()].count("rotated") == 1


# --- what is refused


def test_the_current_key_and_one_that_is_not_there_have_no_page(ada: Client) -> None:
    press(ada, "add", "fields")
    for kind, name in (("fields", 2), ("fields", 7), ("index", 1), ("central-sign", 1)):
        assert ada.get(reverse("crypto-keys-retire", args=[kind, name])).status_code == 404
    assert {press(ada, what, "central-sign").status_code for what in ("add", "rotate")} == {404}
    assert {ada.get(reverse(f"crypto-keys-{what}", args=["fields"])).status_code for what in ("add", "rotate")} == {405}


def test_where_keys_are_only_read_the_screen_makes_none_and_says_how(ada: Client, folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "vault"
    program.write_text(
        f"#!/bin/sh\ncd {folder}\nfor name in fields-* index* sealing-* central-sign; do "
        'echo "$name $(base64 < "$name")"; done\n'
    )
    program.chmod(0o700)
    before, page = there(folder), shown(ada)
    assert reverse("crypto-keys-add", args=["fields"]) in page

    with node_config.overridden(keys=node_config.Keys(source="command", command=[str(program)])):
        page = shown(ada)
        assert reverse("crypto-keys-add", args=["fields"]) not in page and "rialto keys add" in page
        press(ada, "add", "fields")
        assert "Your keys do not come from files" in shown(ada)
        assert keyring().current == "1"
    assert there(folder) == before


@pytest.mark.parametrize("how", ["exit 1", "echo fields-1 short"])
def test_a_vault_that_is_away_is_told_on_the_screen_whatever_is_pressed(ada: Client, tmp_path: Path, how: str) -> None:
    press(ada, "add", "fields")
    program = tmp_path / "vault"
    program.write_text(f"#!/bin/sh\n{how}\n")
    program.chmod(0o700)
    said = "ended with code 1" if how == "exit 1" else "neither base64 nor hex"

    with node_config.overridden(keys=node_config.Keys(source="command", command=[str(program)])):
        assert said in shown(ada)
        for answer in (press(ada, "rotate", "fields"), press(ada, "retire", "fields", 1, word="fields-1")):
            assert answer["Location"] == reverse("crypto-keys")
    assert config().keys.source == "file"
    assert [what for _kind, _name, what, _by in steps()].count("rotated") == 0
