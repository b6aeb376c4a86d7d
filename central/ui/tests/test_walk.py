"""Every address of central, as everybody: a stranger finds nothing, staff find their own sites and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from central.accounts.models import GroupRight
from central.api.actions import Wanted, make_key
from central.catalog.actions import upsert_category
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.models import Media, Offer
from central.cdn import accounts
from central.cdn.models import MediaOrigin, Purge
from central.cluster.groups import make_group
from central.cluster.locales import make_region, put_language, put_site_region
from central.cluster.models import Node, Site
from central.exchange.models import ExchangeKey
from central.orders.models import DuplicatePair, Order
from central.pages.links import ignore, links_visible_to, take_in
from central.people.models import Customer
from central.pictures.models import SitePicture
from central.search.actions import add_synonyms
from central.search.models import SearchedWords
from central.seo import redirects
from central.seo.feeds import save_feed
from central.seo.models import Migration, OldPage
from central.seo.rules import set_rule
from central.stock.granting import grant_rights
from central.stock.models import MAIN, POOL, Balance, Movement, PendingUnits
from central.stock.receipts import receive_stock
from central.stock.supplies import plan_supply
from central.ui.tests import cast
from node.realms import STATS, atomic
from sites.seo.rules import EVERY, kind_key
from sync.contracts.links import BrokenLink
from sync.topics import EdgeScope

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)

#: addresses that other machines or shoppers call; each proves itself in its own way
MACHINES = {"exchange-1c", "join", "adopt", "pay_pretend", "pay_provider_says"}
#: what the sites of others are called in the world below; it must never reach staff who may not see them
#: in letters that no token, hash or address of a page is written in
MARK = "Тайник"


def _patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver) and one.namespace == "api":
            continue  # a key opens these, and no session: tests/test_stranger.py walks them
        if isinstance(one, URLResolver):
            yield from _patterns(one)
        else:
            yield one


VIEWS = {str(pattern.name): pattern for pattern in _patterns()}
SCREENS = sorted(
    name for name, pattern in VIEWS.items() if getattr(pattern.callback, "rialto_right", "everybody") != "everybody"
)


@pytest.fixture
def world(node_home: Any) -> dict[str, dict[str, Any]]:
    """Two sites, `tea` and `hush`, each with a node, a product and an order; arguments of addresses for each."""
    arguments: dict[str, dict[str, Any]] = {}
    for site, node in (("tea", "a"), ("hush", "b")):
        name = "Tea" if site == "tea" else MARK
        cast.site(site, name=f"{name} shop", label=f"{name} label", texts={"about": f"{name} about"})
        cast.node(node, site)
        Node.objects.filter(pk=node).update(name=f"{name} node")
        make_group(f"{site}-group", title=f"{name} group", sites=[site], by="test")
        cast.product(site, f"{name}-1", f"{name} goods")
        made = cast.order(site, number=f"{site.upper()}-{node.upper()}-000001")
        person = cast.staff(f"{site}-person", "operator", sites=[site], name=f"{name} person").pk
        rights = Wanted(name=f"{name} key", rights=["see_orders"], sites=[site])
        key, _text = make_key(cast.staff(f"{site}-maker", "admin"), rights)
        client, doubt = cast.client(site, f"{name} person")
        merge = cast.merged(site, client, f"{name} namesake")
        failure = cast.failure(f"{name}.job")
        cart = cast.cart(site, f"{name}-1")
        arguments[site] = {
            "client_id": client.pk,
            "clients-row": client.pk,
            "doubt_id": doubt.pk,
            "doubts-row": doubt.pk,
            "other_id": doubt.other_id,
            "merge_id": merge.pk,
            "order_id": made.pk,
            "ref": cart.ref,
            "carts-row": cart.ref,
            "node_id": node,
            "site_id": site,
            "group_id": f"{site}-group",
            **_locales_of(site, name),
            "card_id": "today",
            "failure_id": failure.pk,
            "failures-row": failure.pk,
            "realm": "orders",
            # an encryption key
            "kind": "fields",
            "name": 1,
            # rows of lists by the name of their address
            "orders-row": made.pk,
            "orders-lines-row": made.lines.get().pk,
            "user_id": person,
            "staff-row": person,
            "role_id": Group.objects.get(name="viewer").pk,
            **_import_of(site, f"{name} source"),
            "products-row": Offer.objects.get(site=site).pk,
            "product_id": Offer.objects.get(site=site).variant.product_id,
            "site": site,
            "sha256": "0" * 64,
            "sites-row": site,
            **_pair_of(site, made),
            **_stock_of(site, f"{name} note"),
            **_cdn_of(site, f"{name} zone"),
            **_search_of(site, f"{name} word"),
            "pictures-row": _picture_of(site),
            "keys-row": key.pk,
            "key_id": key.pk,
            **_seo_of(site, name),
            **_links_of(site, name),
        }
    return arguments


def _locales_of(site: str, name: str) -> dict[str, Any]:
    """A region with the site alone in it, one with nobody, and a further language of the site."""
    make_region(f"{site}-city", title="A city", by="test")
    put_site_region(site, f"{site}-city", path=f"/{site}", phone=f"{name} phone", by="test")
    put_language(site, "de", path="/de", words={"about": f"{name} about"}, by="test")
    shelf = upsert_category(site, f"{name} shelf")
    return {
        "region_id": f"{site}-city",
        "regions-row": f"{site}-city",
        "language": "de",
        "offer": Offer.objects.get(site=site).pk,
        "category_id": shelf.pk,
        "categories-row": shelf.pk,
    }


def _seo_of(site: str, name: str) -> dict[str, Any]:
    """A redirect, a feed and a walk through an old site."""
    row = redirects.set_redirect(site, redirects.Wanted(f"/old-{name}", "/"), by="test")
    feed = save_feed(site, "market", kind="yml", title=f"{name} feed")
    move = Migration.objects.create(site=site, start=f"https://old.example/{name}", by="test")
    page = OldPage.objects.create(move=move, site=site, source=f"/{name}")
    return {
        "page_kind": "product",
        "rule_id": set_rule(site, kind_key(EVERY), {"author": name}).pk,
        "redirect_id": row.pk,
        "redirects-row": row.pk,
        "feed_id": feed.pk,
        "feeds-row": feed.pk,
        "move_id": move.pk,
        "migrations-row": move.pk,
        "old_page_id": page.pk,
        "old-pages-row": page.pk,
    }


def _links_of(site: str, name: str) -> dict[str, Any]:
    """A link of a page that leads nowhere, and one that may."""
    told = [
        BrokenLink(url=f"http://{site}.example/{name}/{at}", status="404", pages=[(site, f"/{name}")], count=1)
        for at in (1, 2)
    ]
    with atomic(STATS):
        take_in(site, "a", "book", told)
    open_, ignored = links_visible_to(cast.staff(f"{site}-links", "admin")).filter(site=site).order_by("pk")
    ignore(ignored.pk, by="test")
    return {"link_id": open_.pk, "broken-links-row": open_.pk, "ignored-links-row": ignored.pk}


def _pair_of(site: str, earlier: Order) -> dict[str, Any]:
    """The order and another one of the same basket."""
    pair = DuplicatePair.objects.create(earlier=earlier, later=cast.order(site, number=f"{site.upper()}-B-000002"))
    return {"pair_id": pair.pk, "orders-duplicates-row": pair.pk}


def _search_of(site: str, word: str) -> dict[str, Any]:
    synonyms = add_synonyms(site, "en", f"{word}, other", by="test")
    words = SearchedWords.objects.create(site=site, language="en", words=word, times=1, last_day=date(2026, 11, 26))
    return {
        "synonyms_id": synonyms.pk,
        "synonyms-row": synonyms.pk,
        "search-row": site,
        "search-words-row": words.pk,
    }


def _picture_of(site: str) -> int:
    """A photo that waits for its sizes."""
    original = Media.objects.create(sha256=sha256(site.encode()).hexdigest(), ext="jpg", width=4, height=3, size=9)
    return SitePicture.objects.create(site=site, original=original, wanted="sizes").pk


def _stock_of(site: str, note: str) -> dict[str, Any]:
    """Rows of every list of stock, with a note that only who sees the site's goods may read."""
    variant = Offer.objects.get(site=site).variant_id
    receive_stock({variant: 5}, who="test", note=note)
    supply = plan_supply(variant, 3, warehouse=MAIN, due_on=date(2031, 2, 1), by="test", note=note)
    waiting = PendingUnits.objects.create(order=uuid4(), variant=variant, units=1, placed_at=timezone.now())
    [held] = grant_rights(EdgeScope("a", 1, frozenset(), frozenset()), {variant: 1}, must=True)
    return {
        "grant_id": held.pk,
        "stock-rights-row": held.pk,
        "variant": variant,
        "supply_id": supply.pk,
        "code": MAIN,
        "stock-row": Balance.objects.get(variant=variant, place=POOL).pk,
        "stock-ledger-row": Movement.objects.filter(variant=variant).latest("id").pk,
        "stock-waiting-row": waiting.pk,
        "stock-supplies-row": supply.pk,
        "stock-warehouses-row": MAIN,
        "stock-audit-row": 1,
    }


