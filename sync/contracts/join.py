"""How a new edge becomes a node of the cluster: one HTTP POST to central's `/_join`.

The token is made by `node invite` and pins central's key, so the edge knows whom it speaks to whatever the transport
does. The edge makes its own keys; only their public halves travel. All keys are URL-safe base64 without padding.
"""

from __future__ import annotations

import base64

import msgspec
from msgspec import Struct

from sync.contracts.documents import SealingKeyDoc


class JoinToken(
    Struct, frozen=True, kw_only=True, rename={"url": "u", "invite": "i", "secret": "s", "central_key": "k"}
):
    """What an operator pastes: central's address, the invite, its secret and central's signing key."""

    url: str
    invite: str
    secret: str
    central_key: str

    def text(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> JoinToken:
        """Raises `ValueError` when `text` is not a token."""
        padded = text.strip() + "=" * (-len(text.strip()) % 4)
        try:
            return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=cls)
        except (msgspec.DecodeError, ValueError) as error:
            raise ValueError("not a join token") from error


class JoinRequest(Struct, frozen=True, kw_only=True):
    """POST body. `signature` is the node's own, over `signed_part()`: it proves that it holds `sign_key`."""

    invite: str
    secret: str
    sign_key: str
    seal_key: str
    version: str
    signature: str = ""

    def signed_part(self) -> bytes:
        return "\n".join(("rialto-join-1", self.invite, self.secret, self.sign_key, self.seal_key)).encode()


class AdoptRequest(Struct, frozen=True, kw_only=True):
    """POST body to `/_adopt`: the node's disk was restored or copied, and asks for an epoch of its own.

    `epoch` is the disk's. `nonce` makes one asking of it: sent again it is the same one, and gets the same answer.
    """

    node: str
    epoch: int
    nonce: str
    sign_key: str
    version: str
    signature: str = ""

    def signed_part(self) -> bytes:
        return "\n".join(("rialto-adopt-1", self.node, str(self.epoch), self.nonce, self.sign_key)).encode()


class JoinAnswer(Struct, frozen=True, kw_only=True):
    """Answer, 200. `signature` is central's over `signed_part()`; the edge checks it with the token's key."""

    node: str
    name: str
    epoch: int
    sites: list[str]
    central_key: str
    sealing_keys: list[SealingKeyDoc]
    asked_by: str  # the sign_key of the request: an answer to another node is not an answer to this one
    signature: str = ""

    def signed_part(self) -> bytes:
        keys = ",".join(f"{key.id}:{key.public}" for key in self.sealing_keys)
        parts = ("rialto-joined-1", self.node, str(self.epoch), ",".join(self.sites), keys, self.asked_by)
        return "\n".join(parts).encode()
