"""What lists of orders and of their lines are filtered by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from central.orders.history import payment_titles
from central.orders.models import Order, OrderStatus
from central.orders.queries import all_statuses, ordered_by
from central.ui import lists, texts, view_scope
from central.ui.lists.filters import Given, Text
from sync.contracts.money import minor_digits

#: currencies whose minor unit has not two digits; amounts are compared in whole units
_DIGITS = (0, 2, 3)


@dataclass(frozen=True)
class Person(Text):
    """The customer by his phone, his e-mail or whole words of his name. `prefix` leads from a row to its order."""

    prefix: str = ""

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        return rows.filter(ordered_by(given[self.key][0], self.prefix))

    def words(self, name: str, value: str, request: Any) -> str:
        return _now("Customer: %(text)s") % {"text": value}


@dataclass(frozen=True)
class Amount(Text):
    """The order's total, in whole units of whatever its currency is. `side`: "gte" or "lte"."""

    side: Literal["gte", "lte"] = "gte"
    prefix: str = ""

    def accepts(self, value: str, request: Any) -> bool:
        try:
            return texts.parse_money(value, "RUB") >= 0
        except ValueError:
            return False

    def apply(self, rows: QuerySet[Any], given: Given) -> QuerySet[Any]:
        hundredths = texts.parse_money(given[self.key][0], "RUB")
        total, currency = f"{self.prefix}total__{self.side}", f"{self.prefix}currency__in"
        used = set(Order.objects.order_by().values_list("currency", flat=True).distinct())
        found = Q(pk__in=[])
        for digits in _DIGITS:
            of_these = [one for one in used if minor_digits(one) == digits]
            found |= Q(**{currency: of_these, total: hundredths * 10**digits // 100})
        return rows.filter(found)


def _statuses(request: Any) -> Iterable[lists.Option]:
    return [lists.Option(one.code, one.title, one.colour) for one in all_statuses()]


def _groups(request: Any) -> Iterable[lists.Option]:
    titles = {
        OrderStatus.Group.NEW: _now("New"),
        OrderStatus.Group.ACCEPTED: _now("Being worked on"),
        OrderStatus.Group.SHIPPED: _now("On their way"),
        OrderStatus.Group.DONE: _now("Carried out"),
        OrderStatus.Group.CANCELLED: _now("Cancelled or returned"),
    }
    return [lists.Option(group.value, title) for group, title in titles.items()]


def all_sites(request: Any) -> Iterable[lists.Option]:
    """Sites that lines may come from: all of the person's, for an order of one site holds lines of others."""
    return [lists.Option(look.id, look.label, site=look.id) for look in view_scope.choices(request)]


def _payments(request: Any) -> Iterable[lists.Option]:
    return [lists.Option(code, title) for code, title in payment_titles().items()]


def order_filters(prefix: str, *, of_site: lists.Filter, of_line: lists.Filter) -> list[lists.Filter]:
    """The filters that both lists have; `prefix` leads from a row to its order."""
    return [
        of_site,
        of_line,
        lists.Choices("status", _("Status"), _statuses, field=f"{prefix}status"),
        lists.Choices("group", _("Stage"), _groups, field=f"{prefix}status__group"),
        Person("person", _("Phone, mail or name"), right="see_customers", prefix=prefix),
        lists.Dates("received", _("Received"), field=f"{prefix}received_at"),
        Amount("total_from", _("Total from"), side="gte", prefix=prefix),
        Amount("total_to", _("Total to"), side="lte", prefix=prefix),
        lists.Choices("payment", _("Payment"), _payments, field=f"{prefix}payment_provider"),
    ]
