"""The ready roles. A role is a Django group; admins may make more, these four are kept as they are here."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

ADMIN: Final = "admin"
MANAGER: Final = "manager"
OPERATOR: Final = "operator"
VIEWER: Final = "viewer"

#: role -> codenames of `Right`
ROLES: Final[dict[str, tuple[str, ...]]] = {
    ADMIN: (
        "see_orders",
        "work_orders",
        "decide_duplicates",
        "make_orders",
        "price_orders",
        "see_customers",
        "edit_customers",
        "merge_customers",
        "erase_customers",
        "see_products",
        "edit_products",
        "see_stock",
        "edit_stock",
        "write_off_stock",
        "manage_warehouses",
        "take_over_fields",
        "manage_pictures",
        "see_sites",
        "manage_sites",
        "see_nodes",
        "manage_nodes",
        "see_realms",
        "manage_realms",
        "see_health",
        "move_realms",
        "rotate_keys",
        "see_cdn",
        "manage_cdn",
        "see_pages",
        "manage_pages",
        "mend_jobs",
        "see_carts",
        "import_goods",
        "manage_seo",
        "see_staff",
        "manage_staff",
        "manage_keys",
        "export_data",
    ),
    MANAGER: (
        "see_orders",
        "work_orders",
        "decide_duplicates",
        "make_orders",
        "see_customers",
        "edit_customers",
        "merge_customers",
        "see_products",
        "edit_products",
        "see_stock",
        "edit_stock",
        "write_off_stock",
        "manage_warehouses",
        "take_over_fields",
        "manage_pictures",
        "see_sites",
        "see_nodes",
        "see_cdn",
        "see_pages",
        "manage_pages",
        "see_carts",
        "import_goods",
        "manage_seo",
        "see_staff",
        "export_data",
    ),
    OPERATOR: (
        "see_orders",
        "work_orders",
        "decide_duplicates",
        "see_customers",
        "edit_customers",
        "see_products",
        "see_stock",
        "see_carts",
    ),
    VIEWER: ("see_orders", "see_products", "see_sites"),
}

TITLES: Final = {
    ADMIN: _("Administrator"),
    MANAGER: _("Manager"),
    OPERATOR: _("Operator"),
    VIEWER: _("Viewer"),
}


def title_of(role: str) -> str:
    """A ready role in the language of the page; a role of one's own is called what it is called."""
    return str(TITLES.get(role, role))


def make_roles(using: str = "default", **kwargs: Any) -> None:
    """Give each ready role exactly its rights; runs after every migrate of `cluster`."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.auth.models import Group, Permission

    from node.realms import CLUSTER, alias_of

    if using != alias_of(CLUSTER):
        return
    # Receivers of post_migrate run in the order of connection, which the order of INSTALLED_APPS decides.
    create_permissions(kwargs["sender"], verbosity=0, using=using)
    rights = {right.codename: right for right in Permission.objects.filter(content_type__app_label="accounts")}
    for role, codenames in ROLES.items():
        group, _made = Group.objects.get_or_create(name=role)
        group.permissions.set(rights[codename] for codename in codenames)
