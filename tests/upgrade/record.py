"""Writes down how this version of the code speaks: a sample of every frame and of every body that crosses the link.

Run it once, with the code that first speaks a protocol version, before the next version changes anything:

    python -m tests.upgrade.record > tests/upgrade/protocol_2.json

The samples are made out of the types: every field has a value of its own that is not its default. What was recorded is
never edited: it is what nodes of that version go on to say, and what lies on their disks.
"""

from __future__ import annotations

import base64
import importlib
import json
import pkgutil
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as types

import sync.contracts as contracts
from sync.contracts import frames
from sync.contracts.codec import pack

#: what travels in JSON, not packed: at the door for nodes, and in a browser's memory
_JSON = ("join.", "orders.KeptOrder", "cart.CartOp")


def record() -> dict[str, Any]:
    return {
        "protocol": frames.PROTO_MAX,
        "frames": {str(kind.__struct_config__.tag): _frame(kind) for kind in frames.Frame.__args__},
        "bodies": {f"{module}.{kind.__name__}": _body(module, kind) for module, kind in _contracts()},
    }


def _frame(kind: type[Any]) -> dict[str, Any]:
    sample = sample_of(kind)
    return {"wire": frames.encode(sample), "means": msgspec.to_builtins(sample)}


def _body(module: str, kind: type[Any]) -> dict[str, Any]:
    sample = sample_of(kind)
    is_json = f"{module}.{kind.__name__}".startswith(_JSON)
    wire = msgspec.json.encode(sample) if is_json else pack(sample)
    return {"as": "json" if is_json else "packed", "wire": base64.b64encode(wire).decode(), "means": meaning(sample)}


def meaning(sample: Any) -> Any:
    """Its values as JSON knows them."""
    return json.loads(msgspec.json.encode(sample))


def _contracts() -> Iterator[tuple[str, type[Any]]]:
    for found in sorted(one.name for one in pkgutil.iter_modules(contracts.__path__)):
        if found == "frames":
            continue
        module = importlib.import_module(f"sync.contracts.{found}")
        for name, kind in sorted(vars(module).items()):
            is_ours = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
            if is_ours and kind.__module__ == module.__name__ and not name.startswith("_"):
                yield found, kind


def sample_of(kind: type[Any]) -> Any:
    """A value of a struct: every field filled, the same each time."""
    return msgspec.convert(_filled(types.type_info(kind), kind.__name__), kind)


def _filled(info: types.Type, name: str) -> Any:
    number = zlib.crc32(name.encode()) % 1_000 + 2
    match info:
        case types.StructType():
            filled = {field.encode_name: _filled(field.type, f"{name}.{field.name}") for field in info.fields}
            if info.array_like:
                return list(filled.values())
            return {info.tag_field: info.tag, **filled} if info.tag_field else filled
        case types.BoolType():
            return True
        case types.IntType():
            return number
        case types.FloatType():
            return number + 0.5
        case types.StrType():
            return f"{name.rpartition('.')[2]}-{number}"
        case types.BytesType():
            return base64.b64encode(name.encode()).decode()
        case types.ListType() | types.SetType() | types.FrozenSetType() | types.VarTupleType():
            return [_filled(info.item_type, f"{name}[]")]
        case types.TupleType():
            return [_filled(one, f"{name}.{place}") for place, one in enumerate(info.item_types)]
        case types.DictType():
            return {_filled(info.key_type, f"{name}.key"): _filled(info.value_type, f"{name}.value")}
        case types.NamedTupleType():
            return [_filled(field.type, f"{name}.{field.name}") for field in info.fields]
        case types.UnionType():
            return _filled(next(one for one in info.types if not isinstance(one, types.NoneType)), name)
        case types.LiteralType():
            return sorted(info.values)[-1]
        case types.AnyType():
            return name
    raise TypeError(f"no sample for {info} of {name}")


if __name__ == "__main__":
    json.dump(record(), sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
    print()
