"""No CDN: nothing is cached, so everything is purged at once. Development and the demo use it."""

from __future__ import annotations

from infra.cdn.protocol import Access, Batch, Record, Refused, ZoneInfo, check


class NoCdn:
    def __init__(self, access: Access) -> None:
        pass

    def zones(self) -> list[ZoneInfo]:
        return []

    def records(self, zone: str) -> list[Record]:
        return []

    def ensure(self, zone: str, record: Record) -> Record:
        raise Refused("without a CDN account there is no DNS to change", zone=zone)

    def purge(self, zone: str, batch: Batch) -> None:
        from infra.cdn.registry import plan

        check(batch, plan("none", "any"))
