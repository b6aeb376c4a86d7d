"""`rialto adopt`: a new epoch for an edge whose disk was restored from a copy, or is a copy itself.

The asking is written down before it is sent. That alone fences the disk: from its next start it sells nothing from
what it holds, until central has answered. Repeated after a broken line, it is the same asking and gets the same answer.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from infra.crypto.keys import ensure_node_keys
from infra.crypto.signing import b64, public_of, sign
from node.config import config
from sync.contracts.join import AdoptRequest
from sync.join import Joined, JoinFailed, check_answer, joined, post_to, write_joined, write_whole
from sync.version import VERSION

FILE: Final = "adopting.json"


def command(
    central: Annotated[str, typer.Option(help="Central's address as this machine reaches it.")] = "",
) -> None:
    """Give this edge's restored or copied disk a new epoch. Nothing is sold from what it held before.

    Example: rialto adopt
    """
    home = config().home
    adopted = adopt(home, url=central or config().link_url)
    typer.echo(f"node '{adopted.node}' begins epoch {adopted.epoch}; next: start it again with rialto run")


def adopt(home: Path, *, url: str = "") -> Joined:
    """Ask central over HTTP; `url` overrules the address of the join token. Raises `JoinFailed`: the disk is fenced."""
    known = joined(home)
    if known is None:
        raise JoinFailed("this node has not joined a cluster; join it with rialto join TOKEN")
    request = _asking(home, known)
    address = (url or known.central_url).rstrip("/") + "/_adopt"
    answer = post_to(address, request)
    check_answer(answer, central_key=known.central_key, asked_by=request.sign_key)
    if answer.node != known.node or answer.epoch <= known.epoch:
        raise JoinFailed("the answer is not about this node's new epoch")
    fresh = msgspec.structs.replace(
        known,
        epoch=answer.epoch,
        name=answer.name,
        sites=answer.sites,
        sealing_keys=answer.sealing_keys,
        answer=answer,
    )
    write_joined(home, fresh)
    (home / "keys" / FILE).unlink(missing_ok=True)
    return fresh


def is_under_way(home: Path) -> bool:
    """Whether somebody has asked for a new epoch and no answer has come."""
    return (home / "keys" / FILE).exists()


def _asking(home: Path, known: Joined) -> AdoptRequest:
    path = home / "keys" / FILE
    try:
        asked = msgspec.json.decode(path.read_bytes(), type=AdoptRequest)
        if (asked.node, asked.epoch) == (known.node, known.epoch):
            return asked
    except (FileNotFoundError, msgspec.DecodeError):
        pass
    keys = ensure_node_keys(home)
    request = AdoptRequest(
        node=known.node,
        epoch=known.epoch,
        nonce=secrets.token_urlsafe(16),
        sign_key=b64(public_of(keys.sign)),
        version=VERSION,
    )
    request = msgspec.structs.replace(request, signature=b64(sign(keys.sign, request.signed_part())))
    write_whole(path, msgspec.json.encode(request))
    return request
