"""The frame's own views: home, palette, choice of site, language and theme, error pages."""

from __future__ import annotations

import sys
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from central.ui import keyboard, menu, sites, view_scope
from central.ui.away import away_answer
from central.ui.screens import StaffRequest, open_to_all, screen
from node.away import realm_away

PALETTE_LIMIT = 6


@screen(None)
def home(request: StaffRequest) -> HttpResponse:
    return render(request, "ui/home.html", {"cards": [_card(request, card) for card in menu.cards_of(request.user)]})


@screen(None)
def home_card(request: StaffRequest, card_id: str) -> HttpResponse:
    """One card again, after a nudge. A card the person has no right to is a card that is not there."""
    for card in menu.cards_of(request.user):
        if card.id == card_id:
            return HttpResponse(_card(request, card)["html"])
    return HttpResponse(status=404)


def _card(request: StaffRequest, card: menu.Card) -> dict[str, Any]:
    # An empty card is not shown at all (style sheet), so it may not hold even a line's end. It was escaped on its way.
    try:
        html = SafeString(render_to_string(card.template, card.context(request), request=request).strip())
    except DatabaseError as error:
        if not (realm := realm_away(error)):
            raise
        html = SafeString(render_to_string("ui/parts/card_away.html", {"realm": realm}).strip())
    return {"id": card.id, "topics": " ".join(card.topics), "wide": card.wide, "ticks": card.ticks, "html": html}


@screen(None)
def palette(request: StaffRequest) -> JsonResponse:
    """For `?q=`: `{"groups": [{"title", "hits": [{"title", "url", "method", "icon", "note", "site"}]}]}`, by rights.

    `>` before the words finds actions only. `?at=`: the screen one is on, whose actions come unasked.
    """
    text = request.GET.get("q", "").strip()[:80]
    # Nothing found: perhaps it was typed on the other layout of the keyboard.
    other = keyboard.other_layout(text)
    groups = _groups(request, text) or (_groups(request, other) if other != text else [])
    return JsonResponse({"groups": groups})


def _groups(request: StaffRequest, text: str) -> list[dict[str, Any]]:
    wanted = text.removeprefix(">").strip()
    groups = [{"title": _("Actions"), "hits": _actions(request, wanted, request.GET.get("at", ""))}]
    if not text.startswith(">"):
        groups.append({"title": _("Screens"), "hits": _screens(request, text)})
        if len(text) >= 2:
            groups += _records(request, text)
    return [group for group in groups if group["hits"]]


def _actions(request: StaffRequest, text: str, at: str) -> list[dict[str, str]]:
    return [
        {
            "title": str(action.title),
            "url": action.url,
            "method": "post" if action.is_post else "get",
            "icon": action.icon,
            "note": "",
            "site": "",
        }
        for action in menu.actions_of(request.user)
        if (_begins_words(text, action.title, action.words) if text else at in action.where)
    ]


def _screens(request: StaffRequest, text: str) -> list[dict[str, str]]:
    return [
        {
            "title": str(entry.title),
            "url": entry.url,
            "icon": entry.icon,
            "note": f"G {entry.key.upper()}" if entry.key else "",
            "site": "",
        }
        for entry in menu.entries_of(request.user)
        if _begins_words(text, entry.title)
    ]


def _begins_words(text: str, *titles: Any) -> bool:
    """Whether each word of `text` begins a word of the titles, in the person's language or in English.

    Who learnt the screens in one of the languages finds them in both.
    """
    with translation.override("en"):
        english = " ".join(str(title) for title in titles)
    known = _folded(f"{' '.join(str(title) for title in titles)} {english}")
    return all(any(word.startswith(typed) for word in known) for typed in _folded(text))


def _folded(text: str) -> list[str]:
    return text.casefold().replace("ё", "е").split()


def _records(request: StaffRequest, text: str) -> list[dict[str, Any]]:
    return [
        {"title": str(search.title), "hits": _found(request, search, text)} for search in menu.searches_of(request.user)
    ]


def _found(request: StaffRequest, search: menu.Search, text: str) -> list[dict[str, str]]:
    """A realm that is away takes its own answers with it and no others. What is out of view is not found."""
    shown = view_scope.sites_in_view(request)
    try:
        hits = list(search.find(request.user, text, PALETTE_LIMIT if shown is None else PALETTE_LIMIT * 4))
    except DatabaseError:
        return []
    in_view = [_hit(hit) for hit in hits if shown is None or not hit.site or hit.site in shown]
    return in_view[:PALETTE_LIMIT]


def _hit(hit: menu.Hit) -> dict[str, str]:
    return {"title": hit.title, "url": hit.url, "icon": hit.icon, "note": hit.note, "site": hit.site}


@screen(None, methods=["POST"])
def choose_site(request: StaffRequest) -> HttpResponseBase:
    view_scope.choose(request, request.POST.get("in_view", ""))
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page a form of the frame was sent from: a path of ours, never another origin."""
    path = request.POST.get("next", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


@screen(None)
def sites_css(request: StaffRequest) -> HttpResponse:
    """The colours of all sites: a line of an order shows its site's to whoever may see the order."""
    return HttpResponse(sites.style_sheet(), content_type="text/css")


@open_to_all
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "ui/404.html", status=404)


@open_to_all
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "ui/403.html", status=403)


@open_to_all
def broken(request: HttpRequest) -> HttpResponse:
    # Middleware asks databases too, before any view whose errors are looked at.
    if (away := away_answer(request, sys.exc_info()[1])) is not None:
        return away
    # No context processors: what broke may be the database they ask.
    return HttpResponse(render_to_string("ui/500.html", {"theme": "auto"}), status=500)


@open_to_all
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "ui/stale_form.html", status=403)
