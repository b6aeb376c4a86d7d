"""What a person keeps of a list. Each is one transaction of the realm `cluster`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.models import ListMemory, SavedView
from node.errors import RialtoError
from node.realms import CLUSTER, atomic


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
        if SavedView.objects.filter(list=list_name, owner=user, title=title).exists():
            raise ViewTitleTaken(title)
        return SavedView.objects.create(
            list=list_name, owner=user, title=title, query=query, columns=columns, is_shared=is_shared
        )


def change_view(user: User, list_name: str, view_id: Any, **changes: Any) -> SavedView:
    """`title`, `query`, `columns`, `is_shared` of one's own view. Raises `UnknownView`, `ViewTitleTaken`."""
    with atomic(CLUSTER):
        view = _own(user, list_name, view_id)
        others = SavedView.objects.filter(list=list_name, owner=user).exclude(pk=view.pk)
        if others.filter(title=changes.get("title", "")).exists():
            raise ViewTitleTaken(changes["title"])
        for name, value in changes.items():
            setattr(view, name, value)
        view.save()
        return view


def delete_view(user: User, list_name: str, view_id: Any) -> None:
    """Raises `UnknownView`."""
    with atomic(CLUSTER):
        _own(user, list_name, view_id).delete()


def make_default(user: User, list_name: str, view: SavedView | None) -> None:
    """Open the list with this view from now on; None: with everything."""
    ListMemory.objects.update_or_create(user=user, list=list_name, defaults={"default_view": view})


def remember_columns(user: User, list_name: str, columns: list[str]) -> None:
    """Keys in order; empty: as the list has them."""
    ListMemory.objects.update_or_create(user=user, list=list_name, defaults={"columns": columns})


def _own(user: User, list_name: str, view_id: Any) -> SavedView:
    view = SavedView.objects.select_for_update().filter(pk=view_id, list=list_name, owner=user).first()
    if view is None:
        raise UnknownView(str(view_id))
    return view
