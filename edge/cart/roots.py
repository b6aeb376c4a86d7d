"""Which cart stands for a cart now: guest carts of one shopper are linked, and the least id of them is the root."""

from __future__ import annotations

from collections import OrderedDict

from edge.cart import rows
from edge.cart.models import Alias
from node.realms import EDGE, on_commit
from sync.core import cart as core
from sync.store.writer import reader

_KEPT = 50_000
_roots: OrderedDict[str, str] = OrderedDict()
#: counts the links made: a root read across one is read again
_links = 0


async def root_of(cart: str) -> str:
    """The root of a cart; itself when it was never linked. For the event loop."""
    known = _roots.get(cart)
    while known is None:
        links = _links
        read = await reader.run(lambda: stored_root(cart))
        if links == _links:
            _remember(cart, read)
            known = read
    return known


def stored_root(cart: str) -> str:
    """The same, read from the database: in the writer, or in a reader's thread."""
    return core.root_of(cart, _parent)


def members(root: str) -> list[str]:
    """All carts that a root stands for, itself included. Off the event loop."""
    found, fresh = [root], [root]
    while fresh:
        fresh = list(Alias.objects.filter(target__in=fresh).values_list("source", flat=True))
        found += fresh
    return found


def link(one: str, two: str) -> tuple[str, str] | None:
    """Make two carts one, inside a job of the writer; (source, target), None when they already are."""
    found = core.union(one, two, _parent)
    if found:
        source, target = found
        Alias.objects.create(source=source, target=target)
        on_commit(_linked, realm=EDGE)
    return found


def _linked() -> None:
    """In the writer's thread. Links are rare; what pointed at the source is somewhere among them."""
    global _links
    _links += 1
    _roots.clear()


def forget_all() -> None:
    """Forget what was remembered (tests that change databases)."""
    _roots.clear()


def _parent(cart: str) -> str | None:
    return rows.parent_of(cart)


def _remember(cart: str, root: str) -> None:
    _roots[cart] = root
    if len(_roots) > _KEPT:
        _roots.popitem(last=False)