def _cdn_of(site: str, name: str) -> dict[str, Any]:
    """A zone of the site, a page that waits there and a purge; the account is of who sees all sites."""
    account = accounts.add_account(title=name, provider="none", plan="any", by="test")
    zone = accounts.add_zone(account.pk, key=site, name=name, by="test")
    accounts.edit_zone(zone.pk, seen_ver=1, sites=[site], by="test")
    purge = Purge.objects.create(
        zone=zone, at=timezone.now(), kind="hosts", count=1, pages=1, sites=[site], outcome="done"
    )
    return {
        "account_id": account.pk,
        "cdn-row": account.pk,
        "zone_id": zone.pk,
        "cdn-zones-row": zone.pk,
        "cdn-queue-row": zone.stale.get().pk,
        "cdn-purges-row": purge.pk,
        "cdn-media-row": MediaOrigin.objects.create(site=site, url=f"https://cdn.{site}.example").pk,
    }


def _import_of(site: str, title: str) -> dict[str, Any]:
    source = ImportSource.objects.create(title=title, sites=[site], created_by="test")
    run = ImportRun.objects.create(source=source, sites=[site], file_name=f"{title}.csv", by="test", state="done")
    key = ExchangeKey.objects.create(title=title, login=f"1c-{site}", sites=[site], created_by="test")
    return {"source_id": source.pk, "run_id": run.pk, "imports-row": run.pk, "exchange_id": key.pk}


