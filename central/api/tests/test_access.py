"""The table of who may call what is what the API does: every route is in it, and every right in it is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from central.api.access import ACCESS
from central.api.rights import TITLES
from central.api.root import api, document
from central.api.tests.caller import refused
from node.places import ROOT

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"])

NOBODYS = UUID(int=7)
BUYER = {"name": "Anna Example", "phone": "+70000000001"}
#: bodies that are of the right form
BODIES: dict[str, Any] = {
    "create_product": {"site": "tea", "title": "x", "units": [{"sku": "new", "price": 1}]},
    "change_product": {"site": "tea", "title": "x"},
    "show_product": {"site": "tea", "regions": {}},
    "set_price": {"site": "tea", "sku": "Tea-1", "price": 1},
    "put_stock": {"site": "tea", "sku": "Tea-1", "units": 1},
    "move_order": {"to": "confirmed"},
    "note_order": {"note": "x"},
    "create_order": {
        "site": "tea",
        "lines": [{"sku": "Tea-1", "units": 1}],
        "buyer": BUYER,
        "delivery": "pickup",
        "payment": "cash",
        "consent": True,
    },
}


def routes() -> Iterator[tuple[str, str, Any]]:
    """(method, path, view) of everything under /api/v1/, as the router has it."""
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, re.sub(r"{\w+:(\w+)}", r"{\1}", path), operation.view_func


def test_every_route_is_in_the_table_and_is_guarded_by_it() -> None:
    served = {(method, path, view.__name__) for method, path, view in routes()}

    assert served == {(one.method, one.path, name) for name, one in ACCESS.items()}
    assert [name for _, _, view in routes() if view.rialto_access is not ACCESS[name := view.__name__]] == []


def test_every_right_of_the_table_can_be_given_to_a_key_and_each_of_these_opens_something() -> None:
    asked = {right for one in ACCESS.values() for right in one.rights}

    assert asked == {*TITLES} - {"price_orders"}  # which is asked for by what a call says


def test_the_document_and_the_reference_say_what_the_table_says() -> None:
    reference = (ROOT / "docs" / "reference" / "api.md").read_text()

    for name, one in ACCESS.items():
        call = document()["paths"][f"/api/v1{one.path}"][one.method.lower()]
        assert call["operationId"] == name
        assert all(f"`{right}`" in call["description"] for right in one.rights)
        names = [hole for hole in call["parameters"] if hole["name"] == "Idempotency-Key"]
        assert [hole["required"] for hole in names] == ([one.needs_name] if one.method in ("POST", "PATCH") else [])
        rights = ", ".join(f"`{right}`" for right in one.rights) or "every key"
        reach = {"own": "its own", "none": "—"}[one.of_sites]
        assert f"| `{one.method} {one.path}` | {rights} | {reach} |" in reference


@pytest.mark.parametrize(("name", "lacking"), [(name, right) for name, one in ACCESS.items() for right in one.rights])
def test_a_key_without_the_right_is_refused(caller, name: str, lacking: str) -> None:
    one = ACCESS[name]
    path = re.sub(r"{\w+}", str(NOBODYS), one.path).removeprefix("/")
    query = {"get_product": "?site=tea", "get_stock": "?site=tea&sku=Tea-1"}.get(name, "")

    answer = caller(rights=[right for right in TITLES if right != lacking]).ask(
        one.method, path + query, BODIES.get(name), idempotency_key="one"
    )

    assert (*refused(answer), answer.json()["right"]) == (403, "no_right", lacking)
