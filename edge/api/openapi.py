"""The OpenAPI 3.1 document of a shop, made of `operations` and the contracts they name."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from edge.api.contracts import OrderStateView, Problem
from edge.api.operations import OPERATIONS, REFUSALS, Operation
from sync.version import VERSION

_REF = "#/components/schemas/{name}"
Json = dict[str, Any]

_ABOUT = """\
What a page or a script may ask of a shop. Money is whole minor units beside its currency.

A browser is known by a first-party cookie. A POST must come from a page of the same shop: `Sec-Fetch-Site: \
same-origin`, which browsers send by themselves; a program that is no browser sends it by hand.

Errors are `{"error": word, "message": sentence in the shop's language, ...}`; nothing is half applied.
"""


def document(origin: str = "") -> Json:
    """The whole document; `origin` of the shop that serves it."""
    kinds = [kind for one in OPERATIONS for kind in (one.body, *one.answers.values()) if _is_type(kind)]
    schemas, components = msgspec.json.schema_components([*kinds, Problem, OrderStateView], ref_template=_REF)
    found = iter(schemas)
    paths: dict[str, Json] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, lambda: next(found))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rialto: a shop's public HTTP", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": origin or "/"}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(one: Operation, next_schema: Any) -> Json:
    """`next_schema` gives the schemas in the order in which `document` named their types."""
    made: Json = {"operationId": one.name, "summary": one.summary, "parameters": _parameters(one), "responses": {}}
    if one.description:
        made["description"] = one.description
    if one.body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": next_schema()}}}
    elif one.form:
        made["requestBody"] = {"required": True, "content": {"application/x-www-form-urlencoded": _form(one)}}
    for status, kind in one.answers.items():
        made["responses"][str(status)] = _answer(one, status, next_schema() if _is_type(kind) else kind)
    for status in one.refusals:
        problem = {"application/json": {"schema": {"$ref": _REF.format(name="Problem")}}}
        made["responses"][str(status)] = {"description": REFUSALS[status], "content": problem}
    return made


def _answer(one: Operation, status: int, schema: Any) -> Json:
    said = {200: "Done.", 201: "Made.", 204: "Done; no body.", 303: "Go there.", 404: "There is none."}
    made: Json = {"description": said[status]}
    if isinstance(schema, str):
        made["content"] = {schema: {"schema": {"type": "string"}}}
    elif schema is not None:
        made["content"] = {"application/json": {"schema": schema}}
    if one.sets_cookie:
        made["headers"] = {"Set-Cookie": {"schema": {"type": "string"}, "description": "The handle, when it is new."}}
    return made


def _parameters(one: Operation) -> list[Json]:
    made = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", one.path)
    ]
    made += [
        {"name": name, "in": "query", "required": False, "description": said, "schema": {"type": "string"}}
        for name, said in one.query.items()
    ]
    if one.is_write:
        origin = {"type": "string", "enum": ["same-origin"]}
        made.append({"name": "Sec-Fetch-Site", "in": "header", "required": True, "schema": origin})
    return made


def _form(one: Operation) -> Json:
    fields = {name: {"type": "string", "description": said} for name, said in one.form.items()}
    first = next(iter(one.form))
    return {"schema": {"type": "object", "properties": fields, "required": [first]}}


def _is_type(kind: Any) -> bool:
    return kind is not None and not isinstance(kind, str)
