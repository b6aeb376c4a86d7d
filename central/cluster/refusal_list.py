"""The list of refused joins and links."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from central.cluster.models import Refusal
from central.cluster.refusals import refusals_visible_to
from central.ui.lists import Choices, Column, Dates, Empty, List, Option, Search, moment_column, number_column

DOORS = {Refusal.Door.JOIN: _("Joining"), Refusal.Door.LINK: _("Link")}

#: code -> what it says to a person; a code without words is shown as it is
REASONS = {
    "bad_request": _("what was sent is no join request"),
    "unknown_token": _("central does not know the join token"),
    "token_used": _("the join token was used by another node"),
    "token_expired": _("the join token has expired"),
    "node_revoked": _("the node was revoked"),
    "revoked": _("the node was revoked"),
    "unknown_node": _("no node of this name has joined"),
    "bad_signature": _("not signed by the node's key"),
    "stale_epoch": _("the node has joined again from another disk"),
    "rolled_back": _("the node's disk is older than what central has from it"),
    "protocol": _("the two speak no common version of the protocol"),
    "bad_frame": _("what was sent is no message of ours"),
    "too_big": _("a message was too big"),
    "bad_realm": _("it asked for a realm that is not there"),
    "bad_topic": _("it asked to follow what no node may follow"),
    "too_many_keys": _("it followed too many carts"),
    "too_many_questions": _("it asked too many questions at once"),
    "window": _("it sent more than it was given room for"),
    "handshake": _("it said nothing that proves who it is"),
    "too_often": _("it came too often"),
}


def _reason(row: Refusal) -> str:
    return str(REASONS.get(row.code, row.code))


def _at_door(rows: QuerySet[Any], doors: list[str]) -> QuerySet[Any]:
    return rows.filter(door__in=doors)


REFUSALS = List(
    name="refusals",
    path="refused-nodes",
    title=_("Refused nodes"),
    right="see_nodes",
    rows=refusals_visible_to,
    site_field="",
    columns=[
        Column("node", _("Node"), lambda one, shown: one.node or "—", sort="node", export=lambda one: one.node),
        Column("door", _("Where"), lambda one, shown: DOORS[one.door], sort="door", export=lambda one: DOORS[one.door]),
        Column("reason", _("Reason"), lambda one, shown: _reason(one), sort="code", export=_reason, css="grow"),
        Column(
            "address",
            _("Address"),
            lambda one, shown: one.address or "—",
            sort="address",
            export=lambda one: one.address,
        ),
        number_column("count", _("Times"), "count"),
        moment_column("first", _("First"), "first_at", css="end wide-only"),
        moment_column("last", _("Last"), "last_at", css="end"),
    ],
    default_sort="-last",
    filters=[
        Choices("door", _("Where"), [Option(door, title) for door, title in DOORS.items()], narrow=_at_door),
        Dates("last", _("Last"), "last_at"),
    ],
    search=Search(_("Node or address"), ("node", "address")),
    help=_(
        "Each hour has a row for who was refused where, why and from which address. A node of yours that stands here "
        "was revoked, has an old disk, or is not who it says it is. Rows are kept for 90 days."
    ),
    empty=Empty(
        _("Nobody was refused"), _("Who tries to join or to speak without the right to do so stands here."), "lock"
    ),
)
