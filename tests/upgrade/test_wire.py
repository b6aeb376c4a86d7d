"""What nodes of earlier protocol versions wrote, on the wire and on their disks, means the same to this version.

And what this version writes of it holds all that the earlier one reads. The fixtures were recorded by the code of each
version (`record.py`) and are never edited.
"""

from __future__ import annotations

import base64
import importlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.contracts import frames as f
from sync.contracts.codec import pack, unpack
from tests.upgrade.record import meaning, sample_of

RECORDED = {
    int(path.stem.rpartition("_")[2]): json.loads(path.read_text()) for path in Path(__file__).parent.glob("*.json")
}
FRAMES = [(version, tag) for version, found in RECORDED.items() for tag in found["frames"]]
BODIES = [(version, name) for version, found in RECORDED.items() for name in found["bodies"]]


def holds(more: Any, less: Any) -> bool:
    """Whether a value has all that another has; fields may have been added."""
    if isinstance(less, dict) and isinstance(more, dict):
        return all(key in more and holds(more[key], value) for key, value in less.items())
    if isinstance(less, list) and isinstance(more, list):
        return len(more) >= len(less) and all(map(holds, more, less))
    return bool(more == less)


def test_the_versions_this_code_speaks_are_recorded_but_for_the_one_it_began() -> None:
    assert set(range(f.PROTO_MIN, f.PROTO_MAX)) <= RECORDED.keys()
    assert {version: found["protocol"] for version, found in RECORDED.items()} == {n: n for n in RECORDED}


@pytest.mark.parametrize(("version", "tag"), FRAMES)
def test_an_earlier_frame_means_the_same(version: int, tag: str) -> None:
    recorded = RECORDED[version]["frames"][tag]

    frame = f.decode(recorded["wire"])

    assert frame is not None
    assert frame == msgspec.convert(recorded["means"], type(frame))
    assert holds(json.loads(f.encode(frame)), json.loads(recorded["wire"]))


@pytest.mark.parametrize(("version", "name"), BODIES)
def test_an_earlier_body_means_the_same(version: int, name: str) -> None:
    recorded = RECORDED[version]["bodies"][name]
    module, _, kind = name.partition(".")
    its_type = getattr(importlib.import_module(f"sync.contracts.{module}"), kind)
    wire = base64.b64decode(recorded["wire"])

    body = msgspec.json.decode(wire, type=its_type) if recorded["as"] == "json" else unpack(wire, its_type)

    assert holds(meaning(body), recorded["means"])
    if recorded["as"] == "packed":
        assert holds(msgspec.msgpack.decode(pack(body)), msgspec.msgpack.decode(wire))


def test_a_field_that_is_gone_or_means_another_thing_is_noticed() -> None:
    assert holds({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1]})
    assert not holds({"b": 1}, {"a": 1})
    assert not holds({"a": 2}, {"a": 1})
    assert not holds({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]})


@pytest.mark.parametrize("tag", ["hello", "welcome"])
def test_what_is_signed_has_the_fields_of_the_oldest_version_spoken(tag: str) -> None:
    """The other end signs the fields it knows: one more, sent to a node that does not know it, breaks the signature.

    A new field is left at its default for a peer of an older version; then say so here.
    """
    known = RECORDED[f.PROTO_MIN]["frames"][tag]["means"].keys()

    assert msgspec.to_builtins(sample_of({"hello": f.Hello, "welcome": f.Welcome}[tag])).keys() == known


def test_unknown_fields_and_frames_of_a_later_version_are_passed_over() -> None:
    head = sample_of(f.Head)

    assert f.decode(json.dumps({**json.loads(f.encode(head)), "new": 1})) == head
    assert f.decode('{"t": "later", "x": 1}') is None
