"""Who acted, as people read it; `node.acting` says what stands before the colon."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _


def shopper(customer: UUID) -> str:
    """A customer who acts himself, in his account."""
    return f"shopper:{customer.hex}"


def in_words(who: str) -> str:
    """A login as it is; "shopper:…", "edge:…", "job:…" and the like by what they are. "" for nobody named."""
    kind, colon, name = who.partition(":")
    if not colon:
        return {"system": _("Rialto"), "shop": _("the shopper")}.get(who, who)
    words = {
        "shopper": _("the shopper"),
        "edge": _("node %(name)s"),
        "key": _("API key %(name)s"),
        "1c": _("1C, as %(name)s"),
        "job": _("Rialto"),
        "cli": _("%(name)s, by command"),
    }
    return words.get(kind, who) % {"name": name} if kind in words else who
