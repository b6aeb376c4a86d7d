"""A node of its own, begun, stopped and given another key: its databases know theirs before anything is written.

Then its keys move to a vault and to the environment, as the how-to says.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from infra.crypto.rings import mark_of
from node import places
from node.bench.cluster import free_base
from node.places import ROOT
from node.realm_names import CENTRAL_REALMS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    code, _, err = asked(folder, "init", "central", str(folder / "central"), "--bind", f"127.0.0.1:{free_base()}")
    assert code == 0, err
    return folder / "central"


def rialto(home: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIALTO_", "DJANGO_"))}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "node.cli", "--home", str(home), *words],
        env={**kept, "PYTHONPATH": str(ROOT), **variables}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def asked(home: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    process = rialto(home, *words, **variables)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@contextmanager
def running(home: Path, **variables: str) -> Iterator[None]:
    process = rialto(home, "run", **variables)
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "ready:" in line:
                break
        else:
            raise AssertionError("".join(said))
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def marks(home: Path) -> dict[str, set[tuple[str, str, bytes]]]:
    found = {}
    for realm in CENTRAL_REALMS:
        with psycopg.connect(places.postgres_url(home, realm)) as connection:
            found[realm] = set(connection.execute("SELECT kind, name, mark FROM crypto_keycheck").fetchall())
    return found


def key_problems(home: Path) -> list[str]:
    return [one for one in json.loads(asked(home, "doctor", "--json")[1])["problems"] if "the key" in one]


def test_a_node_that_wrote_nothing_yet_refuses_another_key_at_its_next_start(home: Path) -> None:
    key = home / "keys" / "fields-1"

    with running(home):
        right = key.read_bytes()
        expected = {("fields", "1", mark_of(right)), ("index", "1", mark_of((home / "keys" / "index").read_bytes()))}
        assert marks(home) == dict.fromkeys(CENTRAL_REALMS, expected)
        assert key_problems(home) == []
        key.write_bytes(os.urandom(32))
        told = key_problems(home)
    code, _, err = asked(home, "run")

    for said in ("\n".join(told), err):
        assert "the key fields-1 is not the one that this database was written with: put the right one back" in said
        assert all(realm in said for realm in CENTRAL_REALMS)
    assert (code, "ready:" in err, "Traceback" in err) == (1, False, False)

    key.unlink()
    code, _, err = asked(home, "run")
    assert code == 1 and "there is no key of the kind of fields-1: put it back" in err
    assert not key.exists()  # a lost key is never replaced by another

    key.write_bytes(right)


def test_its_keys_move_to_a_vault_and_to_the_environment(home: Path, tmp_path: Path) -> None:
    with running(home):
        assert key_problems(home) == []  # the right one is back
    settings = (home / "rialto.toml").read_text()
    names = [path.name for path in (home / "keys").iterdir() if path.stat().st_size == 32]
    (tmp_path / "vault").mkdir()
    for name in names:
        shutil.move(home / "keys" / name, tmp_path / "vault" / name)
    program = tmp_path / "print-keys"
    program.write_text(
        f"#!/bin/sh\ncd '{tmp_path}/vault' && for name in *; do echo \"$name $(base64 < $name)\"; done\n"
    )
    program.chmod(0o700)

    (home / "rialto.toml").write_text(f'{settings}\n[keys]\nsource = "command"\ncommand = ["{program}"]\n')
    with running(home):
        assert asked(home, "keys", "check")[0] == 0
        assert "from: command" in asked(home, "keys", "list")[1]
        (tmp_path / "vault").rename(tmp_path / "away")
        assert "ended with code" in asked(home, "keys", "check")[1]
    code, _, err = asked(home, "run")
    assert (code, "the command that prints the keys ended with code" in err, "ready:" in err) == (1, True, False)

    (home / "rialto.toml").write_text(f'{settings}\n[keys]\nsource = "env"\n')
    variables = {
        f"RIALTO_KEY_{name.upper().replace('-', '_').replace('.', '_')}": (tmp_path / "away" / name).read_bytes().hex()
        for name in names
    }
    with running(home, **variables):
        assert asked(home, "keys", "check", **variables)[0] == 0
    code, _, err = asked(home, "run", **{**variables, "RIALTO_KEY_INDEX": os.urandom(32).hex()})
    assert (code, "the key index-1 is not the one" in err) == (1, True)
    assert sorted(path.name for path in (home / "keys").iterdir()) == ["postgres_password", "secret_key"]
