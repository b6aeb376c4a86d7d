"""What this edge does with its grants as central publishes them: an answer that was lost on the way is found again."""

from __future__ import annotations

from edge.rights import service
from sync.contracts.codec import unpack
from sync.contracts.stock import GrantDoc
from sync.replica import applies


@applies("grant")
def apply(topic: str, key: str, ver: int, body: bytes | None) -> None:
    if body is None:
        service.forget(key)
        return
    grant = unpack(body, GrantDoc)
    if not grant.is_open:
        service.close(key)
    else:
        service.know(grant)
