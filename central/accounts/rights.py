"""The rights in words, grouped as a person looks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class RightGroup:
    title: Promise
    #: codename of `models.Right` -> what it allows
    rights: dict[str, Promise]


GROUPS: Final = (
    RightGroup(
        _("Orders and customers"),
        {
            "see_orders": _("See orders"),
            "work_orders": _("Move orders and comment on them"),
            "decide_duplicates": _("Decide what becomes of suspected duplicates of orders"),
            "make_orders": _("Place orders for shoppers, at the catalogue's prices"),
            "price_orders": _("Place orders at prices of one's own"),
            "see_customers": _("See names, phones and addresses of customers"),
            "edit_customers": _("Change customers' records"),
            "merge_customers": _("Say which records are one person, and take it back"),
            "erase_customers": _("Erase customers for ever"),
            "see_carts": _("See what is in shoppers' carts"),
        },
    ),
    RightGroup(
        _("Goods"),
        {
            "see_products": _("See products"),
            "edit_products": _("Change products: texts, prices, pictures"),
            "see_stock": _("See warehouses, the stock ledger and the audit of the books"),
            "edit_stock": _("Change stock"),
            "write_off_stock": _("Write off what a lost edge held"),
            "manage_warehouses": _("Add, change and switch off warehouses"),
            "take_over_fields": _("Take fields of products over from the source that feeds them"),
            "import_goods": _("Import goods"),
            "manage_seo": _("Change what search engines read: patterns, redirects, feeds"),
            "manage_pictures": _("See and change how pictures are made for shops"),
        },
    ),
    RightGroup(
        _("Cluster"),
        {
            "see_sites": _("See sites"),
            "manage_sites": _("Register and change sites"),
            "see_nodes": _("See nodes"),
            "manage_nodes": _("Invite and revoke nodes"),
            "see_realms": _("See realms"),
            "manage_realms": _("Test and change where realms live"),
            "see_health": _("See the health of the cluster, also as metrics"),
            "move_realms": _("Move realms to other databases"),
            "rotate_keys": _("See encryption keys, change and retire them"),
            "see_cdn": _("See what the CDN is asked for, and its limits"),
            "manage_cdn": _("Change CDN accounts and zones, purge by hand"),
            "see_pages": _("See pages of shops, broken links and how fast they are"),
            "manage_pages": _("Have pages made anew, leave them out, ignore broken links"),
            "mend_jobs": _("See failed jobs, try them again or give them up"),
        },
    ),
    RightGroup(
        _("Staff and data"),
        {
            "see_staff": _("See staff and roles"),
            "manage_staff": _("Add staff, give roles, sites and rights"),
            "manage_keys": _("Make and revoke keys of the API"),
            "export_data": _("Download lists as files"),
        },
    ),
)

TITLES: Final[dict[str, Promise]] = {code: title for group in GROUPS for code, title in group.rights.items()}


def right_title(code: str) -> str:
    """What a right allows, in the language of the page."""
    return str(TITLES.get(code, code))
