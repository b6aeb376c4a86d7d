"""Pages in words."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
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
#: what is wrong with a link -> in words; a number is what the server answered
LINKS: Final[dict[str, Promise]] = {
    "404": gettext_lazy("No such page"),
    "410": gettext_lazy("Gone for good"),
    "unknown_host": gettext_lazy("No such host"),
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
