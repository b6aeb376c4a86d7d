"""The figures of the cluster's health: typed, and the same for the screen, JSON, Prometheus and `doctor`.

Ages are seconds, None when there is nothing to be old. A part whose realm does not answer is None, never a zero.
"""

from __future__ import annotations

from msgspec import Struct

from infra.caching.figures import CacheFigures


class RealmFigures(Struct, frozen=True, kw_only=True):
    """`waiting`: entries its log has not numbered; `set_aside`: ops in quarantine; `failed`, `queued`: jobs."""

    realm: str
    is_up: bool
    head: int | None = None
    waiting: int | None = None
    set_aside: int | None = None
    failed: int | None = None
    queued: int | None = None


class StreamFigures(Struct, frozen=True, kw_only=True):
    """One realm of one node.

    `backlog`: ops it holds that central has not taken in. `behind`: entries it has not applied; `behind_s`: how long
    the first of them has waited. `acked_s`: since central last took an op of it in.
    """

    realm: str
    backlog: int | None = None
    behind: int | None = None
    behind_s: float | None = None
    acked_s: float | None = None


class PagesFigures(Struct, frozen=True, kw_only=True):
    """Pages that lie as files at a node, as its last heartbeat says.

    `failed`: could not be made anew; `late_s`: how long the first that is to be made anew has waited. `wrong`: pages
    that the audit found to be not what their documents say, `wrong_s`: since the last of them.
    """

    failed: int = 0
    late_s: float = 0.0
    wrong: int = 0
    wrong_s: float | None = None


class NodeFigures(Struct, frozen=True, kw_only=True):
    """`light`: green (heard from), amber (silent), red (revoked), grey (not joined). `heard_s`: since its last beat.

    `rights`: units it may sell; `frozen`: units of rights it may not sell from any more and has not closed. `parked`:
    documents it could not apply.
    """

    node: str
    name: str
    light: str
    version: str = ""
    heard_s: float | None = None
    parked: int | None = None
    pages: PagesFigures | None = None
    rights: int | None = None
    frozen: int | None = None
    streams: list[StreamFigures] = []
    cache: CacheFigures | None = None

    def total(self, name: str) -> int | None:
        """The sum of a count over the realms; None when no realm tells."""
        told = [value for one in self.streams if (value := getattr(one, name)) is not None]
        return sum(told) if told else None

    def oldest(self, name: str) -> float | None:
        """The greatest of an age over the realms; None when no realm tells."""
        return max((value for one in self.streams if (value := getattr(one, name)) is not None), default=None)


class BooksFigures(Struct, frozen=True, kw_only=True):
    """The audit of I1 to I3. `checked_s`: since the last one; None: never. `kept_s`: since the books were begun."""

    breaches: int
    checked_s: float | None = None
    kept_s: float = 0

    @property
    def unseen_s(self) -> float:
        """For how long nobody has looked at them."""
        return self.kept_s if self.checked_s is None else self.checked_s


class CdnFigures(Struct, frozen=True, kw_only=True):
    """A CDN account. `waiting`: pages not purged yet; `failing_s`: since its calls began to fail.

    `refuses`: it says no, and a person has to mend that.
    """

    account: str
    waiting: int
    failing_s: float | None = None
    refuses: bool = False


class SlowFigures(Struct, frozen=True, kw_only=True):
    """A kind of pages of a site that is slower than usual: ms, or thousandths for `cls`."""

    site: str
    kind: str
    measure: str
    value: float
    usual: float


class Health(Struct, frozen=True, kw_only=True):
    """`duplicates`: orders suspected to be another's double. `pending`: units sold that no stock covers yet.

    `broken_links`: links on pages of the sites one sees that lead nowhere and are not ignored. `failed_pictures`:
    photos of these sites that could not be made. What is of the whole cluster is None for who sees a part of it.
    """

    nodes: list[NodeFigures] = []
    realms: list[RealmFigures] | None = None
    books: BooksFigures | None = None
    duplicates: int | None = None
    pending: int | None = None
    failures: int | None = None
    cdn: list[CdnFigures] | None = None
    #: static files of the shops that could not be minified or joined
    left_files: list[str] | None = None
    broken_links: int | None = None
    failed_pictures: int | None = None
    slow: list[SlowFigures] | None = None
    #: central's own program cache
    cache: CacheFigures | None = None
