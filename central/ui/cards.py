"""The card kit: the screen of one record. Head, facts, parts, and tabs that are addresses (`?tab=history`).

    @screen("see_products")
    def shelf(request, shelf_id):
        found = queries.visible_shelf(shelf_id, request.user)
        return cards.show(
            request,
            Card(
                record=found,
                title=found.title,
                back=("shelves", _("Shelves")),
                site=found.site,
                badges=[Badge(_("Open"), "green")],
                actions=[Action(_("Edit"), reverse("shelves-edit", args=[found.pk]), right="edit_products")],
                facts=[Fact(_("Places"), found.places)],
            ),
        )

The tabs History and Timeline come by themselves where the record is watched (`watched.py`) or apps tell its timeline
(`timeline.py`). The view has looked whether the person may see the record; a tab looks at its own right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from central.ui.screens import may
from central.ui.watching import kind_of

ABOUT = _("About")


@dataclass(frozen=True)
class Badge:
    """A state beside the title. `tone`: green, amber, red, blue, purple, teal, grey."""

    text: Promise | str
    tone: str = "grey"


@dataclass(frozen=True)
class Action:
    """A button of the head: a link, or a form of one button that posts `values`. `confirm` asks first."""

    title: Promise | str
    url: str
    icon: str = ""
    right: str | None = None
    is_post: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    confirm: Promise | str = ""
    css: str = ""


@dataclass(frozen=True)
class Fact:
    """A name and a value; text, or HTML that was marked as safe."""

    title: Promise | str
    value: Any


@dataclass(frozen=True)
class Warn:
    """What to look at before one acts, beside the badges."""

    text: str
    icon: str = "alert-triangle"


@dataclass(frozen=True)
class Part:
    """A titled section of the card with a template of its own. `is_aside`: in the narrow column.

    `id`: its place in the page, where others link to. `is_written_in`: there is a form in it; when the record changes
    meanwhile, the rest of the card follows, and this part only while nothing unsaved stands in it. `is_flush`: a table
    that reaches the edges. `icon`: beside the title.
    """

    title: Promise | str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    is_aside: bool = False
    id: str = ""
    is_written_in: bool = False
    is_flush: bool = False
    icon: str = ""


@dataclass(frozen=True, order=True)
class Tab:
    """A tab of the cards `fits` says yes to. `context(request, record)` is asked only when it is open."""

    position: int
    id: str = field(compare=False)
    title: Promise | str = field(compare=False)
    template: str = field(compare=False)
    context: Callable[[HttpRequest, Model], Mapping[str, Any]] = field(compare=False)
    fits: Callable[[str], bool] = field(compare=False, default=lambda kind: True)
    right: str | None = field(compare=False, default=None)


@dataclass
class Card:
    """What the screen of `record` shows. `topic`: the nudge that makes the open tab fetch itself anew."""

    record: Model
    title: str
    back: tuple[Any, ...] = ()
    note: str = ""
    site: str = ""
    badges: Sequence[Badge] = ()
    warnings: Sequence[Warn] = ()
    actions: Sequence[Action] = ()
    facts: Sequence[Fact] = ()
    facts_title: Promise | str = ABOUT
    parts: Sequence[Part] = ()
    tabs: Sequence[Tab] = ()
    help: Promise | str = ""
    topic: str = ""


def as_danger(action: Action) -> Action:
    """The same button, in the colour of what cannot be taken back."""
    return replace(action, css="btn-outline-danger")


_tabs: dict[str, Tab] = {}


def add_tab(tab: Tab) -> None:
    """A tab of other apps' cards; called at start from `menu.py`."""
    _tabs[tab.id] = tab


def show(request: HttpRequest, card: Card, *, status: int = 200) -> HttpResponse:
    """The card with the tab of the address open. 404 for a tab there is not, 403 for one without its right."""
    kind = kind_of(card.record)
    parts = [replace(part, id=part.id or f"part-{number}") for number, part in enumerate(card.parts)]
    written_in = [part.id for part in parts if part.is_written_in]
    tabs = sorted([*card.tabs, *(tab for tab in _tabs.values() if tab.fits(kind))])
    wanted = request.GET.get("tab", "")
    open_tab = next((tab for tab in tabs if tab.id == wanted), None)
    if wanted and open_tab is None:
        raise Http404
    if open_tab and open_tab.right and not may(request.user, open_tab.right):
        raise PermissionDenied(open_tab.right)
    context = {
        "card": card,
        "key": str(card.record.pk),
        "back": resolve_url(card.back[0], *card.back[2:]) if card.back else "",
        "back_title": card.back[1] if card.back else "",
        "actions": [one for one in card.actions if one.right is None or may(request.user, one.right)],
        "tabs": [tab for tab in tabs if tab.right is None or may(request.user, tab.right)],
        "open_tab": open_tab,
        "main_parts": [part for part in parts if not part.is_aside],
        "aside_parts": [part for part in parts if part.is_aside],
        "written_in": written_in if open_tab is None else [],
        # What a nudge draws anew beside the head: all of it, unless somebody may be writing in a part.
        "following": ",".join(f"#{part.id}" for part in parts if part.id not in written_in),
    }
    return render(request, "ui/card.html", {**context, **_inside(request, card.record, open_tab)}, status=status)


def inside(request: HttpRequest, record: Model, tab_id: str) -> dict[str, Any]:
    """What a tab of other apps shows, for a page that is no card: include `tab_template` where it is to stand."""
    return _inside(request, record, _tabs.get(tab_id))


def _inside(request: HttpRequest, record: Model, tab: Tab | None) -> dict[str, Any]:
    """What the open tab shows; a realm that is away takes only the tab with it, not the card."""
    if tab is None:
        return {"tab_template": ""}
    try:
        return {"tab_template": tab.template, **tab.context(request, record)}
    except DatabaseError:
        return {"tab_template": "ui/parts/tab_away.html"}
