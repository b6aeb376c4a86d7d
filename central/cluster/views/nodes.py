"""Screens of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from central.cluster import actions, demo, queries, silence
from central.cluster.errors import UnknownNode
from central.cluster.fill import Fill, by_realm, fill_of
from central.cluster.forms import InviteForm, WatchForm
from central.cluster.models import Node, Silence, Site
from central.cluster.node_history import fingerprint, history_of
from central.cluster.node_list import STATES
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, screen
from node.config import config


@dataclass(frozen=True)
class NodeRow:
    """A node as its list shows it; `sites` are those the reader may see, `is_cut` is None outside a demo."""

    node: Node
    light: str
    state: str
    sites: list[Site]
    health: Any
    fill: Fill
    #: the silence people were told of and which lasts, None while there is none
    silence: Silence | None
    is_cut: bool | None


@screen("see_nodes")
def node(request: StaffRequest, node_id: str) -> HttpResponse:
    row = _row(request, node_id)
    context = {
        "row": row,
        "is_demo": demo.is_demo(),
        "invites": row.node.invites.filter(used_by="", expires_at__gt=timezone.now()).order_by("-created_at"),
        "has_joined": row.node.state == Node.State.JOINED,
        "by_realm": by_realm(row.health.detail) if row.health else [],
        "keys": [(_("Signs with"), fingerprint(row.node.sign_key)), (_("Sealed to"), fingerprint(row.node.seal_key))],
        "history": history_of(row.node),
        "is_revoked": row.node.state == Node.State.REVOKED,
    }
    return render(request, "cluster/parts/node_state.html" if request.htmx else "cluster/node.html", context)


@screen("manage_nodes", methods=["GET", "HEAD", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    """A one-time token is shown in the answer to the POST and never again, so there is no redirect after it."""
    sites = [(site.id, site.name) for site in queries.sites_visible_to(request.user)]
    form = InviteForm(request, initial=_initial(_known(request, request.GET.get("node", ""))), sites=sites)
    if form.is_saveable() and _may_touch(request, form):
        data = {**form.cleaned_data}
        with form.refusals():
            token = actions.invite_node(data.pop("id"), by=request.user.username, central_url=config().base_url, **data)
            return render(request, "cluster/invited.html", {"token": token, "form": form})
    return form.page(
        _("Invite a node"),
        back=("nodes", _("Nodes")),
        help=_(
            "You get a token that can be used once. It names central's key, so the new node knows whom it speaks to "
            "whatever network lies between."
        ),
    )


@screen("manage_nodes", methods=["GET", "HEAD", "POST"])
def watch(request: StaffRequest) -> HttpResponseBase:
    """When people are told of a silent node: one setting for the whole cluster."""
    found = silence.watch()
    initial = {"silent_after_minutes": found.silent_after_minutes}
    form = WatchForm(request, initial=initial, ver=found.ver, may_edit=visible_sites(request.user) is ALL)
    if form.is_saveable():
        silence.set_watch(by=request.user.username, **form.cleaned_data)
        return form.saved(_("Saved."), "nodes")
    return form.page(_("Silent nodes"), back=("nodes", _("Nodes")))


@screen("manage_nodes", methods=["POST"])
def revoke(request: StaffRequest, node_id: str) -> HttpResponseBase:
    found = _row(request, node_id).node
    actions.revoke_node(found.id, by=request.user.username)
    messages.success(request, _("%(node)s is revoked. Its link closes within five seconds.") % {"node": found.name})
    return redirect("nodes-one", node_id)


@screen("manage_nodes", methods=["POST"])
def cut(request: StaffRequest, node_id: str) -> HttpResponseBase:
    demo.cut(_row(request, node_id).node.id)
    messages.success(request, _("The link is cut. The shop goes on selling."))
    return redirect(_back(request))


@screen("manage_nodes", methods=["POST"])
def heal(request: StaffRequest, node_id: str) -> HttpResponseBase:
    demo.heal(_row(request, node_id).node.id)
    messages.success(request, _("The link is healed. What waited is on its way."))
    return redirect(_back(request))


def _back(request: StaffRequest) -> str:
    return "home" if request.POST.get("from") == "home" else "nodes"


def node_rows(user: Any) -> list[NodeRow]:
    """The nodes a person may see, by id: a row that changes its state stays where the mouse is."""
    cut_links = demo.links()
    seen = visible_sites(user)
    return [_as_row(found, seen, cut_links) for found in queries.nodes_visible_to(user).order_by("id")]


def _as_row(found: Node, seen: Any, cut_links: dict[str, bool]) -> NodeRow:
    light = queries.light_of(found)
    health = getattr(found, "health", None)
    return NodeRow(
        node=found,
        light=light,
        state=str(STATES[light]),
        sites=[site for site in found.sites.all() if seen is ALL or site.id in seen],
        health=health,
        fill=fill_of(health.detail if health else {}),
        silence=next(iter(getattr(found, "silent_now", [])), None),
        is_cut=cut_links.get(found.id),
    )


def _row(request: StaffRequest, node_id: str) -> NodeRow:
    """Raises `UnknownNode`, also for a node that serves no site of the person's."""
    found = queries.nodes_visible_to(request.user).filter(pk=node_id).first()
    if found is None:
        raise UnknownNode(node_id)
    return _as_row(found, visible_sites(request.user), demo.links())


def _known(request: StaffRequest, node_id: str) -> Node | None:
    return queries.nodes_visible_to(request.user).filter(pk=node_id).first() if node_id else None


def _initial(again: Node | None) -> dict[str, Any]:
    """The form of a node that was there before; its e-mail too, so that inviting again does not lose it."""
    if again is None:
        return {}
    sites = [site.id for site in again.sites.all()]
    return {
        "id": again.id,
        "name": again.name,
        "sites": sites,
        "operator_email": again.operator_email,
        "operator_language": again.operator_language,
    }


def _may_touch(request: StaffRequest, form: InviteForm) -> bool:
    """Staff limited to sites invite new nodes and their own; a foreign node's id is taken, no more is said."""
    node_id = form.cleaned_data["id"]
    if _known(request, node_id) is None and Node.objects.filter(pk=node_id).exists():
        form.add_error("id", _("This id is taken."))
        return False
    return True
