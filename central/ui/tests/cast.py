"""The people and things the tests of screens share: plain builders."""

from __future__ import annotations

import zlib
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from central.accounts.actions import make_staff
from central.accounts.scope import ALL
from central.carts.actions import join_delta
from central.carts.models import Cart
from central.catalog.actions import Goods, Unit, save_product
from central.cluster.actions import invite_node, register_site
from central.failures.models import Failure
from central.orders.models import Order
from central.orders.receiving import receive_order
from central.orders.tests.make import make_line, make_placed
from central.people.actions import match_or_make_customer
from central.people.merging import merge_customers
from central.people.models import Customer, Doubt, Merge
from sync.contracts.cart import CartDelta, Dot, LineKey
from sync.contracts.ids import new_cart_id, new_client_id
from sync.contracts.orders import Person
from sync.core import cart as core

PASSWORD = "correct horse 7"

WAYS = [{"code": "pickup", "title": "Pick up", "price": 0, "needs_address": False}]
PAYS = [{"code": "cash", "title": "Cash", "provider": "cash_on_delivery", "needs_central": False}]


def staff(login: str, role: str, sites: Any = ALL, **more: Any) -> User:
    return make_staff(login, PASSWORD, role=role, sites=sites, email=f"{login}@example.com", **more)


def stranger() -> User:
    """Signed in, but with no role and no site."""
    user = User.objects.create_user("stranger", "stranger@example.com", PASSWORD)
    assert not user.get_all_permissions()
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def site(site_id: str, **more: Any) -> None:
    values = {
        "name": f"Shop {site_id}",
        "label": f"L-{site_id}",
        "colour": "#0b7285",
        "origin": f"http://{site_id}.example",
        "extra_hosts": [],
        "language": "ru",
        "currency": "RUB",
        "theme": "tea",
        "deliveries": WAYS,
        "payments": PAYS,
        **more,
    }
    register_site(site_id, by="test", **values)


def node(node_id: str, *sites: str) -> None:
    invite_node(node_id, name=f"Node {node_id}", sites=list(sites), by="test", central_url="http://central.example")


def product(site_id: str, sku: str, title: str, price: int = 45_000) -> None:
    save_product(site_id, Goods(title=title, units=[Unit(sku=sku, price=price)]), by="test")


def client(site_id: str, name: str) -> tuple[Customer, Doubt]:
    """Somebody who has ordered at a site, and a namesake with the same mail and another phone, of whom one asks."""
    made = [
        match_or_make_customer(
            uuid4(),
            Person(
                name=name,
                phone=f"+7000{place}{zlib.crc32(site_id.encode()) % 10**6:06d}",
                email=f"{site_id}@example.com",
            ),
            site=site_id,
            site_label=name,
        )
        for place in (1, 2)
    ]
    return made[0], Doubt.objects.create(customer=made[0], other=made[1], why=Doubt.Why.EMAIL)


def merged(site_id: str, client: Customer, name: str) -> Merge:
    """Another record of the same person, merged into his; it came from the same site."""
    person = Person(name=name, phone=f"+70003{zlib.crc32(site_id.encode()) % 10**6:06d}", email="")
    gone = match_or_make_customer(uuid4(), person, site=site_id, site_label=name)
    merge_customers(gone.pk, client.pk, take=["name"], by="test")
    return Merge.objects.get(gone=gone)


def order(site_id: str, *lines: str, **more: Any) -> Order:
    """An order placed at `site_id` with a line of each site of `lines` (its own when none is named)."""
    made = [make_line(one, f"SKU-{one}", title=f"Goods of {one}") for one in lines or (site_id,)]
    return receive_order(make_placed(*made, site=site_id, **more))


def failure(what: str = "notices.tell_one", error: str = "Unavailable", **more: Any) -> Failure:
    """A job that was given up on, as it is known after the watcher has been there."""
    now = timezone.now()
    values = {"realm": "orders", "kind": "job", "attempts": 12, "made_at": now, "failed_at": now, **more}
    return Failure.objects.create(what=what, error=error, **{"ref": str(uuid4()), **values})


def cart(site_id: str, sku: str, cart_id: str = "") -> Cart:
    """A cart in which one unit of one site lies."""
    cart_id = cart_id or new_cart_id()
    put = core.add(Dot(new_client_id(), 1), LineKey(site_id, sku), 1, hlc=1)
    join_delta(CartDelta(cart=cart_id, delta=core.encode(put)))
    return Cart.objects.get(pk=cart_id)
