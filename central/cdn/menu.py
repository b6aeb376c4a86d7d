"""What the CDN puts into the frame: the menu, the palette, and what its errors say."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.ui.explain import add_sentences
from central.ui.menu import Action, Entry, add_action, add_entry

add_entry(Entry(45, "cdn", _("CDN"), "world", "see_cdn"))
add_entry(Entry(46, "cdn-queue", _("Pages to be purged"), "clock", "see_cdn", in_side_bar=False))
add_entry(Entry(46, "cdn-purges", _("Purges"), "history", "see_cdn", in_side_bar=False))
add_entry(Entry(46, "cdn-zones", _("Zones of the CDN"), "world", "see_cdn", in_side_bar=False))
add_entry(Entry(46, "cdn-media", _("Hosts of files"), "photo", "see_cdn", in_side_bar=False))
add_action(
    Action(47, "cdn-purge-now", _("Purge now"), "manage_cdn", "refresh", where=("cdn",), words=_("cdn cache clear"))
)
add_sentences(
    {
        "unknown_cdn_account": _("There is no such CDN account among those you may see."),
        "unknown_cdn_zone": _("There is no such zone among those you may see."),
        "bad_cdn": lambda error: str(error),
        "cdn_refused": lambda error: _("The CDN refused it: %(error)s") % {"error": error},
        "cdn_bad_key": lambda error: _("The CDN does not take our key: %(error)s") % {"error": error},
        "cdn_unavailable": lambda error: _("The CDN does not answer: %(error)s") % {"error": error},
    }
)
