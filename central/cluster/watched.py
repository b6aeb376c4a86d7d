"""Whose changes are kept: sites, groups of sites, nodes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from central.cluster.models import Node, Site, SiteGroup
from central.ui.watching import watch

watch(
    Site,
    title=_("Site"),
    right="see_sites",
    site="id",
    fields=(
        "name", "label", "colour", "origin", "extra_hosts", "language", "currency", "theme", "cart_group", "group",
        "node", "parent", "inherits", "locks", "is_active", "texts", "deliveries", "payments",
    ),
    card="sites-one",
)  # fmt: skip
watch(SiteGroup, title=_("Group of sites"), right="see_sites", is_wide=True, fields=("title", "parent"))
watch(
    Node,
    title=_("Node"),
    right="see_nodes",
    is_wide=True,
    fields=("name", "state", "epoch", "sign_key", "operator_email", "revoked_by"),
    personal=("operator_email",),
    card="nodes-one",
)