#: of every list of the kit: the key of a row (given by the world where a list has one), a view, a bulk run
NOBODYS = {"key": "no-such-row", "view_id": UUID(int=1), "run_id": UUID(int=1)}


def _text(answer: Any) -> str:
    """What was answered, a file of many parts too."""
    text = b"".join(answer).decode("utf-8", "replace")
    # JSON writes letters beyond ASCII as numbers.
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)


def _address(name: str, arguments: dict[str, Any]) -> str:
    wanted = VIEWS[name].pattern.converters
    arguments = {**NOBODYS, **arguments}
    return reverse(
        name, kwargs={key: arguments.get(name, arguments[key]) if key == "key" else arguments[key] for key in wanted}
    )


def test_every_view_says_who_may_use_it() -> None:
    silent = [name for name, view in VIEWS.items() if not hasattr(view.callback, "rialto_right")]

    assert set(silent) <= MACHINES, f"give these a right by central.ui.screens.screen: {silent}"


def test_every_right_that_a_view_asks_for_exists() -> None:
    known = set(Permission.objects.filter(content_type__app_label="accounts").values_list("codename", flat=True))

    asked = {VIEWS[name].callback.rialto_right for name in SCREENS} - {"signed in"}  # type: ignore[attr-defined]

    assert asked <= known


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_signed_in_is_sent_to_the_door(client: Any, world: Any, method: str) -> None:
    for name in SCREENS:
        answer = getattr(client, method)(_address(name, world["tea"]))

        assert answer.status_code in (302, 405), name
        if answer.status_code == 302:
            assert answer["Location"].startswith("/sign-in"), name


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.slow
def test_signed_in_without_rights_finds_nothing(world: Any, method: str) -> None:
    client = cast.signed_in(cast.stranger())

    for name in [name for name in SCREENS if name != "account_logout"]:
        answer = getattr(client, method)(_address(name, world["tea"]))
        text = _text(answer)
        for word in ("Tea shop", "Tea node", "Tea goods", "Tea key", "TEA-A", "Goods of"):
            assert word not in text, name
        needs_right = VIEWS[name].callback.rialto_right != "signed in"  # type: ignore[attr-defined]
        assert answer.status_code in ((403, 405) if needs_right else (200, 302, 404, 405, 422)), name


