"""Parts of lists that pages look through: which goods, in which order, from where on, how many.

A page that shows goods 25 to 48 by price depends on that part alone. When the list changes, the same look shows in a
millisecond whether its part did, and a page whose parts are as they were is not made again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edge.replica import lists
from edge.replica.reads import Window, note_list, note_window
from sites.urls import Order
from sync.store.edge import sql

#: what an order sorts by: a column, and where an edition may have another value of it
_COLUMNS: Final[dict[Order, tuple[str, str]]] = {
    "position": ("position", ""),
    "price": ("price", "prices"),
    "-price": ("price", "prices"),
    "title": ("title_key", "titles"),
}
#: CROSS: from the shelf to its goods; left alone SQLite goes through all goods of the site
_ON_SHELVES: Final = (
    "FROM edge_replica_placing CROSS JOIN edge_replica_shelfproduct p ON p.id = row_id WHERE p.site = ?"
)
#: where a look looks for rules of what is shown: `editions.scopes_of`
Scopes = tuple[str, ...]
#: looks that were noted before there were rules named none
_ALL: Final[Scopes] = ("",)


def shown_in(scopes: Scopes) -> tuple[str, list[str]]:
    """A condition, with its values, on rows that have a column `shown`: see `editions.says`."""
    paths = [f'$."{scope}"' for scope in scopes]
    return f"(shown = '{{}}' OR coalesce({', '.join('json_extract(shown, ?)' for _ in paths)}, 1))", paths


def look(window: Window) -> list[str]:
    """What the part of a list shows now: keys of documents, or a number in words. The look is noted."""
    for name in lists_of(window):
        note_list(name)
    seen = again(window)
    note_window(window, seen)
    return seen


def again(window: Window) -> list[str]:
    """The same look, noted nowhere."""
    kind, arguments = window
    return _LOOKS[kind](*arguments)


def lists_of(window: Window) -> list[str]:
    """The names of the lists whose changes may change what a part shows."""
    kind, arguments = window
    if kind == "cards":
        return [lists.cards(arguments[1])]
    site, categories, order = arguments[:3]
    return [lists.shelf(site, each, order) for each in categories]


def _shelf(
    site: str,
    categories: tuple[str, ...],
    order: Order,
    start: int,
    count: int,
    scopes: Scopes = _ALL,
    language: str = "",
) -> list[str]:
    """`language`: that of the edition, where titles are others in it."""
    column, others = _COLUMNS[order]
    values = {"prices": scopes[:-1], "titles": (language,) if language else ()}.get(others, ())
    paths = [f'$."{value}"' for value in values]
    value = f"coalesce({', '.join(f'json_extract({others}, ?)' for _ in paths)}, {column})" if paths else column
    is_here, here = shown_in(scopes)
    # A product may stand on several of the shelves
    rows = sql.fetch(
        f"SELECT DISTINCT product, {value} AS value {_ON_SHELVES} AND category IN ({sql.marks(categories)}) "
        f"AND {is_here} ORDER BY value{' DESC' if order.startswith('-') else ''}, product LIMIT ? OFFSET ?",
        [*paths, site, *categories, *here, count, start],
    )
    return [row[0] for row in rows]


def _size(site: str, categories: tuple[str, ...], order: Order, scopes: Scopes = _ALL) -> list[str]:
    """Every order of a shelf tells that its size changed: `order` is the one its reader watches anyway."""
    is_here, here = shown_in(scopes)
    [(count,)] = sql.fetch(
        f"SELECT count(DISTINCT product) {_ON_SHELVES} AND category IN ({sql.marks(categories)}) AND {is_here}",
        [site, *categories, *here],
    )
    return [str(count)]


def _cards(group: str, sister: str, seed: str, count: int, scopes: Scopes = _ALL) -> list[str]:
    """Keys of line cards of `count` goods, one each."""
    keys: dict[str, str] = {}
    # From the seed's place on, and round: every good of the sister has its turn on some page
    start = lists.rank_of(f"{seed}:{sister}")
    is_here, here = shown_in(scopes)
    for part in (">=", "<"):
        rows = sql.fetch(
            "SELECT slug, key FROM edge_replica_cardrow "  # noqa: S608
            f"WHERE topic = ? AND site = ? AND rank {part} ? AND {is_here} ORDER BY rank, key LIMIT ?",
            [f"card:{group}", sister, start, *here, count * 8],
        )
        for slug, key in rows:
            if len(keys) < count:
                keys.setdefault(slug, key)
    return list(keys.values())


_LOOKS: Final[dict[str, Callable[..., list[str]]]] = {"shelf": _shelf, "size": _size, "cards": _cards}
