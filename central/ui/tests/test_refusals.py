"""Every refusal that a person at the desk may meet is said in Russian too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import get_resolver
from django.utils import translation

from central.catalog.errors import BadGoods
from central.orders.errors import BadOrder, NotEnough
from central.ui import explain
from node.errors import RialtoError

#: modules whose errors no screen of the desk shows, and who does
ELSEWHERE = {
    "central.api.root": "answers of the API are English",
    "central.exchange.errors": "1C is answered in English",
    "central.notices.errors": "raised by jobs alone",
    "central.payments.errors": "shoppers and providers meet them",
    "central.shoppers.errors": "central.shoppers.pages says them to shoppers",
    "central.ui.away": "has a page of its own",
}
#: the same of single codes
NEVER = {
    "bad_request", "bad_input", "too_large", "idempotency_key_reused", "no_key", "no_right", "not_json",
    "too_many_requests", "under_way", "wrong_address",  # of the API
    "stock",  # a root, never raised
    "too_many_variants",  # told to an edge
}  # fmt: skip


def _kinds(of: type[RialtoError]) -> Iterator[type[RialtoError]]:
    for one in of.__subclasses__():
        yield one
        yield from _kinds(one)


def _desk() -> dict[str, type[RialtoError]]:
    """Code -> class, of what actions and views of the desk raise."""
    _ = get_resolver().url_patterns  # all apps with screens are loaded by it
    return {
        one.code: one
        for one in _kinds(RialtoError)
        if one.__module__.startswith("central.")
        and ".tests" not in one.__module__
        and one.__module__ not in ELSEWHERE
        and one.code not in {*NEVER, RialtoError.code}
    }


def test_every_refusal_of_the_desk_has_a_sentence() -> None:
    kinds = _desk()

    assert len(kinds) > 40
    assert {code: kind.__name__ for code, kind in kinds.items() if code not in explain._sentences} == {}


def test_every_sentence_of_a_refusal_is_russian_in_russian() -> None:
    said = {code: one for code, one in explain._sentences.items() if not callable(one)}

    with translation.override("ru"):
        english = [code for code, one in said.items() if not re.search("[а-яё]", str(one))]

    assert english == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotEnough("", lines=[{"sku": "TEA-1", "left": 2}]), "TEA-1: осталось 2"),
        (BadOrder("phone", "this is no phone number; write it with its country code"), "номер"),
        (BadGoods("product", "has no price"), "нет цены"),
        (BadGoods("price", "-5 is not between 0 and 100000 minor units"), "цена"),
    ],
)
def test_a_refusal_says_why_in_the_readers_language(error: RialtoError, words: str) -> None:
    _desk()

    with translation.override("ru"):
        assert words in explain.explain(error)
