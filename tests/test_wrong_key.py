"""A node of its own, begun, stopped and given another key: its databases know theirs before anything is written."""

from __future__ import annotations

import json
import os
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


def rialto(home: Path, *words: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RIALTO_", "DJANGO_"))}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "node.cli", "--home", str(home), *words],
        env={**kept, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def asked(home: Path, *words: str) -> tuple[int, str, str]:
    process = rialto(home, *words)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@contextmanager
def running(home: Path) -> Iterator[None]:
    process = rialto(home, "run")
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


def test_a_node_that_wrote_nothing_yet_refuses_another_key_at_its_next_start(tmp_path: Path) -> None:
    home = tmp_path / "central"
    code, _, err = asked(tmp_path, "init", "central", str(home), "--bind", f"127.0.0.1:{free_base()}")
    assert code == 0, err
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
    with running(home):
        assert key_problems(home) == []
