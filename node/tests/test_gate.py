"""The gate of a realm, the record of what has moved, and the address written into `rialto.toml`."""

from __future__ import annotations

import os
import signal
import threading
import tomllib
from pathlib import Path

import pytest

from node import config_file, moved
from node.gate import Gate, GateShut, shut

FILE = """# ours
role = "central"
[realms]   # where
orders = "postgresql://a@b/orders"  # old
customers = "postgresql://a@b/customers"
[limits]
api_key = "off"
"""


def test_it_shuts_when_all_have_left_and_who_waits_goes_in_after(tmp_path: Path) -> None:
    gate, order = Gate(tmp_path, "orders"), []
    gate.enter()
    with pytest.raises(GateShut), shut(tmp_path, "orders", 0.05):
        raise AssertionError("somebody is inside")
    gate.leave()

    with shut(tmp_path, "orders", 1):
        waiting = threading.Thread(target=lambda: (gate.enter(), order.append("in"), gate.leave()))
        waiting.start()
        waiting.join(0.1)
        order.append("open")
    waiting.join(5)

    assert order == ["open", "in"]


def test_who_waits_at_the_door_keeps_nobody_from_leaving(tmp_path: Path) -> None:
    gate = Gate(tmp_path, "orders")
    gate.enter()
    is_shut = threading.Event()

    def close() -> None:
        with shut(tmp_path, "orders", 5):
            is_shut.set()

    closing = threading.Thread(target=close)
    closing.start()
    entering = threading.Thread(target=gate.enter)
    threading.Event().wait(0.05)  # the door is shut now, the room not yet empty
    entering.start()
    gate.leave()

    assert is_shut.wait(5)
    closing.join(5)
    entering.join(5)
    assert not gate.is_empty


def test_a_gate_whose_keeper_was_killed_is_open(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with shut(tmp_path, "orders", 1):
            os.write(writing, b"x")
            signal.pause()
        os._exit(0)
    os.read(reading, 1)
    with pytest.raises(GateShut):
        Gate(tmp_path, "orders").enter(0.05)

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    Gate(tmp_path, "orders").enter(1)


def test_what_moved_twice_is_where_it_went_last_and_back_is_back(tmp_path: Path) -> None:
    moved.note(tmp_path, "a", "b")
    moved.note(tmp_path, "b", "c")
    assert moved.now_at("a", moved.read(tmp_path)) == "c"

    moved.note(tmp_path, "c", "a")

    assert {one: moved.now_at(one, moved.read(tmp_path)) for one in "abcx"} == {"a": "a", "b": "a", "c": "a", "x": "x"}
    assert (tmp_path / "moves" / "moved.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("realm", ["orders", "customers", "stats"])
def test_an_address_is_changed_and_nothing_else(realm: str) -> None:
    changed = config_file.with_realm(FILE, realm, 'postgresql://a:"b@c/d')

    wanted = tomllib.loads(FILE)
    wanted["realms"][realm] = 'postgresql://a:"b@c/d'
    assert tomllib.loads(changed) == wanted
    assert changed.startswith("# ours\n")
    assert "[realms]   # where" in changed


def test_a_file_without_realms_gets_them_and_one_that_cannot_be_changed_is_refused(tmp_path: Path) -> None:
    assert tomllib.loads(config_file.with_realm('role = "central"\n', "work", "u"))["realms"] == {"work": "u"}
    with pytest.raises(config_file.CannotWrite):
        config_file.with_realm('realms = { orders = "u" }\n', "work", "u")

    (tmp_path / "rialto.toml").write_text(FILE)
    config_file.put_realm(tmp_path, "orders", "postgresql://new@b/orders")

    assert (tmp_path / "rialto.toml").stat().st_mode & 0o077 == 0
