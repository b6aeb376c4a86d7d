"""A stranger's walk: everything of site `hush` bears a mark, and no answer given to a stranger shows it.

Strangers are: nobody, a shopper, staff of another site, staff of a group of other sites, staff without rights, keys of
the API of another site or without rights, and the node of another site. `test_live.py` does the same for sockets. The
walk finds addresses, calls and topics by itself, so a new one is walked unasked.
"""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter

from central.accounts.models import GroupRight
from central.api.actions import Wanted, make_key
from central.api.rights import TITLES
from central.api.root import document
from central.api.tests.caller import Caller
from central.catalog.models import Category, Listing, Offer, Variant
from central.cluster.groups import make_group
from central.cluster.models import Node, Site
from central.orders.models import Order
from central.people.models import Customer
from central.shoppers.actions import open_session
from central.shoppers.host import cookie_name
from central.shoppers.tests import make
from central.ui.tests import cast
from node import config as node_config
from node.limits import OFF, RATE_LIMITS
from sync.discover import load_central
from sync.events import run_due
from sync.topics import EdgeScope, StateTopic, all_topics

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=REALMS)]

#: stands in every name and text of `hush`, and nowhere else
#: long enough that no random token of a page holds it by chance
MARK = "qzxwvkj"
#: what a search may be asked for: words beside the mark, so that an answer does not show it only by repeating them
SEARCHES = ("common", f"%2B70001{zlib.crc32(b'hush') % 10**6:06d}", "hush@example.com", "hush")


@pytest.fixture
def hush(node_home: Any) -> list[Any]:
    """Two sites; everything of `hush` is marked. The ids of all that is of `hush`, for addresses."""
    for site, name, cart_group in (("tea", "Tea", "main"), ("hush", MARK, "apart")):
        cast.site(site, name=f"{name} common shop", label=f"{name} label", cart_group=cart_group, texts={"about": name})
        cast.node({"tea": "a", "hush": "b"}[site], site)
        cast.product(site, f"{name}-1", f"{name} common goods")
    Node.objects.filter(pk="b").update(name=f"{MARK} node", operator_email=f"{MARK}@hush.example")
    make_group("hush-group", title=f"{MARK} group", sites=["hush"], by="test")
    order = cast.order("hush", edge="b", number=f"{MARK.upper()}-B-000001")
    run_due()
    client, doubt = cast.client("hush", f"{MARK} common client")
    merge = cast.merged("hush", client, f"{MARK} common namesake")
    cart = cast.cart("hush", f"{MARK}-1")
    make_group("tea-group", title="Tea group", sites=["tea"], by="test")
    for one in Customer.objects.all():
        one.name, one.source_label = f"{MARK} common buyer", f"{MARK} label"
        one.save(update_fields=["name", "source_label"])
    staff = cast.staff(f"{MARK}-staff", "admin", sites=["hush"], name=f"{MARK} Common")
    key, _ = make_key(staff, Wanted(name=f"{MARK} common key", rights=["see_orders"], sites=["hush"]))
    ids = [client.pk, doubt.other_id, merge.gone_id, order.customer, order.pk]
    ids += [doubt.pk, merge.pk, cart.ref, order.lines.get().pk, key.pk, staff.pk, order.number]
    ids += ["hush", "b", "hush-group"]
    for model in (Listing, Offer, Variant, Category):
        ids += model.objects.filter(**_of_hush(model)).values_list("pk", flat=True)
    ids += Listing.objects.filter(site="hush").values_list("product_id", flat=True)
    return [one for one in ids if one is not None]


def _of_hush(model: type[Any]) -> dict[str, str]:
    return {"sku": f"{MARK}-1"} if model is Variant else {"site": "hush"}


# --- addresses -----------------------------------------------------------------------------------------------------


def patterns(resolver: URLResolver | None = None, before: str = "/") -> Iterator[tuple[str, dict[str, Any]]]:
    """(address with holes, hole -> converter) of everything that central answers, the API's calls too."""
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, route)
        elif isinstance(one, URLPattern):
            yield route, one.pattern.converters


