"""What a CDN in front of the shops can do. A provider knows HTTP; nothing of sites, pages or the ORM.

Refused       it said no, or was asked for what cannot be: asking again does not help
BadKey        it does not know our key, or the key may not do this: a person has to mend it
Unavailable   timeout, 5xx, too many calls: the caller asks again, after `retry_after` seconds at the soonest
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from node.errors import RialtoError


class CdnError(RialtoError):
    code = "cdn"


class Refused(CdnError):
    code = "cdn_refused"
    status = 422
    is_final = True


class BadKey(Refused):
    code = "cdn_bad_key"


class Unavailable(CdnError):
    code = "cdn_unavailable"
    status = 503
    is_transient = True

    def __init__(self, message: str = "", *, retry_after: float = 0.0, **data: object) -> None:
        super().__init__(message, **data)
        self.retry_after = retry_after


#: by what is purged: "urls" are whole (`https://tea.example/p/x`), "hosts" are names, "everything" has no items
Kind = Literal["urls", "tags", "hosts", "everything"]


@dataclass(frozen=True)
class Plan:
    """What an account's plan permits; each figure is the provider's own, nothing is taken off.

    Calls by tags, hosts or everything come out of a bucket of `burst` that fills by `calls_a_minute`; URLs out of one
    that fills by `urls_a_second` and holds a second's worth.
    """

    title: str
    kinds: frozenset[Kind]
    operations: int  # tags or hosts of one call
    burst: int
    calls_a_minute: float
    urls: int  # URLs of one call
    urls_a_second: float


@dataclass(frozen=True)
class Access:
    """How an account is reached. `base_url`: "" for the provider's own; an nginx's purge service has one."""

    secret: str
    base_url: str = ""
    timeout_s: float = 20.0

    def __repr__(self) -> str:
        return f"Access(base_url={self.base_url!r})"


@dataclass(frozen=True)
class Batch:
    """One call's worth of what is to be purged."""

    kind: Kind
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class ZoneInfo:
    """A zone as the provider tells it. `plan`: one of our plans' names, "" when it is none we know."""

    id: str
    name: str
    plan: str = ""
    is_active: bool = True


@dataclass(frozen=True)
class Record:
    """A DNS record. `name` is whole (`www.tea.example`); `ttl` in seconds, 1: the provider's own choice."""

    type: Literal["A", "AAAA", "CNAME", "TXT"]
    name: str
    content: str
    is_proxied: bool = False
    ttl: int = 1
    id: str = ""


class Cdn(Protocol):
    def zones(self) -> list[ZoneInfo]:
        """The zones the key reaches; an empty list where there is no such thing. Raises `CdnError`s, as all here."""
        ...

    def records(self, zone: str) -> list[Record]:
        """The DNS records of a zone."""
        ...

    def ensure(self, zone: str, record: Record) -> Record:
        """Make the record of this type and name be so; the same again changes nothing."""
        ...

    def purge(self, zone: str, batch: Batch) -> None:
        """Drop what is cached. When it returns, whoever asks next gets bytes that the origin has now.

        After `Unavailable` it may have happened or not: purging twice does no harm.
        """
        ...


def check(batch: Batch, plan: Plan) -> None:
    """Raises `Refused` for a batch that no provider with this plan would take."""
    most = plan.urls if batch.kind == "urls" else plan.operations
    if batch.kind not in plan.kinds:
        raise Refused(f"this plan does not purge by {batch.kind}", kind=batch.kind)
    if (batch.kind == "everything") == bool(batch.items):
        raise Refused("a purge has items, and one of everything has none", kind=batch.kind)
    if len(batch.items) > most:
        raise Refused(f"{most} {batch.kind} at most in one call, these are {len(batch.items)}", kind=batch.kind)
