"""The usual kinds of cells; each returns safe HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from central.ui.templatetags import kit
from sync.contracts.money import minor_digits

if TYPE_CHECKING:
    from central.ui.lists.shown import Shown

ago = kit.ago
badge = kit.badge
icon = kit.icon
money = kit.money


def sites(shown: Shown, counts: Mapping[str, int] | Iterable[str]) -> SafeString:
    """Badges of sites, each with its count where that is above 1."""
    pairs = counts.items() if isinstance(counts, Mapping) else [(site, 1) for site in counts]
    context = Context({"request": shown.request})
    badges = [(kit.site_badge(context, site, count),) for site, count in pairs]
    return format_html('<div class="badges">{}</div>', format_html_join("", "{}", badges))


def number(value: int | None) -> SafeString:
    return format_html('<span class="number">{}</span>', "—" if value is None else value)


def sums(amounts: Mapping[str, int]) -> SafeString:
    """Sums by currency, one under another: they are never added up."""
    return format_html_join("", "<div>{}</div>", ((money(amount, currency),) for currency, amount in amounts.items()))


def two_lines(first: str, second: str) -> SafeString:
    """A name, and below it something that is less."""
    return format_html('<div>{}</div><div class="text-secondary">{}</div>', first, second)


def moment_value(moment: datetime | None) -> datetime | None:
    """A moment as a file holds it: whole seconds."""
    return moment.replace(microsecond=0) if moment else None


def money_value(amount: int | None, currency: str) -> Decimal | None:
    """Minor units as a file holds them: 123.45."""
    return None if amount is None else Decimal(amount).scaleb(-minor_digits(currency))
