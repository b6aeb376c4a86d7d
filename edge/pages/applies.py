"""News of documents and lists make pages stale."""

from __future__ import annotations

from edge.pages import asked
from edge.pages.cache import pages
from edge.pages.foreman import foreman
from edge.replica import changes
from edge.replica.reads import Dep
from sync.replica import after_apply

__all__ = ["asked", "documents_changed", "lists_changed"]


@after_apply
def documents_changed(entries: list[tuple[str, str]]) -> None:
    pages.dirty(entries)
    foreman.hear(entries)


@changes.listen
def lists_changed(deps: list[Dep]) -> None:
    pages.dirty(deps)
    foreman.hear(deps)
