"""Key files of a node, in `home/keys/`, each 0600 and holding 32 raw bytes.

    central   central-sign          Ed25519, signs what central says to nodes
              sealing-<id>          X25519, opens the personal data of orders; the greatest id is the current one
              sealing-recovery      X25519, opens them too: move it to a safe place away from the machine
              sealing-recovery.pub  stays, so that edges go on sealing to it
              fields-<id>           AES-256, columns of the `customers` realm; the greatest id encrypts
              index                 HMAC-SHA256, blind indexes; it cannot rotate without re-indexing
    edge      node-sign, node-seal  Ed25519 and X25519 of this node, made here, never sent

A private key is written whole to a temporary file, fsynced and linked into place, so that two processes that
start together agree on one key and a crash leaves no half a key.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.crypto.errors import KeyMissing, SealBroken
from infra.crypto.sealing import new_sealing_key, open_sealed, recipients_of, sealing_public_of
from infra.crypto.signing import new_signing_key

RECOVERY = "recovery"
KEY_BYTES = 32


@dataclass(frozen=True, repr=False)
class NodeKeys:
    """Private keys of an edge: 32 bytes each."""

    sign: bytes
    seal: bytes


@dataclass(frozen=True, repr=False)
class CentralKeys:
    """Central's private keys: `sign`, and `sealing` by id (the recovery key only while it is still here)."""

    sign: bytes
    sealing: Mapping[str, bytes]
    recovery_public: bytes | None

    @property
    def current_sealing_id(self) -> str:
        return max((name for name in self.sealing if name != RECOVERY), key=int)

    def public_sealing_keys(self) -> dict[str, bytes]:
        """Whom edges seal to: the current key and, when there is one, the recovery recipient."""
        current = self.current_sealing_id
        found = {current: sealing_public_of(self.sealing[current])}
        return {**found, RECOVERY: self.recovery_public} if self.recovery_public else found

    def open(self, sealed: bytes, *, info: bytes) -> bytes:
        """Open with whichever of our keys it was sealed to. Raises `KeyMissing` or `SealBroken`."""
        named = recipients_of(sealed)
        ours = [self.sealing[name] for name in named if name in self.sealing]
        if named and not ours:
            raise KeyMissing("sealed to keys that are not here", keys=named)
        for private in ours or self.sealing.values():
            try:
                return open_sealed(private, sealed, info=info)
            except SealBroken:
                continue
        raise SealBroken("none of our keys opens it")


def keys_dir(home: Path) -> Path:
    return home / "keys"


def ensure_node_keys(home: Path) -> NodeKeys:
    """The keys of an edge, made on the first call."""
    folder = _private_folder(keys_dir(home))
    return NodeKeys(
        sign=ensure_key(folder / "node-sign", new_signing_key), seal=ensure_key(folder / "node-seal", new_sealing_key)
    )


def ensure_central_keys(home: Path) -> CentralKeys:
    """The keys of central, those that lack made on the first call."""
    folder = _private_folder(keys_dir(home))
    ensure_key(folder / "central-sign", new_signing_key)
    ensure_key(folder / "index", _random_key)
    for kind, make in (("fields", _random_key), ("sealing", new_sealing_key)):
        if not numbered_keys(folder, kind):
            ensure_key(folder / f"{kind}-1", make)
    if not (folder / f"sealing-{RECOVERY}.pub").exists():
        recovery = ensure_key(folder / f"sealing-{RECOVERY}", new_sealing_key)
        ensure_key(folder / f"sealing-{RECOVERY}.pub", lambda: sealing_public_of(recovery))
    return load_central_keys(home)


def load_central_keys(home: Path) -> CentralKeys:
    """Read central's keys. Raises `KeyMissing`."""
    folder = keys_dir(home)
    sealing = numbered_keys(folder, "sealing")
    if not sealing:
        raise KeyMissing("central has no sealing key", folder=str(folder))
    recovery, public = folder / f"sealing-{RECOVERY}", folder / f"sealing-{RECOVERY}.pub"
    return CentralKeys(
        sign=read_key(folder / "central-sign"),
        sealing={**sealing, RECOVERY: read_key(recovery)} if recovery.exists() else sealing,
        recovery_public=read_key(public) if public.exists() else None,
    )


def numbered_keys(folder: Path, kind: str) -> dict[str, bytes]:
    """Every `<kind>-<number>` of a folder: number (as text) -> key."""
    found = (path.name.removeprefix(f"{kind}-") for path in folder.glob(f"{kind}-*"))
    return {name: read_key(folder / f"{kind}-{name}") for name in found if name.isdecimal()}


def add_key(folder: Path, kind: str) -> str:
    """Make the next key of a numbered kind ("fields", "sealing"), which becomes the current one; returns its id."""
    name = str(max((int(number) for number in numbered_keys(folder, kind)), default=0) + 1)
    ensure_key(folder / f"{kind}-{name}", new_sealing_key if kind == "sealing" else _random_key)
    return name


def read_key(path: Path) -> bytes:
    """32 bytes of a key file. Raises `KeyMissing` when it is not there or not a key."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(f"there is no key file {path.name}", file=path.name) from error
    if len(raw) != KEY_BYTES:
        raise KeyMissing(f"the key file {path.name} does not hold {KEY_BYTES} bytes", file=path.name)
    return raw


def ensure_key(path: Path, make: Callable[[], bytes]) -> bytes:
    """The key in `path`, made when there is none; of several makers at once, one wins and all read his."""
    if not path.exists():
        _write_once(path, make())
    return read_key(path)


def _write_once(path: Path, raw: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first: his key stands
        _fsync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _random_key() -> bytes:
    return os.urandom(KEY_BYTES)
