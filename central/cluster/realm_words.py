"""What each realm holds, in words."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from node.realms import CATALOG, CLUSTER, CUSTOMERS, ORDERS, STATS, WORK

#: realm -> what it holds, and what does not work while it is down
REALM_WORDS: Final[dict[str, tuple[Promise, Promise]]] = {
    CLUSTER: (
        gettext_lazy("Staff, sites, nodes, keys"),
        gettext_lazy("Nobody can sign in to the desk. Shops sell on, orders come in."),
    ),
    CUSTOMERS: (
        gettext_lazy("People and their personal data"),
        gettext_lazy("Names and phones are not shown, mails to shoppers wait. Orders come in and are worked on."),
    ),
    CATALOG: (
        gettext_lazy("Goods, prices, content"),
        gettext_lazy("Products cannot be looked up or changed. Shops sell what they hold."),
    ),
    ORDERS: (
        gettext_lazy("Carts, orders, stock, payments"),
        gettext_lazy("Orders are not shown and payments wait. Shops take orders and keep them until it is back."),
    ),
    WORK: (gettext_lazy("Tasks, tickets, calls"), gettext_lazy("Tasks are not shown. Shops notice nothing.")),
    STATS: (gettext_lazy("Visits, figures"), gettext_lazy("Figures are not shown. Shops notice nothing.")),
}
