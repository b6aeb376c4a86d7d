"""Purged pages are fetched again: the busiest first, not too fast, not against a CDN that answers by errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from central.cdn import busiest, queue, warming
from central.cdn.folding import FOLD_OVER
from central.cdn.models import ColdPage, Purge, Warming, Zone
from central.cdn.queries import warming_of
from central.cdn.tests.world import START, Watch
from central.cluster import locales
from central.cluster.actions import edit_site
from central.cluster.models import Node, NodeHealth
from central.pages.tests.conftest import PretendNode, beat
from central.ui.tests import cast
from infra.cdn.tests.pretend import PretendCloudflare
from sync import hub
from sync.contracts.codec import unpack
from sync.contracts.pages import PageChange, PageRow, PagesAsk, PagesTold
from sync.discover import load_central

pytestmark = pytest.mark.django_db(databases=["default"], transaction=False)


class Cdn:
    """What is fetched of it, and when; `wrong` says what it answers."""

    def __init__(self, wrong: str = "") -> None:
        self.asked: list[str] = []
        self.wrong = wrong
        self._lock = threading.Lock()

    def __call__(self, url: str) -> str:
        with self._lock:
            self.asked.append(url)
        return self.wrong


def purge(clock: Watch, *changes: PageChange) -> None:
    queue.put("tea", changes, clock.moment)
    clock.purge_until(clock.at + 20)
    ColdPage.objects.update(purged_at=timezone.now())


def page(path: str, hits: int = 0) -> PageChange:
    return PageChange(path=path, tags=["s0"], hits=hits)


def waited(seconds: list[float]) -> warming.Clock:
    """A clock that goes when somebody waits."""

    def wait(for_s: float) -> None:
        seconds.append(for_s)

    return warming.Clock(now=lambda: sum(seconds), wait=wait)


def cold(count: int) -> None:
    now = timezone.now()
    ColdPage.objects.bulk_create(
        ColdPage(site="tea", path=f"/p/{number}", hits=number, purged_at=now) for number in range(count)
    )


def test_the_busiest_are_fetched_first_once_they_were_purged_twice(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    queue.put("tea", [page("/p/few", 1), page("/p/many", 90), PageChange(path="/p/gone")], clock.moment)
    clock.purge_until(START + 3)
    assert not ColdPage.objects.exists()
    clock.purge_until(START + 20)
    ColdPage.objects.update(purged_at=timezone.now())
    cdn = Cdn()

    assert warming.due_sites(timezone.now()) == ["tea"]
    assert warming.warm("tea", cdn, waited([])) == 2

    assert sorted(cdn.asked) == ["https://tea.example/p/few", "https://tea.example/p/many"]
    assert warming.due_sites(timezone.now()) == []
    assert (warming_of(["tea"]).waiting, warming_of(["tea"]).fetched) == (0, 2)


def test_twenty_a_second_of_a_site_at_most(shops: Zone) -> None:
    cold(200)
    seconds: list[float] = []
    cdn = Cdn()

    assert warming.warm("tea", cdn, waited(seconds)) == 200

    assert sum(seconds) >= 200 / warming.A_SECOND - 1
    assert {*cdn.asked[:4]} == {f"https://tea.example/p/{number}" for number in (199, 198, 197, 196)}


def test_a_cdn_that_answers_by_errors_is_left_alone_and_longer_each_time(shops: Zone) -> None:
    cold(100)
    cdn = Cdn(wrong="503")

    assert warming.warm("tea", cdn, waited([])) == 0

    assert len(cdn.asked) < warming.MOST_ERRORS + warming.AT_ONCE
    assert warming.due_sites(timezone.now()) == []
    assert warming_of(["tea"]).error == "503"
    first = Warming.objects.get(pk="tea").retry_at
    assert first is not None

    Warming.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
    warming.warm("tea", cdn, waited([]))
    second = Warming.objects.get(pk="tea").retry_at
    assert second is not None
    assert second - first > timedelta(seconds=warming.FIRST_PAUSE_S)

    Warming.objects.update(retry_at=None)
    cdn.wrong = ""
    warming.warm("tea", cdn, waited([]))
    assert (Warming.objects.get(pk="tea").failures, ColdPage.objects.count()) == (0, 0)


def test_a_site_that_does_not_want_it_is_left_as_it_is(
    shops: Zone, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    edit_site("tea", by="tests", pages={"is_warmed": False})

    purge(clock, page("/p/a"))

    assert not ColdPage.objects.exists()


def test_only_so_many_wait_and_none_for_too_long(shops: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "MOST", 10)
    cold(30)
    ColdPage.objects.filter(path="/p/29").update(purged_at=timezone.now() - warming.OLDEST - timedelta(minutes=1))
    cdn = Cdn()

    assert warming.warm("tea", cdn, waited([])) == 10
    assert f"https://tea.example/p/{29}" not in cdn.asked


def test_two_workers_do_not_fetch_for_one_site(shops: Zone) -> None:
    cold(1)
    Warming.objects.create(site="tea", busy_until=timezone.now() + timedelta(minutes=1))

    assert warming.warm("tea", Cdn(), waited([])) == 0
    assert warming.due_sites(timezone.now()) == []


def test_each_edition_is_fetched_where_it_lives_and_no_address_that_is_none(shops: Zone) -> None:
    locales.put_language("tea", "en", path="/en", by="tests", words={"name": "Tea"})
    locales.put_language("tea", "de", origin="https://de.tea.example", by="tests", words={"name": "Tee"})
    now = timezone.now()
    ColdPage.objects.bulk_create(
        ColdPage(site="tea", path=path, purged_at=now) for path in ("/p/%D1%87", "/en/p/%D1%87", "/en", "/no/page")
    )
    cdn = Cdn()
    seconds: list[float] = []

    assert warming.warm("tea", cdn, waited(seconds)) == 4

    assert sorted(cdn.asked) == [
        "https://de.tea.example/p/%D1%87",
        "https://tea.example/en",
        "https://tea.example/en/p/%D1%87",
        "https://tea.example/p/%D1%87",
    ]
    assert not ColdPage.objects.exists()


# --- after a purge of a whole site -------------------------------------------------------------------------------


@pytest.fixture
def node(shops: Zone) -> Iterator[PretendNode]:
    """Serves `tea`, and counts how often each of its pages was asked for."""
    load_central()
    cast.node("a", "tea")
    Node.objects.update(state=Node.State.JOINED)
    beat("a")
    made = PretendNode()
    hub.tell_by(made.told)
    yield made
    hub.tell_by(None)


def counts(node: PretendNode, *rows: tuple[str, int]) -> None:
    told = [PageRow(edition="tea", path=path, kind="product", state="fresh", asked=asked) for path, asked in rows]

    def some(body: bytes) -> PagesTold:
        asked = unpack(body, PagesAsk)
        return PagesTold(rows=told[asked.start : asked.start + asked.count], total=len(told))

    node.answers["pages"] = some


def empty(clock: Watch) -> None:
    """Purge all of `tea`, both times."""
    queue.put_whole("tea", clock.moment)
    clock.purge_until(clock.at + 20)
    Warming.objects.update(emptied_at=timezone.now())


def test_after_a_purge_of_all_of_a_site_its_busiest_pages_are_fetched_and_the_busiest_first(
    node: PretendNode, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    counts(node, *((f"/p/{number}", 250 - number) for number in range(240)), ("/p/nobody", 0), ("//evil.example", 9))
    queue.put_whole("tea", clock.moment)
    clock.purge_until(START + 3)
    assert warming.due_sites(timezone.now()) == []  # its second purge is to come
    clock.purge_until(START + 20)
    Warming.objects.update(emptied_at=timezone.now())
    cdn = Cdn()

    assert warming.due_sites(timezone.now()) == ["tea"]
    assert warming.warm("tea", cdn, waited([])) == 240

    assert set(cdn.asked[:4]) == {f"https://tea.example/p/{number}" for number in range(4)}
    assert unpack(node.asked[0][1], PagesAsk).sort == "-asked"
    assert warming.due_sites(timezone.now()) == []


def test_no_more_than_the_busiest_thousand(
    node: PretendNode, cloudflare: PretendCloudflare, clock: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busiest, "MOST", 200)
    counts(node, *((f"/p/{number}", 900 - number) for number in range(300)))
    empty(clock)
    cdn = Cdn()

    assert warming.warm("tea", cdn, waited([])) == 200

    assert f"https://tea.example/p/{199}" in cdn.asked


def test_a_newer_purge_of_all_of_it_ends_the_fetching(
    node: PretendNode, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    counts(node, *((f"/p/{number}", 900 - number) for number in range(100)))
    empty(clock)
    cdn = Cdn()

    seconds: list[float] = []

    def wait(for_s: float) -> None:
        seconds.append(for_s)
        if len(seconds) == 5:
            queue.put_whole("tea", clock.moment)

    assert warming.warm("tea", cdn, warming.Clock(now=lambda: sum(seconds), wait=wait)) == 20

    assert warming.due_sites(timezone.now()) == []
    clock.purge_until(clock.at + 20)
    assert Warming.objects.get(pk="tea").emptied_at is not None


def test_pages_that_a_storm_threw_away_with_those_that_changed_are_fetched_too(
    node: PretendNode, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    counts(node, ("/p/calm", 5))
    queue.put("tea", [page(f"/p/{number}") for number in range(FOLD_OVER + 1)], clock.moment)
    warming.note_purged([("tea", "/p/early", 1, True)], timezone.now())
    assert warming.due_sites(timezone.now()) == []
    clock.purge_until(START + 40)
    assert Purge.objects.filter(kind="hosts").exists()
    ColdPage.objects.all().delete()
    Warming.objects.update(emptied_at=timezone.now())
    cdn = Cdn()

    warming.warm("tea", cdn, waited([]))

    assert cdn.asked == ["https://tea.example/p/calm"]


def test_a_node_that_does_not_answer_is_asked_again_later_for_an_hour(
    node: PretendNode, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    empty(clock)
    NodeHealth.objects.update(heard_at=timezone.now() - timedelta(hours=1))

    assert warming.warm("tea", Cdn(), waited([])) == 0

    assert warming_of(["tea"]).error == warming.NODE_AWAY
    assert warming.due_sites(timezone.now()) == []
    later = timezone.now() + timedelta(seconds=warming.FIRST_PAUSE_S + 1)
    assert warming.due_sites(later) == ["tea"]
    assert warming.due_sites(timezone.now() + warming.OLDEST + timedelta(minutes=1)) == []


def test_a_node_without_pages_of_it_leaves_nothing_to_do(
    node: PretendNode, cloudflare: PretendCloudflare, clock: Watch
) -> None:
    empty(clock)  # the node answers that it does not know such a question

    assert warming.warm("tea", Cdn(), waited([])) == 0

    assert warming.due_sites(timezone.now()) == []


def test_nothing_answers_at_the_address() -> None:
    began = time.monotonic()

    assert warming.ask("http://127.0.0.1:9/") == "no_answer"
    assert time.monotonic() - began < warming.PATIENCE_S
