"""Links that lead nowhere, as edges tell of them and people see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from central.pages.models import BrokenLink as Row
from central.pages.tests.conftest import REALMS, PretendNode
from central.ui.tests import cast
from sync import intake
from sync.contracts.codec import pack
from sync.contracts.frames import Op
from sync.contracts.links import BrokenLink, BrokenLinks
from sync.topics import EdgeScope

pytestmark = pytest.mark.django_db(databases=REALMS)
GONE = BrokenLink(
    url="http://tea.localhost/p/gone?a=1",
    status="404",
    since=1_790_000_000_000,
    seen=1_790_000_100_000,
    of_site="tea",
    source="/p/gone?a=1",
    pages=[("tea", "/about"), ("tea~en~", "/en")],
    count=7,
)
A = EdgeScope(node="a", epoch=1, sites=frozenset({"tea"}), groups=frozenset({"main"}))
_sent = {"n": 0}


@pytest.fixture(autouse=True)
def shops(node: PretendNode) -> None:
    _sent["n"] = 0


def send(*links: BrokenLink, book: str = "one", edge: EdgeScope = A) -> None:
    _sent["n"] += 1
    body = pack(BrokenLinks(site="tea", book=book, links=list(links)))
    intake.take_ops(edge, "stats", _sent["n"], [Op("broken_links", body)])


def urls() -> list[tuple[str, str]]:
    return list(Row.objects.order_by("url").values_list("url", "status"))


def manager() -> Any:
    return cast.signed_in(cast.staff("mia", "manager", sites=["tea"]))


def test_a_link_is_kept_until_it_is_mended() -> None:
    send(GONE)
    send(GONE)
    assert urls() == [(GONE.url, "404")]

    send(BrokenLink(url=GONE.url, status=""))

    assert urls() == []


def test_what_an_earlier_book_told_is_forgotten() -> None:
    send(GONE)

    send(BrokenLink(url="https://other.example/", status="timeout", count=1), book="two")

    assert urls() == [("https://other.example/", "timeout")]


def test_the_list_names_the_pages_and_the_card_offers_a_redirect() -> None:
    send(GONE)
    client, row = manager(), Row.objects.get()

    listed = client.get("/broken-links").content.decode()
    card = client.get(reverse("broken-links-one", args=[row.pk])).content.decode()

    assert "No such page" in listed
    assert "/pages/of/tea?edition=tea&amp;path=%2Fabout" in listed
    assert "and 5 more" in listed
    form = "/redirects/new?site=tea&amp;source=%2Fp%2Fgone%3Fa%3D1"
    assert form in card
    filled = client.get(form.replace("&amp;", "&")).content.decode()
    assert 'value="/p/gone?a=1"' in filled


def test_an_ignored_link_stays_so_when_it_is_told_of_again() -> None:
    send(GONE)
    client, row = manager(), Row.objects.get()

    client.post(reverse("broken-links-ignore", args=[row.pk]))
    send(GONE)

    assert GONE.url not in client.get("/broken-links").content.decode()
    assert "/p/gone" in client.get("/ignored-links").content.decode()

    client.post(reverse("broken-links-notice", args=[row.pk]))

    assert "/p/gone" in client.get("/broken-links").content.decode()


def test_who_may_not_manage_pages_changes_nothing_and_others_shops_are_unseen() -> None:
    send(GONE)
    row = Row.objects.get()
    viewer = cast.signed_in(cast.staff("vera", "viewer", sites=["tea"]))
    other = cast.signed_in(cast.staff("otto", "manager", sites=["toys"]))

    assert viewer.post(reverse("broken-links-ignore", args=[row.pk])).status_code == 403
    assert other.post(reverse("broken-links-ignore", args=[row.pk])).status_code == 404
    assert other.get(reverse("broken-links-one", args=[row.pk])).status_code == 404
    assert not Row.objects.get().is_ignored
