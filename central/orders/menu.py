"""What the desk shows of orders besides their screens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.orders.models import OrderStatus
from central.orders.queries import OrderFilter, filtered_orders, orders_page, orders_visible_to
from central.ui import live, sites
from central.ui.explain import add_sentences, in_words
from central.ui.menu import Action, Card, Entry, Hit, Search, add_action, add_card, add_entry, add_search
from central.ui.screens import may
from central.ui.view_scope import sites_in_view
from node.errors import RialtoError

#: why an order that was asked for cannot be placed
_REFUSED = [
    (r"this is no phone number.*", _("This is no phone number; write it with its country code.")),
    (r"this is no e-mail address", _("This is no e-mail address.")),
    (r"this shop is switched off", _("This shop is switched off.")),
    (r"a unit stands in two lines.*", _("A unit stands in two lines: add its units up.")),
    (r"the shop does not sell this", _("The shop does not sell this.")),
    (r"there is no rate from (?P<base>\w+) to (?P<quote>\w+)", _("There is no rate from %(base)s to %(quote)s.")),
    (r"the shop does not deliver so", _("The shop does not deliver so.")),
    (r"this way of delivery needs an address", _("This way of delivery needs an address.")),
    (r"one cannot pay so here", _("One cannot pay so here.")),
]


def _too_few(error: RialtoError) -> str:
    """Which goods lack, and what is left of each."""
    lines: Any = error.data.get("lines", [])
    left = "; ".join(_now("%(sku)s: %(left)s left") % line for line in lines)
    return _now("There are not that many: %(lines)s. Nothing was sold.") % {"lines": left}


def _find_orders(user: Any, text: str, limit: int) -> Iterable[Hit]:
    wanted = OrderFilter(search=text, finds_customers=may(user, "see_customers"))
    for order in orders_page(user, wanted, limit=limit).rows:
        yield Hit(order.number, reverse("orders-card", args=[order.pk]), "receipt", order.status.title, order.site)


def _today(request: Any) -> dict[str, Any]:
    """Orders since midnight of the server's day, per site where they were placed."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    orders = _in_view(request)
    rows = orders.filter(received_at__gte=midnight).order_by().values("site", "currency")
    found = rows.annotate(count=Count("pk"), total=Sum("total")).order_by("site")
    waiting = orders.filter(status__group=OrderStatus.Group.NEW).count()
    pending = orders.filter(pending_units__gt=0, status__is_final=False).count()
    by_site: dict[str, dict[str, Any]] = {}
    shown = sites_in_view(request)
    for look in sites.looks(request).values():
        if shown is None or look.id in shown:
            by_site[look.id] = {"site": look.id, "count": 0, "totals": []}
    for row in found:
        site = by_site.setdefault(row["site"], {"site": row["site"], "count": 0, "totals": []})
        site["count"] += row["count"]
        site["totals"].append((row["total"], row["currency"]))
    visible = _visible(request, by_site)
    return {
        "sites": visible,
        "count": sum(site["count"] for site in visible),
        "waiting": waiting,
        "pending": pending,
        "first_status": OrderStatus.objects.filter(is_first=True).first(),
    }


def _visible(request: Any, by_site: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    from central.accounts.scope import ALL, visible_sites

    seen = visible_sites(request.user)
    return [row for site, row in by_site.items() if seen is ALL or site in seen]


def _newest(request: Any) -> dict[str, Any]:
    wanted = OrderFilter(sites=tuple(sorted(sites_in_view(request) or ())))
    page = orders_page(request.user, wanted, limit=6)
    fresh = timezone.now() - timedelta(seconds=20)
    return {"orders": page.rows, "fresh": fresh}


def _pairs(request: Any) -> dict[str, Any]:
    from central.orders.pairs import SHOWN, names_of_pair, pairs_visible_to

    waiting = pairs_visible_to(request.user).filter(decision="")
    rows = names_of_pair(waiting[:SHOWN], request.user)
    return {"rows": rows, "count": waiting.count() if rows else 0}


def _in_view(request: Any) -> Any:
    orders = orders_visible_to(request.user)
    shown = sites_in_view(request)
    return orders if shown is None else filtered_orders(orders, OrderFilter(sites=tuple(sorted(shown))))


add_entry(Entry(10, "orders", _("Orders"), "receipt", "see_orders", "o"))
add_entry(Entry(11, "orders-lines", _("Order lines"), "list", "see_orders", in_side_bar=False))
add_entry(Entry(12, "orders-duplicates", _("Duplicate suspects"), "copy", "decide_duplicates", in_side_bar=False))
add_action(
    Action(
        13, "orders-new", _("New order"), "make_orders", "plus", where=("home", "orders"), words=_("call phone by hand")
    )
)
add_search("orders", Search(_("Orders"), "see_orders", _find_orders))
add_card(Card(10, "today", "see_orders", "orders/parts/home_today.html", _today, (live.ORDERS,), wide=True))
add_card(Card(20, "newest", "see_orders", "orders/parts/home_newest.html", _newest, (live.ORDERS,), wide=True))
add_card(Card(6, "pairs", "decide_duplicates", "orders/parts/home_pairs.html", _pairs, (live.ORDERS,), wide=True))
add_sentences(
    {
        "unknown_order": _("There is no such order among those you may see."),
        "unknown_status": _("There is no such status."),
        "stale_order": _("Order %(number)s was changed meanwhile. Look at it again."),
        "unknown_pair": _("There is no such pair of orders among those you may see."),
        "bad_order": lambda error: in_words(str(error), _REFUSED),
        "broken_order": _("This order contradicts itself."),
        "not_enough": _too_few,
        "order_conflict": _("Order %(number)s is here already with another content."),
        "already_decided": _("Somebody has decided otherwise already."),
        "cannot_cancel": _("Order %(number)s is too far on its way to be cancelled here."),
        "move_refused": _("Order %(number)s cannot go there from the status it is in now."),
    }
)
