"""The edge's side of joining: one POST to central's `/_join`, with the token an operator pastes.

The token pins central's key: an answer that this key has not signed, or that was made for another node's key, is
refused, whatever the transport did. The node's own keys are made here and never leave. Repeating a broken join with
the same token is harmless.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import httpx
import msgspec
import typer
from msgspec import Struct

from infra.crypto.keys import NodeKeys, ensure_node_keys
from infra.crypto.sealing import sealing_public_of
from infra.crypto.signing import b64, public_of, sign, unb64, verify
from node.config import config
from node.errors import Refused, RialtoError
from sync.contracts.documents import SealingKeyDoc
from sync.contracts.join import AdoptRequest, JoinAnswer, JoinRequest, JoinToken
from sync.version import VERSION

if TYPE_CHECKING:
    from sync.link import LinkSettings

FILE: Final = "joined.json"
_SECONDS = 20.0


class Joined(Struct, frozen=True, kw_only=True):
    """`keys/joined.json`: what an edge knows of its cluster before the link is up. Keys are URL-safe base64."""

    node: str
    name: str
    epoch: int
    sites: list[str]
    central_url: str
    central_key: str
    sealing_keys: list[SealingKeyDoc]
    #: the answer itself: central's signature over this node's name and key, for whoever has to be shown it
    answer: JoinAnswer | None = None


class JoinFailed(Refused):
    """Central cannot be reached, refused the token, or is not who the token says."""

    code = "join_failed"


def command(
    token: Annotated[str, typer.Argument(help="The token that `rialto node invite` printed at central.")],
    central: Annotated[str, typer.Option(help="Central's address as this machine reaches it.")] = "",
) -> None:
    """Join this edge to a cluster by a one-time token.

    Example: rialto join eyJ1Ijoi...
    """
    joined = join(config().home, token, url=central or config().link_url)
    sites = ", ".join(joined.sites) or "no site yet"
    typer.echo(f"this is node '{joined.node}' ({sites}); next: rialto run")


def join(home: Path, token: str, *, url: str = "") -> Joined:
    """Join over HTTP. `url` overrules the token's address. Raises `JoinFailed`."""
    parsed = _parsed(token)
    address = (url or parsed.url).rstrip("/") + "/_join"
    return join_in_process(home, token, lambda request: post_to(address, request))


def post_to(address: str, request: JoinRequest | AdoptRequest) -> JoinAnswer:
    """Ask central. Raises `JoinFailed`; central's own refusals carry its code."""
    try:
        # No proxy and no netrc from the environment: the token is a secret of these two.
        with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
            reply = client.post(
                address, content=msgspec.json.encode(request), headers={"content-type": "application/json"}
            )
    except httpx.HTTPError as error:
        raise JoinFailed(f"central does not answer at {address}: {error}") from error
    if reply.status_code != httpx.codes.OK:
        raise _refusal(reply)
    try:
        return msgspec.json.decode(reply.content, type=JoinAnswer)
    except msgspec.DecodeError as error:
        raise JoinFailed(f"what answers at {address} is not central: {error}") from error


def join_in_process(home: Path, token: str, ask: Callable[[JoinRequest], JoinAnswer]) -> Joined:
    """Join through any way of asking central. Raises `JoinFailed`, or what `ask` raises."""
    parsed = _parsed(token)
    keys = ensure_node_keys(home)
    request = _request(parsed, keys)
    answer = ask(request)
    check_answer(answer, central_key=parsed.central_key, asked_by=request.sign_key)
    joined = Joined(
        node=answer.node,
        name=answer.name,
        epoch=answer.epoch,
        sites=answer.sites,
        central_url=parsed.url,
        central_key=parsed.central_key,
        sealing_keys=answer.sealing_keys,
        answer=answer,
    )
    write_joined(home, joined)
    return joined


def _parsed(token: str) -> JoinToken:
    try:
        return JoinToken.parse(token)
    except ValueError as error:
        raise JoinFailed("this is not a join token; copy the whole text that `rialto node invite` printed") from error


def _request(token: JoinToken, keys: NodeKeys) -> JoinRequest:
    request = JoinRequest(
        invite=token.invite,
        secret=token.secret,
        sign_key=b64(public_of(keys.sign)),
        seal_key=b64(sealing_public_of(keys.seal)),
        version=VERSION,
    )
    return msgspec.structs.replace(request, signature=b64(sign(keys.sign, request.signed_part())))


def check_answer(answer: JoinAnswer, *, central_key: str, asked_by: str) -> None:
    """Whether central, and nobody else, has answered us. Raises `JoinFailed`."""
    try:
        signature, key = unb64(answer.signature), unb64(central_key)
    except ValueError:
        signature = key = b""
    if answer.central_key != central_key or not verify(key, signature, answer.signed_part()):
        raise JoinFailed("the answer is not signed by the key in the token: somebody stands between, or it is old")
    if answer.asked_by != asked_by:
        raise JoinFailed("the answer was made for another node's key")


def _refusal(reply: httpx.Response) -> RialtoError:
    try:
        told = msgspec.json.decode(reply.content, type=dict[str, object])
    except msgspec.DecodeError:
        told = {}
    error = JoinFailed(str(told.get("message") or told.get("error") or f"central answered {reply.status_code}"))
    if isinstance(told.get("code"), str):
        error.code = str(told["code"])
    return error


def write_joined(home: Path, known: Joined) -> None:
    write_whole(home / "keys" / FILE, msgspec.json.format(msgspec.json.encode(known)))


def write_whole(path: Path, text: bytes) -> None:
    """Whole or not at all."""
    temporary = path.with_suffix(".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, text)
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(path)


def joined(home: Path) -> Joined | None:
    """What this home has joined; None when it has not."""
    try:
        return msgspec.json.decode((home / "keys" / FILE).read_bytes(), type=Joined)
    except FileNotFoundError:
        return None


def joined_settings() -> LinkSettings | None:
    """How this node dials central: `link_url` of its settings, else the address in its token."""
    from sync.link import LinkSettings  # the demo joins its edges from central, which has no tables of an edge

    settings = config()
    found = joined(settings.home)
    if found is None:
        return None
    return LinkSettings(
        url=settings.link_url or found.central_url,
        node=found.node,
        epoch=found.epoch,
        sign_key=ensure_node_keys(settings.home).sign,
        central_key=unb64(found.central_key),
    )