@pytest.mark.slow
def test_staff_with_rights_and_no_site_see_empty_lists(world: Any) -> None:
    client = cast.signed_in(cast.staff("empty", "admin", sites=[]))

    for name in SCREENS:
        answer = client.get(_address(name, world["tea"]))
        text = _text(answer)
        for word in ("Tea shop", "Tea label", "Tea node", "Tea goods", "Tea key", "TEA-A", "Goods of"):
            assert word not in text, name
        assert answer.status_code in (200, 404, 405), name


def _limited(to: str) -> Any:
    """Who sees `tea` alone: by its name, or by the group it stands in."""
    user = cast.staff("tea-admin", "admin", sites=["tea"] if to == "a site" else [])
    if to == "a group":
        GroupRight.objects.create(user=user, group="tea-group")
    return cast.signed_in(user)


@pytest.mark.slow
@pytest.mark.parametrize("to", ["a site", "a group"])
def test_staff_of_one_site_read_nothing_of_another(world: Any, to: str) -> None:
    client = _limited(to)
    word = MARK.lower()
    phone = Customer.objects.get(pk=world["hush"]["client_id"]).phone.replace("+", "%2B")
    searches = {
        "palette": [word, phone, "hush", "HUSH-B-000001"],
        "products": [word],
        "orders": [word, phone, "HUSH-B-000001"],
        "orders-lines": [word],
        "imports": [word],
        "clients": [phone],
        "clients-other": [phone],
    }

    for name in SCREENS:
        for arguments in world.values():
            # What was searched for stands in the answer; only the fields of data may not.
            for query in ("", *(f"?q={asked}" for asked in searches.get(name, []))):
                answer = client.get(_address(name, arguments) + query)
                text = _text(answer).replace("HUSH-B-000001", "" if "HUSH" in query else "HUSH-B-000001")
                assert MARK not in text, (name, query)
                assert MARK.upper() not in text, (name, query)
                assert "HUSH-B-" not in text, (name, query)
                assert answer.status_code in (200, 302, 404, 405), (name, query)


#: what a person keeps of a list for himself, whoever's rows it shows
KEPT = ("-columns", "-views")


