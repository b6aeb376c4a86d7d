"""The shops of the group: which one a host name is, who its sisters are, and the shelves of each."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from edge.replica import lists
from edge.replica.reads import Shared, note, note_list
from node.config import config
from sites import editions
from sites.rendering import Shell
from sites.shelf import children_of
from sync.contracts.codec import unpack
from sync.contracts.documents import CategoryDoc, NodeDoc, RateDoc, SealingKeyDoc, SiteDoc
from sync.join import joined
from sync.store.edge.models import Document
from sync.store.writer import reader

T = TypeVar("T")

#: keys of an ASGI scope: the edition, and the path as it was asked for
EDITION: Final = "rialto.edition"
ADDRESS: Final = "rialto.address"


@dataclass(frozen=True)
class HeldSite:
    """A site document and where it came from."""

    topic: str
    ver: int
    doc: SiteDoc


class Sites:
    """All the site documents this edge holds. Host names lead to the sites of this very node, `node_id`, alone:

    a sister's pages are not here, and its carts live on its own edge.
    """

    def __init__(self, held: list[HeldSite], node_id: str | None) -> None:
        self.by_id = {each.doc.id: each for each in held}
        own = [each for each in held if node_id is None or each.doc.node == node_id]
        self.own = {each.doc.id for each in own}
        #: host name -> the editions that live there, under the host's own name or another one of it
        self.by_host: dict[str, list[SiteDoc]] = defaultdict(list)
        for each in own:
            for edition in editions.editions_of(each.doc):
                for host in _hosts(each.doc, edition):
                    self.by_host[host].append(edition)

    @classmethod
    def load(cls) -> Sites:
        rows = Document.objects.filter(topic__startswith="site:", body__isnull=False).order_by("topic", "key")
        held = [HeldSite(topic, ver, unpack(bytes(body), SiteDoc)) for topic, ver, body in _columns(rows)]
        node = joined(config().home)
        return cls(held, node.node if node else None)


def _hosts(site: SiteDoc, edition: SiteDoc) -> list[str]:
    """The names an edition answers to: those of the shop, or the one of its own origin."""
    names = site.hosts if edition.origin == site.origin else [editions.host_of(edition)]
    return [name.lower() for name in names]


def _columns(rows: object) -> list[tuple[str, int, bytes]]:
    return list(rows.values_list("topic", "ver", "body"))  # type: ignore[attr-defined]


_sites: Shared[Sites] = Shared(Sites.load)
_categories: dict[str, Shared[tuple[CategoryDoc, ...]]] = {}


def _known() -> Sites:
    return _sites.known() or off_loop(_sites.get)


def off_loop(read: Callable[[], T]) -> T:
    """Run a read that may touch the database from wherever we are: on the event loop it is done by a reader thread.

    The loop waits the milliseconds that it takes; it happens once after each change of a site document.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return read()
    return reader.run_sync(read)


def own_ids() -> set[str]:
    """The sites of this very node."""
    return _known().own


def site_of(host: str, path: str = "/") -> SiteDoc | None:
    """The edition that an address belongs to; None when no shop here has that name. Safe on the event loop.

    `host`: a Host header, port or none; `path`: unquoted.
    """
    there = _known().by_host.get(name_of(host))
    return editions.at(there, path) if there else None


def name_of(host: str) -> str:
    """The name in a Host header, without a port."""
    name = host.strip().lower()
    # "[::1]:80" has colons of its own, and names no shop anyway
    name = name.rpartition(":")[0] if ":" in name and name.rpartition(":")[2].isdigit() else name
    return name.rstrip(".")


def site_at(scope: Mapping[str, Any]) -> SiteDoc | None:
    """The edition a request speaks to. `edge.asgi` has looked it up already, and taken its base from the path."""
    if (found := scope.get(EDITION)) is not None:
        return found if isinstance(found, SiteDoc) else None
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return site_of(host.decode("latin-1"), scope["path"])


def within(scope: dict[str, Any]) -> dict[str, Any]:
    """A request as its edition sees it: without the base before the path."""
    site = site_at(scope)
    if site is None or not site.base:
        return scope
    return {**scope, EDITION: site, ADDRESS: scope["path"], "path": editions.inside(site, scope["path"]) or "/"}


