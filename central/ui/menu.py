"""What apps put into the frame of the desk: menu entries, actions, answers of the palette, cards of the home screen.

Each app of central may have a module `menu.py`, found by name at start, that calls `add_entry`, `add_action`,
`add_search` and `add_card`. So the frame knows no app, and an app that is not installed leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise

from central.ui.screens import may


@dataclass(frozen=True, order=True)
class Entry:
    """A screen in the side bar and the palette. `key`: the letter after G that goes there."""

    position: int
    url_name: str = field(compare=False)
    title: Promise | str = field(compare=False)
    icon: str = field(compare=False)
    right: str | None = field(compare=False, default=None)
    key: str = field(compare=False, default="")
    in_side_bar: bool = field(compare=False, default=True)

    @property
    def url(self) -> str:
        return reverse(self.url_name)

    @property
    def kept_by(self) -> str:
        """All else of an entry is said by the code."""
        return self.url_name


@dataclass(frozen=True, order=True)
class Action:
    """Something to do, in the palette. `is_post`: it is done at once; else its address is a form to fill in.

    `where`: screens (first parts of url names, "orders") it is offered on before anything is typed; it is found by
    its words everywhere. `words`: what else people may call it.
    """

    position: int
    url_name: str = field(compare=False)
    title: Promise | str = field(compare=False)
    right: str | None = field(compare=False, default=None)
    icon: str = field(compare=False, default="command")
    is_post: bool = field(compare=False, default=False)
    where: tuple[str, ...] = field(compare=False, default=())
    words: Promise | str = field(compare=False, default="")

    @property
    def url(self) -> str:
        return reverse(self.url_name)


@dataclass(frozen=True)
class Hit:
    """One answer of the palette."""

    title: str
    url: str
    icon: str
    note: str = ""
    site: str = ""


@dataclass(frozen=True)
class Search:
    """`find(user, text, limit)` answers only what the user may see."""

    title: Promise | str
    right: str
    find: Callable[[Any, str, int], Iterable[Hit]]


@dataclass(frozen=True, order=True)
class Card:
    """A card of the home screen: a template and what it shows. `topics`: the nudges that make it stale."""

    position: int
    id: str = field(compare=False)
    right: str = field(compare=False)
    template: str = field(compare=False)
    context: Callable[[Any], dict[str, Any]] = field(compare=False)
    topics: tuple[str, ...] = field(compare=False, default=())
    wide: bool = field(compare=False, default=False)
    #: silence makes no nudge: such a card is asked again every few seconds
    ticks: bool = field(compare=False, default=False)


_entries: dict[str, Entry] = {}
_actions: dict[str, Action] = {}
_searches: dict[str, Search] = {}
_cards: dict[str, Card] = {}


def add_entry(entry: Entry) -> None:
    _entries[entry.url_name] = entry


def add_action(action: Action) -> None:
    _actions[action.url_name] = action


def add_search(name: str, search: Search) -> None:
    _searches[name] = search


def add_card(card: Card) -> None:
    _cards[card.id] = card


def entries_of(user: Any) -> list[Entry]:
    """The screens the person may open, in order."""
    return sorted(entry for entry in _entries.values() if entry.right is None or may(user, entry.right))


def actions_of(user: Any) -> list[Action]:
    """What the person may do, in order."""
    return sorted(action for action in _actions.values() if action.right is None or may(user, action.right))


def searches_of(user: Any) -> list[Search]:
    return [search for search in _searches.values() if may(user, search.right)]


def cards_of(user: Any) -> list[Card]:
    return sorted(card for card in _cards.values() if may(user, card.right))
