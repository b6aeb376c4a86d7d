"""Changing one address in `rialto.toml` without touching a letter of the rest."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

from node.errors import Refused
from node.moved import write_private
from node.places import FILE_NAME

_TABLE = re.compile(r"^\s*\[realms\]\s*(#.*)?$")
_ANY_TABLE = re.compile(r"^\s*\[")


class CannotWrite(Refused):
    """The file cannot be changed by a program; the message says how to write it so that it can."""

    code = "config_not_writable"


def with_realm(text: str, realm: str, url: str) -> str:
    """The text of a `rialto.toml` with `realm` at `url`. Raises `CannotWrite`."""
    wanted = tomllib.loads(text)
    wanted.setdefault("realms", {})[realm] = url
    lines = text.splitlines()
    entry = f"{realm} = {json.dumps(url, ensure_ascii=False)}"
    start = next((number for number, line in enumerate(lines) if _TABLE.match(line)), None)
    if start is None:
        lines += ["", "[realms]", entry]
    else:
        rest = range(start + 1, len(lines))
        end = next((number for number in rest if _ANY_TABLE.match(lines[number])), len(lines))
        named = re.compile(rf"""^\s*["']?{realm}["']?\s*=""")
        place = next((number for number in range(start + 1, end) if named.match(lines[number])), None)
        if place is None:
            lines.insert(start + 1, entry)
        else:
            lines[place] = entry
    changed = "\n".join(lines) + "\n"
    try:
        is_right = tomllib.loads(changed) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise CannotWrite("write the addresses in rialto.toml as a table, [realms] and a line for each")
    return changed


def put_realm(home: Path, realm: str, url: str) -> None:
    """Write the address into the node's file, whole or not at all. Raises `CannotWrite`."""
    file = home / FILE_NAME
    text = file.read_text(encoding="utf-8")
    changed = with_realm(text, realm, url)
    if tomllib.loads(changed) != tomllib.loads(text):
        # It holds a password now: nobody's but ours to read.
        write_private(file, changed, mode=file.stat().st_mode & 0o700)


def check_realm(home: Path, realm: str, url: str) -> None:
    """Raises `CannotWrite` when `put_realm` could not do its work."""
    if f"RIALTO_REALMS__{realm}".upper() in (name.upper() for name in os.environ):
        raise CannotWrite(
            f"the address of '{realm}' comes from the environment, RIALTO_REALMS__{realm.upper()}: "
            "put it into rialto.toml instead, start again, then move"
        )
    if not os.access(home / FILE_NAME, os.W_OK) or not os.access(home, os.W_OK):
        raise CannotWrite(f"{home / FILE_NAME} may not be written by this user")
    with_realm((home / FILE_NAME).read_text(encoding="utf-8"), realm, url)
