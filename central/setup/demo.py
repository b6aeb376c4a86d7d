"""Fills a fresh cluster for `rialto demo`: three shops, their goods and stock, staff, and ninety days of orders.

Everything goes through the actions a person would cause, so a demo can hold nothing that a real cluster could not.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from central.accounts.actions import edit_staff, make_staff, switch_off
from central.accounts.passwords import made_password
from central.accounts.role_actions import make_role
from central.accounts.scope import ALL
from central.api.actions import Wanted, make_key, revoke_key
from central.cdn import accounts
from central.cluster.actions import edit_site, register_site, set_rate
from central.cluster.groups import make_group
from central.cluster.models import Node, Site
from central.orders.events import StatusChanged
from central.orders.models import Order
from central.people.actions import change_customer
from central.people.merging import merge_customers
from central.people.models import Customer
from central.pictures.actions import set_profile
from central.pictures.profiles import Profile
from central.search.demo import seed_search
from central.setup import people
from central.setup.catalogue import fill_catalogue
from central.setup.editions import fill_editions
from central.setup.imports import fill_imports
from central.setup.past import PastOrders
from central.setup.seo import fill_edition_feeds, fill_seo, fill_words
from central.setup.shops import GROUPS, PLACES, RATES, SITES, origin
from central.setup.speed import fill_speed
from central.setup.stockroom import fill_stockroom
from central.shoppers.actions import ask_code, sign_up_or_in
from central.shoppers.codes import digits_of
from central.shoppers.models import Account, Code
from central.ui.actors import shopper
from node.realms import ORDERS, alias_of, atomic
from sync.contracts.codec import pack
from sync.store.jobs.models import Job

BY = "demo"

#: what the workshops' photos are signed with
WATERMARK = Profile(mark="text", mark_text="Глина", mark_size=16, mark_opacity=70)

#: for the sign-in page: (login, password, role, what it may see)
STAFF = [(row["login"], row["password"], row["role"], row["note"]) for row in people.STAFF]
#: for the shoppers' sign-in page: (e-mail, password)
SHOPPERS = [(holder.email, people.SHOPPER_PASSWORD) for holder in people.account_holders()]


def seed(ports_base: int) -> None:
    """Fill an empty cluster; one that has the shops already is left as it is. The shops answer on ports from the base.

    Nodes `a`, `b` and `c` get their shops when they have joined, else `rebase` gives them.
    """
    if Site.objects.filter(pk__in=PLACES).exists():
        return
    open_shops(ports_base)
    fill_editions()
    fill_words()
    fill_edition_feeds()
    seed_staff()
    seed_keys()
    PastOrders().write()
    fill_imports()
    seed_shoppers()
    seed_failure()
    seed_doubts()
    seed_cdn()
    fill_speed()
    fill_stockroom()
    seed_search(BY)


def open_shops(ports_base: int) -> None:
    """The shops with their goods and stock, and nothing that ever happened in them."""
    nodes = set(Node.objects.values_list("pk", flat=True))
    for site, fields in SITES.items():
        node = PLACES[site][0] if PLACES[site][0] in nodes else ""
        register_site(site, by=BY, node=node, origin=origin(site, ports_base), **fields)
    for group, (title, sites) in GROUPS.items():
        make_group(group, title=title, sites=sites, by=BY)
    for base, quote, micros in RATES:
        set_rate(base, quote, micros, by=BY)
    set_profile("clay", WATERMARK, by=BY)
    fill_catalogue()
    fill_seo()


def rebase(ports_base: int) -> None:
    """The same shops on other ports, and on their nodes where these have joined since."""
    nodes = set(Node.objects.values_list("pk", flat=True))
    for site, (node, _) in PLACES.items():
        if Site.objects.filter(pk=site).exists():
            fields = {"node": node} if node in nodes else {}
            edit_site(site, by=BY, origin=origin(site, ports_base), **fields)


def seed_staff() -> None:
    """The sign-ins the demo shows."""
    for row in people.STAFF:
        make_staff(
            row["login"],
            row["password"],
            role=row["role"],
            name=row["name"],
            email=f"{row['login']}@example.com",
            sites=row["sites"].split() if row["sites"] else ALL,
        )
    _seed_more_staff(User.objects.get(username=people.STAFF[0]["login"]))


def _seed_more_staff(admin: User) -> None:
    """People the screens of staff have something to show by: a role of one's own, a group's manager, somebody gone.

    None of them has signed in, and nobody is told their passwords.
    """
    shift = make_role(admin, name=people.OWN_ROLE, rights=people.OWN_ROLE_RIGHTS)
    for login, first, last, role, access in people.MORE_STAFF:
        made = make_staff(login, made_password(), role=role or shift.name, name=f"{first} {last}")
        edit_staff(made.pk, by=admin, seen_ver=1, email=f"{login}@example.com", **access)
    switch_off(User.objects.get(username=people.GONE).pk, by=admin)


def seed_keys() -> None:
    """Two keys of the API to look at; nobody has their text, so neither opens anything."""
    admin = User.objects.get(username=people.STAFF[0]["login"])
    storefront = Wanted(name="Tea storefront", rights=["see_products"], sites=["tea"])
    old = Wanted(name="Old warehouse script", rights=["see_products", "edit_stock"], all_sites=True)
    make_key(admin, storefront)
    revoke_key(make_key(admin, old)[0].pk, admin)


def seed_cdn() -> None:
    """The shops stand behind a CDN that caches nothing: what is purged, and when, can be watched all the same."""
    account = accounts.add_account(title="Demo CDN", provider="none", plan="any", by=BY)
    zone = accounts.add_zone(account.pk, key="demo", name="demo.localhost", has_tags=True, by=BY)
    accounts.edit_zone(zone.pk, seen_ver=zone.ver, sites=sorted(PLACES), by=BY)


def seed_failure() -> None:
    """A mail that could not be sent while the mail server was away for an evening: trying again sends it."""
    order = Order.objects.filter(status="sent").order_by("-received_at").first()
    if order is None:
        return
    event = StatusChanged(order=str(order.pk), was="packed", became="sent", by=BY, ver=order.ver)
    ended = timezone.now() - timedelta(hours=1)
    with atomic(ORDERS):
        Job.objects.using(alias_of(ORDERS)).create(
            handler="orders.mail_status", key=f"{event.id}:orders.mail_status", payload=pack(event),
            state=Job.State.FAILED, attempts=12, last_error="Unavailable",
            created_at=ended - timedelta(minutes=34), finished_at=ended,
        )  # fmt: skip


def seed_shoppers() -> None:
    """Accounts of some who have ordered: the record with their orders is theirs from the first sign-in on."""
    for holder in people.account_holders():
        site = "tea" if holder.language == "ru" else "ink"
        code = ask_code(
            Code.Purpose.SIGN_UP,
            holder.email,
            address="demo",
            language=holder.language,
            site=site,
            name=holder.name,
            password=people.SHOPPER_PASSWORD,
        )
        account = sign_up_or_in(code.pk, digits_of(code.pk), address="demo")
        change_customer(account.customer_id, {"address": holder.address}, by=shopper(account.customer_id))


def seed_doubts() -> None:
    """Records that may be one person: somebody gave the phone of another in his account, and one pair was merged."""
    others = list(
        Customer.objects.filter(account=None, merged_into=None)
        .filter(phone_index__isnull=False)
        .order_by("created_at")[:4]
    )
    for account, other in zip(Account.objects.order_by("created_at")[:2], others, strict=False):
        change_customer(account.customer_id, {"phone": other.phone}, by=shopper(account.customer_id))
    if len(others) == 4:
        merge_customers(others[3].pk, others[2].pk, by=people.STAFF[0]["login"])
