"""What search engines' screens put into the frame: the menu, the palette, a tab on products, what errors say."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.catalog.models import Listing
from central.seo.reasons import in_words, sentence
from central.ui.cards import Tab, add_tab
from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, add_action, add_entry
from central.ui.scope import limit

RIGHT = "manage_seo"


def _pages(request: Any, record: Any) -> dict[str, Any]:
    rows = limit(Listing.objects.filter(product=record.pk), request.user).order_by("site")
    return {"listings": [(row.site, row.slug, row.product_id.hex) for row in rows]}


add_entry(Entry(24, "seo", _("Search engines"), "world", RIGHT))
add_entry(Entry(25, "redirects", _("Redirects"), "arrow-right", RIGHT))
add_entry(Entry(26, "feeds", _("Feeds"), "package", RIGHT))
add_entry(Entry(27, "migrations", _("Migration"), "world", RIGHT, in_side_bar=False))
add_action(Action(25, "redirects-new", _("New redirect"), RIGHT, "plus", words=_("old address 301 moved")))
add_action(Action(26, "feeds-new", _("New feed"), RIGHT, "plus", words=_("market merchant yml export")))
add_action(Action(27, "migrations-new", _("Walk through an old site"), RIGHT, "world", words=_("migrate crawl domain")))
add_tab(Tab(40, "seo", _("Search engines"), "seo/tab.html", _pages, lambda kind: kind == "catalog.product", RIGHT))
add_sentences(
    {
        "bad_pattern": lambda error: sentence(str(error)),
        "bad_address": lambda error: sentence(str(error).partition(": ")[2]),
        "redirect_loop": _("%(target)s leads back to %(source)s: a visitor would go round for ever."),
        "unknown_seo_record": _("There is no such record among those you may see."),
        "bad_feed": lambda error: _now("This feed cannot be: %(why)s.") % {"why": in_words(str(error))},
        "bad_sheet": lambda error: _now("This sheet cannot be read: %(why)s.") % {"why": in_words(str(error))},
        "walk_refused": lambda error: (
            _now("This site cannot be walked through: %(why)s.") % {"why": in_words(str(error))}
        ),
    }
)