def edition_by_key(key: str) -> SiteDoc | None:
    """An edition by its `sites.editions.key_of`, of an own shop or a sister. Safe on the event loop."""
    held = site(editions.shop_of(key))
    return next((each for each in editions.editions_of(held) if editions.key_of(each) == key), None) if held else None


def site(site_id: str) -> SiteDoc | None:
    """A site of the group by its id, own or sister. Safe on the event loop."""
    held = _known().by_id.get(site_id)
    if held:
        note(held.topic, site_id, held.ver)
    return held.doc if held else None


def sister_sites(site: SiteDoc) -> tuple[SiteDoc, ...]:
    """The other shops of the cart group that are open, in the order of their ids, each in the edition nearest to this.

    Safe on the event loop.
    """
    note_list(lists.SITES)
    sisters = [each for each in _known().by_id.values() if each.doc.group == site.group and each.doc.id != site.id]
    for each in sisters:
        note(each.topic, each.doc.id, each.ver)
    found = [each.doc for each in sorted(sisters, key=lambda one: one.doc.id) if each.doc.is_active]
    return tuple(editions.nearest(each, site) for each in found)


def note_site(site: SiteDoc) -> None:
    """The page shows the site itself."""
    held = _known().by_id.get(site.id)
    if held:
        note(held.topic, site.id, held.ver)


def categories_of(site: SiteDoc) -> tuple[CategoryDoc, ...]:
    """All shelves of one of this edge's sites that the edition shows, in no order. Off the event loop."""
    note_list(lists.categories(site.id))
    found = _categories.setdefault(site.id, Shared(lambda: _load_categories(site.id))).get()
    return tuple(editions.category_in(site, each) for each in found if editions.is_shown(site, each))


def _load_categories(site_id: str) -> tuple[CategoryDoc, ...]:
    rows = Document.objects.filter(topic=f"category:{site_id}", body__isnull=False).order_by("key")
    return tuple(unpack(bytes(body), CategoryDoc) for _, _, body in _columns(rows))


def shell_of(site: SiteDoc) -> Shell:
    """What stands around every page of a shop. Off the event loop."""
    return Shell(children_of(categories_of(site), ""), sister_sites(site), all_editions(site))


def all_editions(site: SiteDoc) -> tuple[SiteDoc, ...]:
    """Every edition of the shop that `site` is one of. Safe on the event loop."""
    held = _known().by_id.get(site.id)
    return editions.editions_of(held.doc) if held else (site,)


def node_doc(node_id: str, group: str) -> NodeDoc | None:
    """A sister edge's keys. Off the event loop."""
    return _document(f"node:{group}", node_id, NodeDoc)


def current_sealing_key() -> SealingKeyDoc | None:
    """The key to seal personal data to: the newest of the current ones. Off the event loop."""
    rows = Document.objects.filter(topic="sealing_key:all", body__isnull=False).order_by("-ver", "-key")
    keys = [unpack(bytes(body), SealingKeyDoc) for _, _, body in _columns(rows)]
    return next((key for key in keys if key.is_current), None)


def rate(base: str, quote: str) -> RateDoc | None:
    """Off the event loop."""
    return _document("rate:all", f"{base}/{quote}", RateDoc)


def _document(topic: str, key: str, kind: type[T]) -> T | None:
    body = Document.objects.filter(topic=topic, key=key).values_list("body", flat=True).first()
    return None if body is None else unpack(bytes(body), kind)


def forget(entries: list[tuple[str, str]]) -> None:
    """News of these documents came: what was remembered of them is read again."""
    for topic, _ in entries:
        name, _, audience = topic.partition(":")
        if name == "site":
            _sites.forget()
        elif name == "category" and audience in _categories:
            _categories[audience].forget()


def forget_lists(names: Iterable[str]) -> None:
    """The same for lists that changed."""
    for name in names:
        kind, _, site = name.partition(":")
        if kind == lists.SITES:
            _sites.forget()
        elif kind == lists.CATEGORIES and site in _categories:
            _categories[site].forget()


def forget_all() -> None:
    """Another database stands behind this process now (tests)."""
    _sites.forget()
    _categories.clear()
