"""The edge's end of the link: a task that dials central, applies what comes and sends what is queued."""

from __future__ import annotations

from typing import Any

from node.errors import RialtoError
from sync.replica import told

__all__ = ["Link", "LinkDown", "link", "told"]


class LinkDown(RialtoError):
    """Central did not answer in time, or is not connected."""

    code = "link_down"
    status = 503


class Link:
    @property
    def is_up(self) -> bool:
        return False

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def request(self, kind: str, body: bytes, *, timeout: float) -> bytes:  # noqa: ASYNC109
        raise LinkDown("central is not connected")

    def subscribe(self, key: str, *, topic: str = "cart") -> None: ...

    def unsubscribe(self, key: str, *, topic: str = "cart") -> None: ...

    def status(self) -> dict[str, Any]:
        return {"is_up": False}


link = Link()
