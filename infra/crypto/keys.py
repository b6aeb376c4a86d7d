"""Keys of a node. An edge's are files in `home/keys/`, each 0600 and holding 32 raw bytes; so are central's, unless
its settings name another place (`infra.crypto.sources`).

    central   central-sign          Ed25519, signs what central says to nodes
              sealing-<id>          X25519, opens the personal data of orders; the greatest id is the current one
              sealing-recovery      X25519, opens them too: move it to a safe place away from the machine
              sealing-recovery.pub  stays, so that edges go on sealing to it
              fields-<id>           master keys of encrypted columns and of persons' keys; the greatest id encrypts
              index, index-<id>     master keys of blind indexes; "index" is number 1, the greatest id is written
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

from infra.crypto.errors import KeyMissing, KeySourceAway, SealBroken
from infra.crypto.sealing import new_sealing_key, open_sealed, recipients_of, sealing_public_of
from infra.crypto.signing import new_signing_key
from infra.crypto.sources import KEY_BYTES, Keys, Source, read_key, source_of

RECOVERY = "recovery"
#: what can be rotated
KINDS = ("fields", "index", "sealing")


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
    """The keys of central, those that lack made on the first call; kept until there may be others.

    Raises `KeyMissing` where keys come from environment or command and one lacks: only files are made here.
    """
    source = source_of(home)
    seen = _loaded.get(home)
    stamp = (source, source.stamp())
    if seen is None or seen[0] != stamp:
        if source.can_make:
            _make_files(_private_folder(keys_dir(home)))
            stamp = (source, source.stamp())
        _loaded[home] = seen = (stamp, _read_again(home, seen[1] if seen and seen[0][0] == source else None))
    return seen[1]


def _read_again(home: Path, before: CentralKeys | None) -> CentralKeys:
    """While a vault is away the keys it gave last stand, until it is asked again at the next stamp."""
    try:
        return load_central_keys(home)
    except KeySourceAway:
        if before is None:
            raise
        return before


_loaded: dict[Path, tuple[tuple[Source, int], CentralKeys]] = {}


def _make_files(folder: Path) -> None:
    ensure_key(folder / "central-sign", new_signing_key)
    ensure_key(folder / "index", _random_key)
    for kind, make in (("fields", _random_key), ("sealing", new_sealing_key)):
        if not numbered_keys(folder, kind):
            ensure_key(folder / f"{kind}-1", make)
    if not (folder / f"sealing-{RECOVERY}.pub").exists():
        recovery = ensure_key(folder / f"sealing-{RECOVERY}", new_sealing_key)
        ensure_key(folder / f"sealing-{RECOVERY}.pub", lambda: sealing_public_of(recovery))


def load_central_keys(home: Path) -> CentralKeys:
    """Read central's keys. Raises `KeyMissing`."""
    found = source_of(home).read()
    sealing = of_kind(found, "sealing")
    for name, has in (("central-sign", "central-sign" in found), ("sealing-1", bool(sealing))):
        if not has:
            raise KeyMissing(f"central's key {name} is not there: put it back where its keys come from", key=name)
    if recovery := found.get(f"sealing-{RECOVERY}"):
        sealing = {**sealing, RECOVERY: recovery}
    return CentralKeys(
        sign=found["central-sign"], sealing=sealing, recovery_public=found.get(f"sealing-{RECOVERY}.pub")
    )


def of_kind(found: Keys, kind: str) -> dict[str, bytes]:
    """Those of one kind that have a number: number (as text) -> key. "index" without one is the first."""
    names = ((name.removeprefix(f"{kind}-"), raw) for name, raw in found.items() if name.startswith(f"{kind}-"))
    numbered = {number: raw for number, raw in names if number.isdecimal()}
    return {"1": found[kind], **numbered} if kind in found else numbered


def new_key(kind: str) -> bytes:
    return new_sealing_key() if kind == "sealing" else _random_key()


def next_id(found: Keys, kind: str) -> str:
    return str(max((int(number) for number in of_kind(found, kind)), default=0) + 1)


def numbered_keys(folder: Path, kind: str) -> dict[str, bytes]:
    """Every `<kind>-<number>` of a folder: number (as text) -> key."""
    found = (path.name.removeprefix(f"{kind}-") for path in folder.glob(f"{kind}-*"))
    return {name: read_key(folder / f"{kind}-{name}") for name in found if name.isdecimal()}


def add_key(folder: Path, kind: str) -> str:
    """Make the next key file of a kind of `KINDS`, which becomes the current one; returns its id."""
    there = {int(number) for number in numbered_keys(folder, kind)} | ({1} if (folder / kind).exists() else set())
    name = str(max(there, default=0) + 1)
    ensure_key(folder / f"{kind}-{name}", lambda: new_key(kind))
    return name


def set_aside(folder: Path, kind: str, name: str) -> None:
    """Move a key file to where Rialto does not read it: `retired/` below the keys."""
    path = folder / f"{kind}-{name}"
    found = path if path.exists() else folder / kind
    aside = _private_folder(folder / "retired")
    os.replace(found, aside / f"{kind}-{name}")
    _fsync_folder(aside)
    _fsync_folder(folder)


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
