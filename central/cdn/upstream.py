"""What edges tell of their pages."""

from __future__ import annotations

import msgspec

from central.cdn import queue
from node.realms import CLUSTER
from sync.contracts.codec import unpack
from sync.contracts.pages import MOST_CHANGES, MOST_PATH, MOST_TAGS, PageChange, PagesChanged
from sync.topics import EdgeScope
from sync.upstream import Poison, receives


@receives("pages_changed", realm=CLUSTER)
def take_changes(edge: EdgeScope, body: bytes) -> None:
    """Purges of pages of the edge's own sites only. A repeat purges once more, which does no harm."""
    try:
        told = unpack(body, PagesChanged)
    except msgspec.MsgspecError as error:
        raise Poison("not a PagesChanged") from error
    if told.site not in edge.sites and not edge.is_vouched:
        raise Poison(f"the site '{told.site}' is not of this node")
    if len(told.changes) > MOST_CHANGES:
        raise Poison(f"more than {MOST_CHANGES} changes")
    for change in told.changes:
        _check(change)
    queue.put(told.site, told.changes)


def _check(change: PageChange) -> None:
    path = change.path
    if not path.startswith("/") or path.startswith("//") or not path.isascii() or not path.isprintable():
        raise Poison("a path begins with one slash and is quoted")
    if " " in path or len(path) > MOST_PATH:
        raise Poison("a path is quoted, and not that long")
    if not 0 <= change.hits < 2**31:
        raise Poison("a page is asked for so often, and not less than never")
    if len(change.tags) > MOST_TAGS or not all(
        tag.isalnum() and tag.isascii() and len(tag) <= 16 for tag in change.tags
    ):
        raise Poison("tags are short, and letters and digits")
