"""What this edge does with its grants as central publishes them: an answer that was lost on the way is found again."""

from __future__ import annotations

from edge.rights import service
from sync.contracts.codec import unpack
from sync.contracts.stock import GrantDoc
from sync.replica import applies, when_fenced

when_fenced(service.fence)


@applies("grant")
def apply(topic: str, key: str, ver: int, body: bytes | None) -> None:
    if body is None:
        service.forget(key)
        return
    grant = unpack(body, GrantDoc)
    if grant.is_open:
        service.know(grant)
    else:
        service.end(grant)
