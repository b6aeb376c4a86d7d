"""The document says what the shop does: every address is in it or is a page, every answer is of its type."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from edge.api.contracts import CartView, CheckoutSummary, OpsTaken, Problem
from edge.api.openapi import document
from edge.api.operations import OPERATIONS, PAGES, WHO
from edge.asgi import LIVE, ROUTES
from edge.urls import urlpatterns


def routed() -> set[tuple[str, str]]:
    """(method, path) of everything this edge answers beside pages of goods and files; Django's views see any method."""
    by_django = [pattern for included in urlpatterns for pattern in included.url_patterns]  # type: ignore[union-attr]
    views = {("ANY", "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(view.pattern))) for view in by_django}
    return {*ROUTES, LIVE, ("GET", "/_r/health"), *views}


def test_every_address_is_described_or_is_a_page() -> None:
    described = {(one.method, one.path) for one in OPERATIONS}
    paths = {path for _, path in described}

    silent = {(method, path) for method, path in routed() - PAGES.keys() if (method, path) not in described}

    assert {(method, path) for method, path in silent if method != "ANY" or path not in paths} == set()
    assert paths <= {path for _, path in routed()}


def test_every_address_says_who_may_ask() -> None:
    assert {one.who for one in OPERATIONS} | set(PAGES.values()) == set(WHO)
    assert {path for _, path in PAGES} <= {path for _, path in routed()}


@pytest.mark.parametrize("path", [one.path for one in OPERATIONS if (one.who, one.method) == ("handle", "GET")])
async def test_who_has_no_handle_is_shown_no_cart(shopper, path: str) -> None:
    await shopper.put_in(units=2)

    shopper.cookie = ""
    answer = await shopper.get(path)

    assert answer.status_code == 200
    assert b'"sku"' not in answer.content and b'"lines":[{' not in answer.content


def test_references_of_the_document_lead_somewhere() -> None:
    made = msgspec.json.encode(document()).decode()

    assert set(re.findall(r"#/components/schemas/(\w+)", made)) <= set(document()["components"]["schemas"])
    assert len({one.name for one in OPERATIONS}) == len(OPERATIONS)


def strict(kind: type[msgspec.Struct], value: Any) -> msgspec.Struct:
    """`value` as `kind`, every field there and none beside it."""
    made = msgspec.convert(value, kind)
    assert msgspec.to_builtins(made) == value
    return made


async def test_what_the_shop_answers_is_what_the_document_says(shopper) -> None:
    taken = await shopper.put_in(units=2)
    refused = await shopper.send(shopper.add(units=0))
    summary = await shopper.get("/_r/checkout")

    strict(OpsTaken, taken)
    strict(CartView, await shopper.view())
    assert strict(CheckoutSummary, summary.json()).goods_total == taken["view"]["totals"][0]["amount"]  # type: ignore[attr-defined]
    assert msgspec.convert(refused.json(), Problem).error == "bad_units"


async def test_the_shop_serves_its_document(shopper) -> None:
    answer = await shopper.get("/_r/openapi.json")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.json()["servers"] == [{"url": "http://tea.localhost:8499"}]
    assert answer.json()["paths"]["/_r/cart"].keys() == {"get", "post"}


async def test_a_wrong_method_is_told_the_right_ones(shopper) -> None:
    answer = await shopper.ask("DELETE", "/_r/cart")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
