"""What the desk shows of clients besides their screens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from central.carts.owners import read_owners_by
from central.orders.queries import customers_who_ordered
from central.people.queries import customers_by_contact
from central.shoppers.clients import clients_visible_to
from central.shoppers.queries import owners_of_carts
from central.ui.explain import add_sentences
from central.ui.menu import Entry, Hit, Search, add_entry, add_search


def _find_clients(user: Any, text: str, limit: int) -> Iterable[Hit]:
    found = [*clients_visible_to(user).filter(pk__in=customers_by_contact(text).values("pk"))[:limit]]
    # Names are kept sealed: words of them are found by the marks of who has ordered.
    if not found:
        found = [*clients_visible_to(user).filter(pk__in=customers_who_ordered(text))[:limit]]
    for client in found:
        yield Hit(
            client.name or client.phone or client.email, reverse("clients-card", args=[client.pk]), "users", "",
            client.source_site,
        )  # fmt: skip


add_entry(Entry(15, "clients", _("Clients"), "users", "see_customers", "c"))
add_entry(Entry(16, "doubts", _("Doubts"), "users", "merge_customers", in_side_bar=False))
read_owners_by(owners_of_carts)
add_search("clients", Search(_("Clients"), "see_customers", _find_clients))
add_sentences(
    {
        "unknown_customer": _("There is no such client among those you may see."),
        "stale_customer": _("Somebody else has changed the record meanwhile. Look at it again."),
        "email_taken": _("Another account signs in with this e-mail, or an account would be left without one."),
        "two_accounts": _("Both clients have an account: compare them and say on the merge's screen which one stays."),
        "erased_customer": _("This client was erased: nothing can be changed or taken back."),
        "unknown_merge": _("There is no such merge, or it was taken back already."),
        "merge_not_last": _("A later merge of this client has to be taken back first."),
        "unknown_doubt": _("This was decided already."),
    }
)