def filled(ids: list[Any]) -> list[str]:
    """Every address, with every id of `hush` that fits into its holes."""
    made = []
    for route, holes in patterns():
        fits = [[one for one in ids if _does_fit(one, converter)] for converter in holes.values()]
        if len(fits) > 1:  # all pairs would be a walk of minutes: the first ids are those that go together
            fits = [one[:5] for one in fits]
        for values in itertools.product(*fits):
            address = route
            for name, value in zip(holes, values, strict=True):
                for kind in ("str", "uuid", "int", "slug", "path"):
                    address = address.replace(f"<{kind}:{name}>", str(value))
                address = address.replace(f"<{name}>", str(value))
            made.append(address)
    return made


def _does_fit(one: Any, converter: Any) -> bool:
    if isinstance(converter, UUIDConverter):
        return isinstance(one, UUID)
    return isinstance(one, int) if isinstance(converter, IntConverter) else True


def text_of(answer: HttpResponseBase) -> str:
    body = async_to_sync(_streamed)(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
    return (body.decode(errors="replace") + json.dumps(dict(answer.items()))).lower()


async def _streamed(answer: StreamingHttpResponse) -> bytes:
    return b"".join([part async for part in answer])


def shown_to(client: Client, addresses: list[str]) -> list[str]:
    """The addresses whose answer shows the mark. What was asked for by name may be repeated, so names are no mark."""
    found = []
    for address in addresses:
        answer = client.get(address)
        if MARK in text_of(answer).replace(address.lower(), ""):
            found.append(f"{answer.status_code} {address}")
    return found


def _shopper() -> Client:
    """Somebody signed in at the id domain, with an account of his own."""
    token, _ = open_session(make.account("another@example.com", "Another Shopper"), device="a browser")
    client = Client()
    client.cookies[cookie_name()] = token
    return client


def _of_another_group() -> Client:
    user = cast.staff("tea-group-admin", "admin", sites=[])
    GroupRight.objects.create(user=user, group="tea-group")
    return cast.signed_in(user)


def addresses_of(hush: list[Any], *, with_searches: bool) -> list[str]:
    plain = [one for one in filled([one for one in hush if MARK not in str(one).lower()]) if "sign-out" not in one]
    if not with_searches:
        return plain
    lists = [address for address in plain if "<" not in address and "-/" not in address]
    return [*plain, *(f"{address}?q={word}" for address in lists for word in SEARCHES if address.count("/") == 1)]


@pytest.mark.parametrize("who", ["nobody", "a shopper", "of another site", "of another group", "without rights"])
def test_no_page_shows_a_stranger_anything_of_another_site(hush: list[Any], who: str) -> None:
    client = {
        "nobody": Client,
        "a shopper": _shopper,
        "of another site": lambda: cast.signed_in(cast.staff("tea-admin", "admin", sites=["tea"])),
        "of another group": _of_another_group,
        "without rights": lambda: cast.signed_in(cast.stranger()),
    }[who]()

    # Who holds no right is shown no list to search in.
    walked = addresses_of(hush, with_searches=who.startswith("of another"))

    assert len(walked) > 100
    assert shown_to(client, walked) == []


def test_the_walk_would_find_what_is_shown(hush: list[Any]) -> None:
    client = cast.signed_in(cast.staff("hush-admin", "admin", sites=["hush"]))

    lists = ["/orders", "/products", "/sites", "/nodes", "/keys", "/clients", "/doubts", "/carts", "/clients/-/export"]

    assert len(shown_to(client, lists)) == len(lists)
    for word in SEARCHES[1:3]:
        assert len(shown_to(client, [f"/clients?q={word}", f"/palette?q={word}"])) == 2, word


# --- the API -------------------------------------------------------------------------------------------------------


def calls(hush: list[Any]) -> Iterator[tuple[str, str, Any]]:
    """(method, path, body) of every call of the API, about things of `hush`."""
    bodies = {
        "create_product": {"site": "hush", "title": "x", "units": [{"sku": "new", "price": 1}]},
        "change_product": {"site": "hush", "title": "x"},
        "set_price": {"site": "hush", "sku": f"{MARK}-1", "price": 1},
        "put_stock": {"site": "hush", "sku": f"{MARK}-1", "units": 1},
        "move_order": {"to": "confirmed"},
        "note_order": {"note": "x"},
        "create_order": {
            "site": "hush", "lines": [{"sku": f"{MARK}-1", "units": 1}], "delivery": "pickup", "payment": "cash",
            "buyer": {"name": "A", "phone": "+70000000001"}, "consent": True,
        },
    }  # fmt: skip
    for path, methods in document()["paths"].items():
        for method, call in methods.items():
            for one in hush if "{" in path else [""]:
                name = next((hole["name"] for hole in call["parameters"] if hole["in"] == "path"), "")
                address = path.removeprefix("/api/v1/").replace(f"{{{name}}}", str(one))
                query = "?site=hush" if method == "get" and "{site}" not in path else ""
                yield method.upper(), address + query, bodies.get(call["operationId"])
            if method == "get" and "{" not in path:
                for word in SEARCHES:
                    yield "GET", f"{path.removeprefix('/api/v1/')}?search={word}", None


@pytest.mark.parametrize("rights", [[*TITLES], ["see_sites"]])
def test_no_call_shows_or_changes_anything_of_another_site(hush: list[Any], rights: list[str]) -> None:
    before = _versions()
    key, text = make_key(cast.staff("ada", "admin"), Wanted(name="Other", rights=rights, sites=["tea"]))
    caller = Caller(key, text)

    with node_config.overridden(limits=dict.fromkeys(RATE_LIMITS, OFF)):
        answers = [
            (method, path, caller.ask(method, path, body, **({"idempotency_key": "one"} if path == "orders" else {})))
            for method, path, body in calls(hush)
        ]

    asked = {f"{MARK}-1", f"{MARK.upper()}-B-000001".lower()}
    for method, path, answer in answers:
        shown = text_of(answer)
        for word in asked:
            shown = shown.replace(word, "")  # an error repeats the sku that was asked for
        assert MARK not in shown, (method, path)
        if method != "GET":
            assert answer.status_code in (403, 404, 405, 422), (method, path)
    assert _versions() == before


def test_without_a_key_every_call_is_refused(hush: list[Any]) -> None:
    caller = Caller(None, "none")
    with node_config.overridden(limits=dict.fromkeys(RATE_LIMITS, OFF)):
        answers = {caller.ask(method, path, body).status_code for method, path, body in calls(hush)}

    assert answers == {401}


def _versions() -> list[Any]:
    return [
        *Site.objects.filter(pk="hush").values_list("ver"),
        *Order.objects.filter(site="hush").values_list("ver"),
        *Listing.objects.filter(site="hush").values_list("ver"),
        *Offer.objects.filter(site="hush").values_list("ver", "price"),
    ]


# --- a node --------------------------------------------------------------------------------------------------------


def test_the_node_of_another_site_reads_nothing_of_it(hush: list[Any]) -> None:
    load_central()
    scope = EdgeScope(node="a", epoch=1, sites=frozenset({"tea"}), groups=frozenset({"main"}))
    own = EdgeScope(node="b", epoch=1, sites=frozenset({"hush"}), groups=frozenset({"apart"}))

    assert [name for name, body in _readable(scope) if MARK.encode() in body.lower()] == []
    assert [name for name, body in _readable(own) if MARK.encode() in body.lower()] != []


def _readable(scope: EdgeScope) -> Iterator[tuple[str, bytes]]:
    """All documents that a node may read."""
    for topic in all_topics():
        if isinstance(topic, StateTopic):
            for full in topic.audience(scope):
                yield from ((full, body) for _key, _ver, body in topic.page(full, "", 1000))
