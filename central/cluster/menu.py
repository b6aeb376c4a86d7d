"""What the desk shows of nodes and sites besides their screens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from central.cluster import demo
from central.cluster.models import Site, SiteGroup
from central.cluster.moving.words import MOVE_REASONS
from central.cluster.queries import nodes_visible_to, sites_visible_to
from central.cluster.realm_health import down_since
from central.cluster.realm_words import REALM_WORDS
from central.ui import live
from central.ui.away import add_words
from central.ui.explain import add_sentences, in_words
from central.ui.menu import Action, Card, Entry, Hit, Search, add_action, add_card, add_entry, add_search
from central.ui.sites import GroupLook, SiteLook, read_groups_by, read_sites_by


def _looks() -> Iterable[SiteLook]:
    for site, label, colour, group in Site.objects.values_list("id", "label", "colour", "group"):
        yield SiteLook(site, label, colour, group or "")


def _groups() -> Iterable[GroupLook]:
    for group, title, parent in SiteGroup.objects.values_list("id", "title", "parent"):
        yield GroupLook(group, title, parent or "")


def _find_sites(user: Any, text: str, limit: int) -> Iterable[Hit]:
    folded = text.casefold()
    for site in sites_visible_to(user):
        if folded in f"{site.id} {site.name} {site.label}".casefold():
            yield Hit(site.name, f"/sites/{site.id}", "building-store", note=site.id, site=site.id)


def _find_nodes(user: Any, text: str, limit: int) -> Iterable[Hit]:
    named = Q(pk__icontains=text) | Q(name__icontains=text)
    for node in nodes_visible_to(user).filter(named).order_by("name")[:limit]:
        yield Hit(node.name, reverse("nodes-one", args=[node.pk]), "server-2", note=node.pk)


def _nodes_card(request: Any) -> dict[str, Any]:
    from central.cluster.views.nodes import node_rows

    return {"rows": node_rows(request.user), "is_demo": demo.is_demo()}


def _realms_card(request: Any) -> dict[str, Any]:
    down = sorted(down_since().items())
    return {"rows": [{"realm": realm, "since": since, "without": REALM_WORDS[realm][1]} for realm, since in down]}


read_sites_by(_looks)
read_groups_by(_groups)
add_entry(Entry(0, "home", _("Home"), "home", None, "h"))
add_entry(Entry(30, "nodes", _("Nodes"), "server-2", "see_nodes", "n"))
add_action(
    Action(31, "nodes-invite", _("Invite a node"), "manage_nodes", "plus", where=("home",), words=_("add new node"))
)
add_entry(Entry(33, "refusals", _("Refused nodes"), "lock", "see_nodes", in_side_bar=False))
add_action(Action(32, "nodes-watch", _("Silent nodes"), "manage_nodes", "clock", where=("nodes",)))
add_entry(Entry(40, "sites", _("Sites"), "building-store", "see_sites", "s"))
add_action(
    Action(41, "sites-new", _("Register a site"), "manage_sites", "plus", where=("home",), words=_("add new site shop"))
)
add_entry(Entry(42, "sites-groups", _("Groups of sites"), "building-store", "see_sites", in_side_bar=False))
add_action(
    Action(
        43,
        "sites-groups-new",
        _("Make a group"),
        "manage_sites",
        "plus",
        where=("sites",),
        words=_("add new group of sites"),
    )
)
add_entry(Entry(44, "regions", _("Regions"), "map-pin", "see_sites", in_side_bar=False))
add_action(
    Action(45, "regions-new", _("Add a region"), "manage_sites", "plus", where=("regions",), words=_("add new city"))
)
add_entry(Entry(46, "words", _("Words of the shops"), "language", "see_sites", in_side_bar=False))
add_entry(Entry(50, "realms", _("Realms"), "list", "see_realms", "r"))
add_action(Action(51, "realms-test", _("Test a database"), "manage_realms", "search", words=_("check realm move")))
add_entry(Entry(90, "profile", _("Profile"), "user", in_side_bar=False))
add_search("sites", Search(_("Sites"), "see_sites", _find_sites))
add_search("nodes", Search(_("Nodes"), "see_nodes", _find_nodes))
add_card(
    Card(30, "nodes", "see_nodes", "cluster/parts/home_nodes.html", _nodes_card, (live.NODES,), wide=True, ticks=True)
)
add_card(Card(4, "realms", "see_realms", "cluster/parts/home_realms.html", _realms_card, (live.REALMS,), wide=True))
add_words({realm: without for realm, (_holds, without) in REALM_WORDS.items()})
add_sentences(
    {
        "unknown_node": _("There is no such node among those you may see."),
        "unknown_site": _("There is no such site among those you may see."),
        "unknown_group": _("There is no such group of sites among those you may see."),
        "realm_move_refused": lambda error: in_words(str(error), MOVE_REASONS),
        "move_stopped": _("The move was ended before the switch: the realm is where it was."),
        "move_doubt": _("The two databases were not the same: the realm is where it was."),
        "move_undecided": _("The old database does not answer: nobody can tell yet where the realm is."),
        "unknown_region": _("There is no such region among those you may see."),
        "unknown_language": _("The shop does not speak this language."),
        "region_in_use": lambda error: _("It is needed by: %(users)s.") % error.data,
        "bad_field": _("One of the fields holds what it may not."),
        "name_taken": _("This id is taken."),
        "demo_control_failed": _("The demo does not answer, or knows no such node."),
        "no_demo": _("Links can be cut by hand in a demo only."),
    }
)
