"""What the desk shows of search."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, add_action, add_entry

add_entry(Entry(46, "search", _("Search"), "search", "see_products"))
add_action(
    Action(
        47, "synonyms-new", _("Add synonyms"), "edit_products", "arrows-exchange", words=_("search synonym word same")
    )
)
add_action(Action(48, "search-words", _("Searched words"), "see_products", "list-search", words=_("search vain found")))
add_sentences(
    {
        "unknown_synonyms": _("There are no such synonyms among those you may see."),
        "stale_synonyms": _("Somebody else has just changed these synonyms. Look at them again."),
        "few_synonyms": _("Write two words or phrases at least, parted by a comma."),
        "no_server_engine": _("This shop is searched by its edge, not by a server."),
        "search_unavailable": _("The search server does not answer."),
        "no_search_index": _("There is no such search index yet."),
        "search_not_configured": _("This search server has no address in central's settings."),
    }
)
