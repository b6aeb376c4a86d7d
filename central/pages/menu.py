"""What the screens of pages put into the frame: the menu, the palette, a tab on products, what errors say."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from central.cluster.queries import sites_visible_to
from central.ui.cards import Tab, add_tab
from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, add_action, add_entry

SEE = "see_pages"


def _sites(request: Any, record: Any) -> dict[str, Any]:
    """The shops whose pages may show a product, and its key in documents."""
    return {"page_sites": sites_visible_to(request.user).order_by("id"), "page_uses": record.pk.hex}


add_entry(Entry(23, "pages", _("Pages"), "file-spreadsheet", SEE))
add_entry(Entry(23, "broken-links", _("Broken links"), "alert-triangle", SEE))
add_entry(Entry(23, "speed", _("Speed"), "bolt", SEE))
add_entry(Entry(23, "ignored-links", _("Ignored links"), "eye-off", SEE, in_side_bar=False))
add_action(Action(23, "pages", _("Pages"), SEE, "file-spreadsheet", words=_("static file html render cache stale")))
add_tab(Tab(41, "pages", _("Pages"), "pages/tab.html", _sites, lambda kind: kind == "catalog.product", SEE))
add_sentences(
    {
        "node_away": _("The node of this shop does not answer at the moment."),
        "site_without_node": _("No node serves this shop, so it has no pages."),
        "no_pages": _("The node has made no page of this shop yet."),
        "unknown_question": _("The node of this shop is of an older version and cannot say."),
        "unknown_link": _("The link leads somewhere by now, or is not among those you may see."),
        "page_rules_locked": _("The site %(by)s has locked the rules of pages: change them there."),
    }
)
