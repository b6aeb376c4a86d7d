"""The OpenAPI document as a page shows it: calls by kind, with what each takes and answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from central.api.access import ACCESS
from central.api.root import document

#: operationId -> what people call it
TITLES = {
    "get_key": _("What this key may"),
    "list_sites": _("List sites"),
    "get_site": _("Get a site"),
    "list_languages": _("The languages a site speaks"),
    "list_site_regions": _("The regions a site is in"),
    "list_regions": _("List regions"),
    "get_region": _("Get a region"),
    "list_units": _("List sellable units"),
    "get_product": _("Get a product"),
    "create_product": _("Create a product"),
    "change_product": _("Change a product's texts"),
    "show_product": _("Show a product in regions"),
    "set_price": _("Set a price"),
    "list_warehouses": _("List warehouses"),
    "get_stock": _("Stock of a unit in each warehouse"),
    "put_stock": _("Correct stock"),
    "list_orders": _("List orders"),
    "get_order": _("Get an order"),
    "create_order": _("Place an order"),
    "move_order": _("Move an order to a status"),
    "note_order": _("Write the staff note"),
    "list_statuses": _("List statuses"),
    "get_health": _("How the cluster is doing"),
    "get_metrics": _("The same for Prometheus"),
}
KINDS = {"Sites": _("Sites"), "Products": _("Products"), "Orders": _("Orders"), "Health": _("Health")}


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    where: str
    is_required: bool
    note: str = ""


@dataclass(frozen=True)
class Call:
    id: str
    title: Any
    method: str
    path: str
    note: str
    right: str
    takes: list[Field] = field(default_factory=list)
    answers: list[Field] = field(default_factory=list)


@lru_cache(maxsize=1)
def groups_of_calls() -> list[tuple[Any, list[Call]]]:
    """(kind, its calls), in the order of the document."""
    made = document()
    groups: dict[str, list[Call]] = {}
    for path, methods in made["paths"].items():
        for method, call in methods.items():
            groups.setdefault(call["tags"][0], []).append(_call(made, path, method, call))
    return [(KINDS[kind], calls) for kind, calls in groups.items()]


def _call(made: dict[str, Any], path: str, method: str, call: dict[str, Any]) -> Call:
    said = call.get("description", "")
    rights = ", ".join(ACCESS[call["operationId"]].rights)
    note = re.sub(r"\s*(Needs the right `\w+`\.|For every key\.)", "", said).replace("`", "")
    takes = [
        Field(one["name"], _kind(one["schema"]), one["in"], one.get("required", False), one.get("description", ""))
        for one in call["parameters"]
    ]
    body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answer = next(
        (
            said.get("content", {}).get("application/json", {}).get("schema")  # metrics are plain text
            for status, said in call["responses"].items()
            if status < "300"
        ),
        None,
    )
    return Call(
        id=call["operationId"],
        title=TITLES[call["operationId"]],
        method=method.upper(),
        path=path,
        note=note,
        right=rights,
        takes=takes + _fields(made, body, "body"),
        answers=_fields(made, answer, ""),
    )


def _fields(made: dict[str, Any], schema: dict[str, Any] | None, where: str) -> list[Field]:
    if schema is None:
        return []
    known = made["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    required = known.get("required", [])
    return [
        Field(name, _kind(one), where, name in required, one.get("description", ""))
        for name, one in known["properties"].items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    """ "integer", "list of UnitIn", "text or null"."""
    if ref := schema.get("$ref"):
        return str(ref.rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))
