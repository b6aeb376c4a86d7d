"""The queue of doubts: records that may be one person, for a person to say."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from central.people.merging import decide_apart, decide_same, doubt_again, undo_merge
from central.people.models import Customer, Doubt
from central.people.queries import of_sites
from central.shoppers.clients import doubts_visible_to, title_of
from central.ui import lists
from central.ui.lists import cells

STATES = (
    lists.Option(Doubt.State.OPEN, _("Waiting"), "amber"),
    lists.Option(Doubt.State.SAME, _("One person"), "green"),
    lists.Option(Doubt.State.APART, _("Two people"), "grey"),
)
WHYS = (
    lists.Option(Doubt.Why.PHONE, _("The same phone")),
    lists.Option(Doubt.Why.EMAIL, _("The same e-mail")),
)


def _rows(user: Any) -> QuerySet[Any]:
    waits_first = Case(When(state=Doubt.State.OPEN, then=Value(0)), default=Value(1))
    found: QuerySet[Any] = doubts_visible_to(user).annotate(is_decided=waits_first)
    return found


def _in_view(rows: QuerySet[Any], sites: frozenset[str]) -> QuerySet[Any]:
    there = Customer.objects.filter(of_sites(sites)).values("pk")
    return rows.filter(Q(one__in=there) | Q(two__in=there))


def _client(client: Customer, shown: lists.Shown) -> SafeString:
    return cells.two_lines(title_of(client), " · ".join(text for text in (client.phone, client.email) if text))


def _site(doubt: Any, shown: lists.Shown) -> SafeString:
    return cells.sites(shown, dict.fromkeys((doubt.customer.source_site, doubt.other.source_site), 1))


def _option(options: tuple[lists.Option, ...], value: str) -> lists.Option:
    return next(one for one in options if one.value == value)


def _state(doubt: Any, shown: lists.Shown) -> SafeString:
    state = _option(STATES, doubt.state)
    return cells.two_lines(cells.badge(str(state.title), state.tone), doubt.decided_by)


def _buttons(doubt: Any, shown: lists.Shown) -> SafeString:
    return render_to_string("shoppers/desk/decide.html", {"doubt": doubt}, request=shown.request)


def _same(doubt: Any, user: Any, filled: dict[str, Any]) -> dict[str, int]:
    return {"merge": decide_same(doubt.pk, by=user.username).pk}


def _not_same(doubt: Any, user: Any, told: dict[str, int]) -> None:
    undo_merge(told["merge"], by=user.username)


def _apart(doubt: Any, user: Any, filled: dict[str, Any]) -> dict[str, str]:
    return {"state": str(decide_apart(doubt.pk, by=user.username).state)}


def _again(doubt: Any, user: Any, told: dict[str, str]) -> None:
    doubt_again(doubt.pk, by=user.username)


DOUBTS = lists.List(
    name="doubts",
    title=_("Doubts"),
    right="merge_customers",
    rows=_rows,
    narrow=_in_view,
    columns=[
        lists.Column(
            "one", _("Client"), lambda doubt, shown: _client(doubt.customer, shown),
            export=lambda doubt: title_of(doubt.customer), css="grow",
        ),
        lists.Column(
            "two", _("Perhaps the same"), lambda doubt, shown: _client(doubt.other, shown),
            export=lambda doubt: title_of(doubt.other), css="full",
        ),
        lists.Column(
            "why", _("Why"), lambda doubt, shown: str(_option(WHYS, doubt.why).title),
            sort="why", export=lambda doubt: str(_option(WHYS, doubt.why).title),
        ),
        lists.Column("sites", _("Came from"), _site, css="wide-only"),
        lists.moment_column("since", _("Since"), "at", css="wide-only"),
        lists.Column(
            "state", _("State"), _state, sort="is_decided",
            export=lambda doubt: str(_option(STATES, doubt.state).title),
        ),
        lists.Column("decide", _("Decide"), _buttons, css="full"),
    ],
    default_sort="state",
    filters=[lists.Choices("state", _("State"), STATES), lists.Choices("why", _("Why"), WHYS)],
    row_url=lambda doubt: reverse("clients-merge", args=[doubt.one, doubt.two]) if doubt.one != doubt.two
    else reverse("clients-card", args=[doubt.one]),
    bulk=[
        lists.BulkAction(
            "apart", _("Two people"), "merge_customers", _apart, undo=_again, icon="users",
            asks=_("Each of these pairs is noted as two people, and nobody is asked again."),
        ),
        lists.BulkAction(
            "same", _("One person"), "merge_customers", _same, undo=_not_same, icon="user",
            asks=_(
                "Each of these pairs becomes one client: who can sign in stays, else who came first. "
                "It can be taken back."
            ),
        ),
    ],
    help=_(
        "Two records with one phone or one e-mail, and nothing that proves that they are one person. Open a pair to "
        "see both side by side and to choose what stays."
    ),
    empty=lists.Empty(_("No doubts"), _("Records that may be one person stand here until somebody says."), "users"),
)  # fmt: skip
