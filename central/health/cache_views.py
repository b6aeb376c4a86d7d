"""The screen of the program cache: where each node keeps, how often it is of use, and a button that empties it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from central.cluster.queries import light_of, nodes_visible_to
from central.health.gathering import health_shown
from central.ui.explain import explain
from central.ui.scope import ALL, visible_sites
from central.ui.screens import StaffRequest, may, screen
from infra.caching.figures import CacheFigures, KindFigures
from infra.caching.node import node_cache
from node.errors import RialtoError
from sync.questions import NodeAway, ask

SEE = "see_health"
EMPTY = "manage_nodes"


@dataclass(frozen=True)
class CacheRow:
    """`node` "" is central. `cache` None: the node tells nothing of it."""

    node: str
    name: str
    cache: CacheFigures | None


@screen(SEE)
def caches(request: StaffRequest) -> HttpResponse:
    health = health_shown(request.user)
    rows = [CacheRow("", _("Central"), health.cache)] if health.cache is not None else []
    rows += [CacheRow(node.node, node.name, node.cache) for node in health.nodes]
    context = {
        "rows": rows,
        "kinds": [(row.name, kind) for row in rows if row.cache for kind in row.cache.kinds if _was_asked(kind)],
        "can_empty": may(request.user, EMPTY),
    }
    return render(request, "health/parts/caches.html" if request.htmx else "health/caches.html", context)


def _was_asked(kind: KindFigures) -> bool:
    return bool(kind.near + kind.far + kind.made)


@screen(EMPTY, methods=["POST"])
def empty(request: StaffRequest) -> HttpResponse:
    node = request.POST.get("node", "")
    try:
        if node:
            name = _empty_node(request, node)
        elif visible_sites(request.user) is ALL:
            node_cache().empty()
            name = _("Central")
        else:
            raise Http404  # central's belongs to all sites
    except RialtoError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, _("The program cache is empty: %(node)s.") % {"node": name})
    return redirect("cluster-health-cache")


def _empty_node(request: StaffRequest, node_id: str) -> str:
    """Raises `NodeAway`, `NodeRefused`, `Http404`."""
    node = nodes_visible_to(request.user).filter(pk=node_id).first()
    if node is None:
        raise Http404
    if light_of(node) != "green":
        raise NodeAway(f"the node '{node_id}' is cut off")
    ask(node.pk, "cache_empty", b"")
    return node.name
