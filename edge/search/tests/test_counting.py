"""What was searched is counted, and nothing of who did."""

from __future__ import annotations

import pytest

from edge.search.counting import MOST_A_DAY, Counting, counting
from edge.search.models import SearchCount
from infra.search.personal import countable
from sync.contracts.codec import unpack
from sync.contracts.search import SearchCounts
from sync.store.edge.models import Outgoing
from sync.store.writer import reader


def _told() -> list[tuple[str, int, int]]:
    bodies = Outgoing.objects.filter(kind="search_counts").order_by("n").values_list("body", flat=True)
    return [
        (each.words, each.times, each.in_vain) for body in bodies for each in unpack(bytes(body), SearchCounts).counts
    ]


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ("  Чёрный ЧАЙ ", "черный чай"),
        ("CH-100", "ch 100"),
        ("anna@example.com", ""),
        ("анна @ пример", ""),
        ("+7 (900) 123-45-67", ""),
        ("4111 1111 1111 1111", ""),
        ("я" * 61, ""),
        ("!", ""),
        ("a", ""),
    ],
)
def test_what_looks_personal_is_never_counted(query, counted):
    assert countable(query) == counted


async def test_counts_of_a_day_are_told_as_they_stand(visitor):
    await visitor.get("/search?q=%D1%81%D0%B5%D0%BD%D1%87%D0%B0")
    await visitor.get("/search?q=zeppelin")
    await visitor.get("/search?q=zeppelin&page=2")
    await visitor.get("/search?q=anna%40example.com")
    await counting.tell()
    assert sorted(await reader.run(_told)) == [("zeppelin", 1, 1), ("сенча", 1, 0)]
    await visitor.get("/search?q=zeppelin")
    await counting.tell()
    assert (await reader.run(_told))[-1] == ("zeppelin", 2, 2)
    assert await reader.run(SearchCount.objects.count) == 2


async def test_made_up_words_fill_no_memory():
    one = Counting()
    for number in range(MOST_A_DAY + 50):
        one.note("tea", "ru", f"word{number % 10_000}x{'abcdefgh'[number % 8]}", found=False)
    assert len(one._times) == MOST_A_DAY
