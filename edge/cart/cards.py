"""Line cards of all goods of the cart group, decoded once and remembered until documents change."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc
from sync.store.edge import sql

_KEPT = 20_000
_cards: dict[tuple[str, str], tuple[int, CardDoc]] = {}
#: counts the times documents changed: what was read across such a change is not kept
_news = 0


def news() -> int:
    """Take it before reading; the same number afterwards says that nothing has changed meanwhile."""
    return _news


def are_known(topic: str, keys: Collection[str]) -> bool:
    """Whether all of these are in memory, so that `cards_of` needs no database. Any thread."""
    return all((topic, key) in _cards for key in keys)


def cards_of(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, CardDoc]]:
    """Key -> (version, card) of those that are held. Off the event loop, unless `are_known`."""
    began = _news
    held = {key: card for key in keys if (card := _cards.get((topic, key)))}
    if missing := [key for key in keys if key not in held]:
        read = _read(topic, missing)
        if began == _news:
            if len(_cards) > _KEPT:
                _cards.clear()
            _cards.update({(topic, key): card for key, card in read.items()})
        held |= read
    return held


def variants_known(topic: str, keys: Collection[str]) -> set[str]:
    """The variants of those cards that are in memory. Any thread."""
    return {known[1].variant for key in keys if (known := _cards.get((topic, key)))}


def may_be_of(entries: Collection[tuple[str, str]], variants: Collection[str]) -> bool:
    """Whether one of these cards, (topic, key), is of one of the variants: yes too when it is not in memory."""
    return any((known := _cards.get(entry)) is None or known[1].variant in variants for entry in entries)


def cards_now(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, CardDoc]]:
    """The same as the database has them this moment: what a sale is priced by. Off the event loop."""
    held = {key: card for key in keys if (card := _cards.get((topic, key)))}
    rows = sql.fetch(
        "SELECT key, ver FROM sync_edge_document "  # noqa: S608
        f"WHERE topic = ? AND body IS NOT NULL AND key IN ({sql.marks(keys)})",
        [topic, *keys],
    )
    same = {key: held[key] for key, ver in rows if key in held and held[key][0] == ver}
    other = [key for key, _ in rows if key not in same]
    return same | _read(topic, other) if other else same


def _read(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, CardDoc]]:
    rows = sql.fetch(
        "SELECT key, ver, body FROM sync_edge_document "  # noqa: S608
        f"WHERE topic = ? AND body IS NOT NULL AND key IN ({sql.marks(keys)})",
        [topic, *keys],
    )
    return {key: (ver, unpack(body, CardDoc)) for key, ver, body in rows}


def forget(entries: Collection[tuple[str, str]]) -> None:
    """These cards, (topic, key), have changed."""
    global _news
    _news += 1
    for entry in entries:
        _cards.pop(entry, None)


def forget_all() -> None:
    """Documents have changed, or another database stands behind this process now (tests)."""
    global _news
    _news += 1
    _cards.clear()
