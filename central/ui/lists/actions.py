"""What a person keeps of a list. Each is one transaction of the realm `cluster`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.lists.filters import Text
from central.ui.lists.spec import find
from central.ui.models import ListMemory, SavedView
from node.errors import RialtoError
from node.realms import CLUSTER, atomic

Says = Callable[[str], bool]


class ViewTitleTaken(RialtoError):
    """The person has a view of this name already."""

    code = "view_title_taken"
    status = 409


class UnknownView(RialtoError):
    """No such view among the person's own."""

    code = "unknown_view"
    status = 404


add_sentences(
    {
        "view_title_taken": _("You have a view of this name already. Choose another name."),
        "unknown_view": _("There is no such view among your own."),
    }
)


def save_view(user: User, list_name: str, *, title: str, query: str, columns: list[str], is_shared: bool) -> SavedView:
    """Keep a filter under a name. Raises `ViewTitleTaken`."""
    with atomic(CLUSTER):
        _refuse_taken(user, list_name, title)
        return SavedView.objects.create(
            list=list_name, owner=user, title=title, query=query, columns=columns, is_shared=is_shared
        )


def change_view(user: User, list_name: str, view_id: Any, **changes: Any) -> SavedView:
    """`title`, `query`, `columns`, `is_shared` of one's own view. Raises `UnknownView`, `ViewTitleTaken`."""
    with atomic(CLUSTER):
        view = _own(user, list_name, view_id)
        if "title" in changes:
            _refuse_taken(user, list_name, changes["title"], but=view.pk)
        for name, value in changes.items():
            setattr(view, name, value)
        view.save()
        return view


def delete_view(user: User, list_name: str, view_id: Any) -> None:
    """Raises `UnknownView`."""
    with atomic(CLUSTER):
        _own(user, list_name, view_id).delete()


def views_that(looks_for: Says, tells: Says) -> list[UUID]:
    """Views in which somebody is searched for (`looks_for` of the search is true) or named (`tells` of the title)."""
    return [
        view.pk
        for view in SavedView.objects.all()
        if tells(view.title or "") or any(looks_for(text) for text in _searched(view))
    ]


def _searched(view: SavedView) -> Iterator[str]:
    """What was typed into fields of free text."""
    given, spec = QueryDict(view.query or ""), find(view.list)
    typed = [name for one in spec.filters if one.kind == Text.kind for name in one.names] if spec else []
    for name in ("q", *typed):
        yield from given.getlist(name)


def forget_views(ids: Iterable[UUID]) -> None:
    """Whoever they are of."""
    with atomic(CLUSTER):
        SavedView.objects.filter(pk__in=list(ids)).delete()


def make_default(user: User, list_name: str, view: SavedView | None) -> None:
    """Open the list with this view from now on; None: with everything."""
    ListMemory.objects.update_or_create(user=user, list=list_name, defaults={"default_view": view})


def remember_columns(user: User, list_name: str, columns: list[str]) -> None:
    """Keys in order; empty: as the list has them."""
    ListMemory.objects.update_or_create(user=user, list=list_name, defaults={"columns": columns})


def _refuse_taken(user: User, list_name: str, title: str, *, but: Any = None) -> None:
    """Titles are encrypted, so no constraint compares them: whoever gives one waits for the owner's other one."""
    User.objects.select_for_update().get(pk=user.pk)
    others = SavedView.objects.filter(list=list_name, owner=user).exclude(pk=but)
    if any(view.title == title for view in others):
        raise ViewTitleTaken("a view of this name is there")


def _own(user: User, list_name: str, view_id: Any) -> SavedView:
    view = SavedView.objects.select_for_update().filter(pk=view_id, list=list_name, owner=user).first()
    if view is None:
        raise UnknownView(str(view_id))
    return view
