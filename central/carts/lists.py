"""Live carts: what lies in shoppers' carts now, as far as the viewer may see it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from central.carts.owners import owners_of
from central.carts.queries import carts_visible_to, contents_of
from central.ui import lists, live
from central.ui.lists import cells
from central.ui.screens import may


def _prepare(rows: list[Any], shown: lists.Shown) -> None:
    contents = contents_of(rows, shown.request.user)
    owners = owners_of([cart.pk for cart in rows])
    for cart in rows:
        cart.contents = contents[cart.pk]
        cart.owner = owners.get(cart.pk)
        cart.is_named = may(shown.request.user, "see_customers")


def _sites(cart: Any, shown: lists.Shown) -> Any:
    units: Counter[str] = Counter()
    for line in cart.contents.lines:
        units[line.key.site] += line.units
    return cells.sites(shown, units)


def _units(cart: Any, shown: lists.Shown) -> Any:
    contents = cart.contents
    if not contents.hidden_units:
        return cells.number(contents.units)
    more = ngettext("+ %(n)s elsewhere", "+ %(n)s elsewhere", contents.hidden_units) % {"n": contents.hidden_units}
    return format_html('<span class="number">{}</span> <span class="text-secondary">{}</span>', contents.units, more)


def _value(cart: Any, shown: lists.Shown) -> Any:
    return cells.sums(cart.contents.sums) or "—"


def shopper(cart: Any) -> str:
    """Who fills it: a name only by right, and only of a shopper who signed in."""
    if cart.owner is None:
        return _now("Anonymous")
    return str(cart.owner.name) if cart.is_named and cart.owner.name else _now("Signed in")


def _first_goods(cart: Any, shown: lists.Shown) -> Any:
    lines = cart.contents.lines
    title = lines[0].title if lines else _now("Goods of other sites")
    return format_html('<span class="clip">{}</span>', title if len(lines) < 2 else f"{title} + {len(lines) - 1}")


def _of_sites(rows: QuerySet[Any], sites: Any) -> QuerySet[Any]:
    return rows.filter(sites__overlap=sorted(sites))


CARTS = lists.List(
    name="carts",
    title=_("Live carts"),
    right="see_carts",
    rows=carts_visible_to,
    key="ref",
    narrow=_of_sites,
    columns=[
        lists.Column("goods", _("Goods"), _first_goods, css="grow"),
        lists.Column(
            "sites",
            _("Sites"),
            _sites,
            css="full",
            export=lambda cart: ", ".join(sorted({line.key.site for line in cart.contents.lines})),
        ),
        lists.Column(
            "units", _("Units"), _units, css="end", sort="units", is_named=True, export=lambda cart: cart.contents.units
        ),
        lists.Column(
            "value",
            _("Value"),
            _value,
            css="end",
            export=lambda cart: " + ".join(
                f"{cells.money_value(amount, currency)} {currency}" for currency, amount in cart.contents.sums.items()
            ),
        ),
        lists.Column("shopper", _("Shopper"), lambda cart, shown: shopper(cart), export=shopper),
        lists.moment_column("begun", _("Begun"), "created_at", css="end", is_shown=False),
        lists.moment_column("changed", _("Changed"), "updated_at", css="end"),
    ],
    default_sort="-changed",
    filters=[
        lists.Sites("site", _("Site"), narrow=_of_sites),
        lists.Dates("changed", _("Changed"), field="updated_at"),
        lists.Dates("begun", _("Begun"), field="created_at"),
    ],
    row_url=lambda cart: reverse("carts-card", args=[cart.ref]),
    prepare=_prepare,
    topic=live.CARTS,
    arrives="created_at",
    empty=lists.Empty(
        _("No cart holds anything now"),
        _("As soon as somebody puts goods into a cart in one of your sites, it appears here by itself."),
        "shopping-cart",
    ),
    help=_(
        "What lies in shoppers' carts now. You see the lines of your sites; of others only how many units there are. "
        "The value is counted with the prices of the catalogue as they are now, each currency apart. "
        "A name stands there only when the shopper signed in and your role includes customers."
    ),
)