def test_staff_of_one_site_change_nothing_of_another(world: Any) -> None:
    client = cast.signed_in(cast.staff("tea-admin", "admin", sites=["tea"]))
    before = (
        Site.objects.get(pk="hush").ver,
        Node.objects.get(pk="b").state,
        Order.objects.get(number="HUSH-B-000001").ver,
    )
    form = {"to": "confirmed", "note": "x", "was": "", "name": "x", "site": "hush", "sku": f"{MARK}-1", "price": "1"}

    # A role belongs to no site: `accounts/tests/test_manage_staff.py` tries those. Nor does a warehouse, see
    # `stock/tests/test_screens.py`. Columns and views are one's own.
    of_none = ("roles-", "stock-warehouse-")
    for name in [name for name in SCREENS if not name.startswith(of_none) and not name.endswith(KEPT)]:
        if VIEWS[name].pattern.converters or name.startswith("products-"):
            answer = client.post(_address(name, world["hush"]), {**form, "stock": "1"})
            assert answer.status_code in ((422,) if name in ("products-new", "realms-move") else (404, 405)), name

    after = (
        Site.objects.get(pk="hush").ver,
        Node.objects.get(pk="b").state,
        Order.objects.get(number="HUSH-B-000001").ver,
    )
    assert after == before


def test_no_row_of_a_list_has_a_link_in_its_link(world: Any) -> None:
    """Browsers end the outer one there: the row would lead nowhere, and a screen reader would read an empty link."""
    client = cast.signed_in(cast.staff("all-admin", "admin"))

    for name in [name for name in SCREENS if f"{name}-row" in VIEWS]:
        text = client.get(_address(name, world["tea"])).content.decode()
        for row in re.findall(r'<a class="row-link"[^>]*>.*?</a>', text, re.S):
            assert row.count("<a ") == 1, (name, row[:300])


def test_staff_of_one_site_do_see_it(world: Any) -> None:
    client = cast.signed_in(cast.staff("tea-admin", "admin", sites=["tea"]))

    found = {
        "orders": "TEA-A-000001",
        "orders-lines": "Goods of tea",
        "orders-card": "Goods of tea",
        "carts": "Tea goods",
        "carts-card": "Tea goods",
        "products": "Tea goods",
        "products-card": "Tea goods",
        "nodes": "Tea node",
        "nodes-one": "Tea node",
        "sites": "Tea shop",
        "sites-one": "Tea shop",
        "sites-editions": "tea.example/de",
        "sites-regions-one": "Tea phone",
        "regions": "tea-city",
        "categories": "Tea shelf",
        "products-regions": "A city",
        "keys": "Tea key",
        "keys-one": "Tea key",
        "clients": "Tea namesake",
        "clients-card": "Tea namesake",
        "clients-merge": "Tea person",
        "doubts": "Tea person",
        "home": "TEA-A-000001",
    }

    for name, word in found.items():
        assert word in client.get(_address(name, world["tea"])).content.decode(), name


@pytest.mark.parametrize(
    ("role", "opens", "closed"),
    [
        ("operator", {"home", "orders", "orders-card", "products"}, {"nodes", "sites", "sites-new", "nodes-invite"}),
        ("viewer", {"home", "orders", "products", "sites"}, {"nodes", "sites-new"}),
        ("manager", {"orders", "products", "nodes", "sites"}, {"nodes-invite", "sites-new"}),
        ("admin", {"orders", "products", "nodes", "sites", "nodes-invite", "sites-new"}, set()),
    ],
)
def test_a_role_opens_its_screens_and_no_other(world: Any, role: str, opens: set[str], closed: set[str]) -> None:
    client = cast.signed_in(cast.staff("somebody", role))

    assert {name for name in opens if client.get(_address(name, world["tea"])).status_code == 200} == opens
    assert {name for name in closed if client.get(_address(name, world["tea"])).status_code == 403} == closed


def test_a_viewer_changes_nothing(world: Any) -> None:
    client = cast.signed_in(cast.staff("vera", "viewer"))
    posts = ["orders-status", "orders-note", "products-price", "products-stock", "nodes-revoke", "nodes-cut"]

    answers = {name: client.post(_address(name, world["tea"])).status_code for name in posts}

    assert set(answers.values()) == {403}
