"""Notices to staff and operators: an app says who is to be told what, the app that writes mail tells them.

    @composes("node_silent")                              # in the app that knows
    def readers_and_words(about: str) -> Letter | None: ...

    record_event(NoticeDue(notice="node_silent", about=silence.pk.hex), realm=CLUSTER)   # in its transaction

An event carries no address: who reads is asked again when the mail is written, so whoever lost the right is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sync.events import Event


class NoticeDue(Event, frozen=True, kw_only=True):
    """People are to be told. `notice`: a template of the notices; `about`: the id of what it is about."""

    notice: str
    about: str


@dataclass(frozen=True)
class Reader:
    """`language` is "en" or "ru", or what the person has set."""

    email: str
    language: str
    name: str = ""


@dataclass(frozen=True)
class Letter:
    """Who is told, each under a key that stays the same and names nobody; `words(language)`: what the template says."""

    readers: Mapping[str, Reader]
    words: Callable[[str], dict[str, Any]]


Compose = Callable[[str], "Letter | None"]

_composers: dict[str, Compose] = {}


def composes(notice: str) -> Callable[[Compose], Compose]:
    def register(compose: Compose) -> Compose:
        _composers[notice] = compose
        return compose

    return register


def letter(notice: str, about: str) -> Letter | None:
    """None: there is nothing to tell any more. Raises `KeyError` for a notice that no app composes."""
    return _composers[notice](about)
