"""Pages in words."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: state -> (title, tone)
STATES: Final[dict[str, tuple[Promise, str]]] = {
    "fresh": (gettext_lazy("Fresh"), "green"),
    "waits": (gettext_lazy("Waits"), "amber"),
    "failed": (gettext_lazy("Failed"), "red"),
    "excluded": (gettext_lazy("Without a file"), "grey"),
}
KINDS: Final[dict[str, Promise]] = {
    "home": gettext_lazy("Home page"),
    "about": gettext_lazy("About the shop"),
    "category": gettext_lazy("Shelf"),
    "product": gettext_lazy("Product"),
    "other": gettext_lazy("Other"),
}
#: measure -> (title, what it is)
MEASURES: Final[dict[str, tuple[Promise, Promise]]] = {
    "lcp": (
        gettext_lazy("Largest paint"),
        gettext_lazy("Until the largest part of the page was painted; 2.5 s is good."),
    ),
    "ttfb": (gettext_lazy("First byte"), gettext_lazy("Until the first byte of the page came to the browser.")),
    "cls": (gettext_lazy("Shift"), gettext_lazy("How much of the page moved while it was read; 0.1 is good.")),
    "answer": (gettext_lazy("Answering"), gettext_lazy("At the node, for pages it served itself.")),
    "render": (gettext_lazy("Making"), gettext_lazy("At the node, of its documents.")),
}
SPANS: Final[dict[str, Promise]] = {
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "quarter": gettext_lazy("Quarter"),
}
#: what is wrong with a link -> in words; a number is what the server answered
LINKS: Final[dict[str, Promise]] = {
    "404": gettext_lazy("No such page"),
    "410": gettext_lazy("Gone for good"),
    "unknown_host": gettext_lazy("No such host"),
    "no_lookup": gettext_lazy("Its name cannot be looked up now"),
    "timeout": gettext_lazy("Answers too late"),
    "no_answer": gettext_lazy("Does not answer"),
    "certificate": gettext_lazy("Its certificate is not right"),
    "redirects": gettext_lazy("Redirects without end"),
}
#: topic of a document or list -> what a person calls it
TOPICS: Final[dict[str, Promise]] = {
    "product": gettext_lazy("Product"),
    "category": gettext_lazy("Shelf"),
    "site": gettext_lazy("Site"),
    "card": gettext_lazy("Line card"),
    "seo": gettext_lazy("Patterns of search engines"),
    "redirect": gettext_lazy("Redirect"),
    "list": gettext_lazy("List"),
}


def link_in_words(status: str) -> str:
    if status in LINKS:
        return str(LINKS[status])
    return _("Answers %(status)s") % {"status": status}


def reason_in_words(error: str) -> str:
    """Why a page could not be made; `error` is the edge's, with the name of its class."""
    name, _sep, text = error.partition(": ")
    if name == "OSError" and "[Errno 28]" in text:
        return _("The disk of the node is full.")
    if name in ("OSError", "PermissionError", "IsADirectoryError", "NotADirectoryError"):
        return _("The file cannot be written: %(why)s") % {"why": text}
    if name.startswith("Template") or name == "VariableDoesNotExist":
        return _("The template of the page fails: %(why)s") % {"why": text}
    return _("The page cannot be made: %(why)s") % {"why": error}


def list_in_words(name: str) -> str:
    """What a list that pages look through holds, such as "shelf:tea:0b7285:position"."""
    titles = {
        "sites": _("All shops of the group"),
        "categories": _("All shelves of the shop"),
        "shelf": _("Goods of a shelf, in their order"),
        "slug": _("Which product stands at the address"),
        "cards": _("Goods of a sister shop"),
    }
    return titles.get(name.partition(":")[0], name)


def card_url(site: str, edition: str, path: str) -> str:
    """The screen of a page."""
    return f"{reverse('pages-one', args=[site])}?{urlencode({'edition': edition, 'path': path})}"


def figure_in_words(measure: str, value: float) -> str:
    """A figure with its unit: 340 ms, 1.8 s, 0.05."""
    if measure == "cls":
        return number_format(value / 1000, 2)
    if value < 1000:
        return _("%(n)s ms") % {"n": round(value)}
    return _("%(n)s s") % {"n": number_format(value / 1000, 1)}


def slowdown_in_words(site: str, kind: str, measure: str, value: float, usual: float) -> str:
    title = MEASURES[measure][0] if measure in MEASURES else measure
    return _("%(site)s: %(measure)s of pages “%(kind)s” takes %(value)s, usually %(usual)s.") % {
        "site": site,
        "kind": KINDS.get(kind, kind),
        "measure": title,
        "value": figure_in_words(measure, value),
        "usual": figure_in_words(measure, usual),
    }
