"""Where central's keys come from: files in `home/keys/`, the environment, or a command (a vault, a KMS).

    [keys]
    source = "file"                                   # the default: one file a key, 0600
    source = "env"                                    # RIALTO_KEY_FIELDS_1, RIALTO_KEY_SEALING_RECOVERY_PUB, ...
    source = "command"                                # prints one key a line: its name, a space, its 32 bytes
    command = ["vault-keys", "rialto"]

Outside files a key is written as base64, of either alphabet, or as 64 hex digits. Keys are never in a database. Of
environment and command Rialto only reads: it makes no key there, it prints the line to put there.
"""

from __future__ import annotations

import binascii
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.crypto.errors import KeyMissing, KeySourceAway
from infra.crypto.signing import unb64

KEY_BYTES = 32
ENV_PREFIX = "RIALTO_KEY_"
#: a command is asked again after this many seconds, so that a new key is heard of without a restart
COMMAND_AGE_S = 60.0
COMMAND_PATIENCE_S = 30.0

_NAME = re.compile(r"central-sign|index(-[0-9]+)?|(fields|sealing)-[0-9]+|sealing-recovery(\.pub)?")

#: `base64` of the shell writes the other alphabet
_URL_SAFE = str.maketrans("+/", "-_")

Keys = dict[str, bytes]


@dataclass(frozen=True)
class Source:
    """`kind`: "file", "env" or "command"; `command`: what is run, as arguments."""

    kind: str
    home: Path
    command: tuple[str, ...] = ()

    @property
    def can_make(self) -> bool:
        """Whether Rialto itself may put a new key there."""
        return self.kind == "file"

    def stamp(self) -> int:
        """Another number when there may be other keys than before; cheap enough to ask at each use."""
        if self.kind == "file":
            try:
                return os.stat(self.home / "keys").st_mtime_ns
            except FileNotFoundError:
                return 0
        return int(time.monotonic() // COMMAND_AGE_S) if self.kind == "command" else 0

    def read(self) -> Keys:
        """Every key there, by its name. Raises `KeyMissing`, which says what to do, or `KeySourceAway`."""
        if self.kind == "env":
            return _from_environment(os.environ)
        if self.kind == "command":
            return _from_command(self.command)
        return _from_files(self.home / "keys")


def source_of(home: Path) -> Source:
    """The source the node's settings name; another home than this node's has files."""
    from node.config import config

    settings = config()
    if settings.home != home:
        return Source("file", home)
    return Source(settings.keys.source, home, tuple(settings.keys.command))


def spelled(name: str, raw: bytes) -> str:
    """The line to put where keys come from."""
    from infra.crypto.signing import b64

    return f"{name} {b64(raw)}"


def _from_files(folder: Path) -> Keys:
    names = (path.name for path in folder.glob("*")) if folder.is_dir() else ()
    return {name: read_key(folder / name) for name in names if _NAME.fullmatch(name)}


def read_key(path: Path) -> bytes:
    """32 bytes of a key file. Raises `KeyMissing` when it is not there or not a key."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(f"there is no key file {path.name}", file=path.name) from error
    except OSError as error:
        raise KeyMissing(f"the key file {path.name} cannot be read: check who owns it", file=path.name) from error
    if len(raw) != KEY_BYTES:
        raise KeyMissing(f"the key file {path.name} does not hold {KEY_BYTES} bytes", file=path.name)
    return raw


def _from_environment(environment: Mapping[str, str]) -> Keys:
    found = {}
    for variable, text in environment.items():
        if variable.startswith(ENV_PREFIX):
            name = variable.removeprefix(ENV_PREFIX).lower().replace("_", "-").replace("recovery-pub", "recovery.pub")
            name = _known(name, variable)
            found[name] = _decoded(text, variable)
    return found


def _from_command(command: tuple[str, ...]) -> Keys:
    if not command:
        raise KeyMissing('[keys] source is "command", and no command is named: write command = ["program", "argument"]')
    found = {}
    for number, line in enumerate(_printed_by(command).splitlines(), start=1):
        if line.strip():
            first, _, text = line.strip().partition(" ")
            name = _known(first, f"line {number} of the command's output")
            found[name] = _decoded(text, f"the key {name}")
    return found


def _printed_by(command: tuple[str, ...]) -> str:
    """What the command prints. Raises `KeySourceAway`; never with what it said, which may be half a key."""
    try:
        # A session of its own, so that whatever it has started ends with it.
        process = subprocess.Popen(  # noqa: S603 - the operator's own command
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise KeySourceAway(f"the command that prints the keys cannot be run: {command[0]}") from error
    with process:
        try:
            printed, _ = process.communicate(timeout=COMMAND_PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            # Without its cause, which holds what was printed so far.
            raise KeySourceAway(
                f"the command that prints the keys did not end within {COMMAND_PATIENCE_S:g} s: {command[0]}"
            ) from None
    if process.returncode != 0:
        raise KeySourceAway(f"the command that prints the keys ended with code {process.returncode}: {command[0]}")
    return printed.decode("utf-8", "replace")


def _known(name: str, where: str) -> str:
    if not _NAME.fullmatch(name):
        # Never the line itself: it may be a key without its name.
        raise KeyMissing(f"{where} names no key of central's, such as fields-1")
    return name


def _decoded(text: str, where: str) -> bytes:
    text = text.strip()
    try:
        raw = binascii.unhexlify(text) if len(text) == 2 * KEY_BYTES else unb64(text.rstrip("=").translate(_URL_SAFE))
    except (binascii.Error, ValueError) as error:
        raise KeyMissing(f"{where} is neither base64 nor hex of {KEY_BYTES} bytes") from error
    if len(raw) != KEY_BYTES:
        raise KeyMissing(f"{where} does not hold {KEY_BYTES} bytes")
    return raw
