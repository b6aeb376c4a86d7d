"""The list of nodes. A node falls silent by saying nothing, so the list asks for its rows again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from central.cluster import demo, silence
from central.cluster.fill import fill_of
from central.cluster.models import Node, Site
from central.cluster.queries import SILENT_AFTER, light_of, nodes_visible_to
from central.ui import lists
from central.ui.lists import cells
from central.ui.scope import ALL, visible_sites
from node.config import config
from sync.version import VERSION

#: what a node may be, by its light, the worst first: sorting by state shows what to look at
STATES = {"amber": _("Silent"), "red": _("Revoked"), "grey": _("Not joined yet"), "green": _("Up")}


def _nodes(user: Any) -> QuerySet[Node]:
    """Those the person may see, with the rank of their state as `rank`."""
    conditions = _conditions(timezone.now())
    ranks = [When(conditions[light], then=Value(rank)) for rank, light in enumerate(STATES)]
    return nodes_visible_to(user).annotate(rank=Case(*ranks, output_field=IntegerField()))


def _conditions(now: datetime) -> dict[str, Q]:
    """As `queries.light_of` says it, for the database."""
    joined = Q(state=Node.State.JOINED)
    return {
        "amber": joined & (Q(health__isnull=True) | Q(health__heard_at__lt=now - SILENT_AFTER)),
        "red": Q(state=Node.State.REVOKED),
        "grey": Q(state=Node.State.INVITED),
        "green": joined & Q(health__heard_at__gte=now - SILENT_AFTER),
    }


def _in_states(rows: QuerySet[Any], lights: list[str]) -> QuerySet[Any]:
    conditions, wanted = _conditions(timezone.now()), Q(pk=None)
    for light in lights:
        wanted |= conditions[light]
    return rows.filter(wanted)


def _of_sites(rows: QuerySet[Any], sites: Any) -> QuerySet[Any]:
    return rows.filter(pk__in=Site.objects.filter(pk__in=list(sites)).values("node"))


def _prepare(rows: list[Any], shown: lists.Shown) -> None:
    cut, seen = demo.links(), visible_sites(shown.request.user)
    for node in rows:
        node.light = light_of(node)
        node.heard = getattr(node, "health", None)
        node.fill = fill_of(node.heard.detail if node.heard else {})
        node.is_cut = cut.get(node.pk)
        node.seen_sites = [site.pk for site in node.sites.all() if seen is ALL or site.pk in seen]


def _name(node: Node, shown: lists.Shown) -> SafeString:
    return format_html('{} <span class="text-secondary">{}</span>', node.name, node.pk)


def _state(node: Any, shown: lists.Shown) -> SafeString:
    told = next(iter(node.silent_now), None)
    cut = format_html(' <span class="warn">{}{}</span>', cells.icon("scissors", "icon-sm"), gettext("cut"))
    mailed = (
        format_html(
            ' <span class="warn" title="{}">{}{} {}</span>',
            gettext("Its operator and staff were told by mail"),
            cells.icon("mail", "icon-sm"),
            gettext("told"),
            cells.ago(told.noticed_at),
        )
        if told
        else ""
    )
    badge = cells.badge(str(STATES[node.light]), node.light)
    return format_html(
        '<span data-node="{}" data-light="{}">{}</span>{}{}',
        node.pk, node.light, badge, cut if node.is_cut else "", mailed,
    )  # fmt: skip


def _heard(node: Any, shown: lists.Shown) -> Any:
    return cells.ago(node.heard.heard_at) if node.heard else "—"


def _said(name: str) -> Any:
    return lambda node, shown: cells.number(getattr(node.heard, name) if node.heard else None)


def _pictures(node: Any, shown: lists.Shown) -> Any:
    return "—" if node.fill.percent is None else format_html("{} %", node.fill.percent)


def _link(node: Any, shown: lists.Shown) -> str:
    """The demo's own buttons: cut the link, heal it."""
    context = {"row": {"node": node, "is_cut": node.is_cut}, "from": "nodes"}
    return render_to_string("cluster/parts/cut_heal.html", context, request=shown.request)


def _central(request: Any) -> Mapping[str, Any]:
    return {"url": config().base_url, "version": VERSION, "silent_after": silence.watch().silent_after_minutes}


NODES = lists.List(
    name="nodes",
    title=_("Nodes"),
    right="see_nodes",
    rows=_nodes,
    narrow=_of_sites,
    columns=[
        lists.Column("name", _("Node"), _name, sort="name", export=lambda node: f"{node.name} ({node.pk})", css="grow"),
        lists.Column("state", _("State"), _state, sort="rank", export=lambda node: str(STATES[node.light])),
        lists.Column(
            "sites",
            _("Sites"),
            lambda node, shown: cells.sites(shown, node.seen_sites),
            export=lambda node: ", ".join(node.seen_sites),
            css="full",
        ),
        lists.Column(
            "heard",
            _("Heartbeat"),
            _heard,
            sort="health__heard_at",
            export=lambda node: cells.moment_value(node.heard and node.heard.heard_at),
        ),
        lists.Column(
            "lag",
            _("Lag"),
            _said("lag"),
            sort="health__lag",
            export=lambda node: node.heard and node.heard.lag,
            css="end",
            is_named=True,
        ),
        lists.Column(
            "backlog",
            _("Backlog"),
            _said("backlog"),
            sort="health__backlog",
            export=lambda node: node.heard and node.heard.backlog,
            css="end",
            is_named=True,
        ),
        lists.Column(
            "pictures",
            _("Pictures"),
            _pictures,
            export=lambda node: node.fill.percent,
            css="end number",
            is_named=True,
        ),
        lists.Column(
            "version",
            _("Version"),
            lambda node, shown: (node.heard and node.heard.version) or "—",
            sort="health__version",
            export=lambda node: node.heard and node.heard.version,
            css="text-secondary wide-only",
        ),
        lists.Column("link", _("Link"), _link, css="end", right="manage_nodes", is_there=demo.is_demo),
    ],
    default_sort="name",
    filters=[
        lists.Choices(
            "state",
            _("State"),
            [lists.Option(light, title, tone=light) for light, title in STATES.items()],
            narrow=_in_states,
        ),
        lists.Sites("site", _("Site"), narrow=_of_sites),
        lists.Flag("behind", _("Holds back"), Q(health__backlog__gt=0) | Q(health__lag__gt=0)),
    ],
    search=lists.Search(_("Name or id of a node"), ("name", "id")),
    row_url=lambda node: reverse("nodes-one", args=[node.pk]),
    prepare=_prepare,
    ticks=True,
    buttons=[
        lists.Button(_("Refused nodes"), "refusals", "lock", right="see_nodes"),
        lists.Button(_("Silent nodes"), "nodes-watch", "mail", right="manage_nodes"),
        lists.Button(_("Invite a node"), "nodes-invite", right="manage_nodes"),
    ],
    head="cluster/parts/central.html",
    head_context=_central,
    help=_(
        "Each node is a machine that serves shops and sells on while it is cut off from central. Green: heard from "
        "within the last seconds. Amber: silent. Red: revoked. Grey: invited, not joined yet. Lag: changes of central "
        "the node has not applied yet. Backlog: orders and cart changes it holds that central has not taken in yet. "
        "Pictures: how many of those its pages name it has fetched. A node that stays silent is told of by mail, once."
    ),
    empty=lists.Empty(
        _("No nodes yet"),
        _("A node is a machine that serves shops. Invite one: you get a token to paste on it."),
        "server-2",
    ),
)
