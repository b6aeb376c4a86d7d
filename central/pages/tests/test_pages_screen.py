"""The screens of pages: what the node says, what is shown of one that is cut off, who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from central.cluster.actions import edit_site
from central.cluster.models import NodeHealth, Site
from central.pages.tests.conftest import REALMS, PretendNode, beat
from central.pages.words import card_url
from central.ui.tests import cast
from sync import questions
from sync.contracts.codec import unpack
from sync.contracts.pages import (
    AuditTold,
    PageAsk,
    PageRow,
    PagesAsk,
    PagesTold,
    PageTold,
    PageUse,
    RemakeAsk,
    WrongPage,
)

pytestmark = pytest.mark.django_db(databases=REALMS)
SENCHA = PageRow(
    edition="tea", path="/p/sencha", kind="product", state="failed", reason="TemplateSyntaxError: no such tag", size=9
)


@pytest.fixture
def manager(node: PretendNode) -> Any:
    return cast.signed_in(cast.staff("mia", "manager", sites=["tea"]))


def tells(node: PretendNode, *rows: PageRow) -> None:
    node.answers["pages"] = lambda body: PagesTold(rows=list(rows), total=120, states={"fresh": 119, "failed": 1})


def text(answer: Any) -> str:
    return answer.content.decode()


def test_the_list_shows_what_the_node_says(node: PretendNode, manager: Any) -> None:
    tells(node, SENCHA)

    shown = text(manager.get("/pages?site=tea&state=failed&kind=product&q=sen&sort=-made&start=50"))

    assert "/p/sencha" in shown
    assert "The template of the page fails: no such tag" in shown
    assert "start=100" in shown
    [(kind, body)] = node.asked
    assert (kind, unpack(body, PagesAsk)) == (
        "pages",
        PagesAsk(site="tea", states=["failed"], kind="product", words="sen", sort="-made", start=50, count=50),
    )


def test_the_list_says_when_the_node_compared_pages_and_what_was_stale(node: PretendNode, manager: Any) -> None:
    now = timezone.now().timestamp()
    audit = AuditTold(looked=1200, looked_at=now - 30)
    node.answers["pages"] = lambda body: PagesTold(rows=[SENCHA], total=1, states={"failed": 1}, audit=audit)
    assert "None was stale" in text(manager.get("/pages?site=tea"))

    wrong = WrongPage(edition="tea", path="/p/old", found_at=now - 3600, made_at=now - 3600 - 7200)
    audit = AuditTold(looked=1200, looked_at=now - 30, wrong=3, oldest_s=86_400 * 2, latest=[wrong])
    shown = text(manager.get("/pages?site=tea"))

    assert "3 were stale in the last 30 days" in shown
    assert "2\xa0days" in shown
    assert "2\xa0hours" in shown
    assert f'href="{escape(card_url("tea", "tea", "/p/old"))}"' in shown


def test_what_is_no_filter_is_left_aside(node: PretendNode, manager: Any) -> None:
    tells(node)

    manager.get("/pages?site=tea&state=odd&kind=odd&sort=odd&start=-4")

    assert unpack(node.asked[0][1], PagesAsk) == PagesAsk(site="tea", count=50)


def test_a_node_that_is_cut_off_is_not_waited_for_and_its_last_word_shown(
    node: PretendNode, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat("a", pages={"sites": {"tea": {"pages": 4321, "bytes": 1_000_000, "failed": "odd"}, "toys": {"pages": 77}}})
    NodeHealth.objects.update(heard_at=timezone.now() - timedelta(minutes=5))
    monkeypatch.setattr(questions, "PATIENCE_S", 60.0)

    shown = text(manager.get("/pages?site=tea"))

    assert "does not answer" in shown
    assert "4321" in shown
    assert node.asked == []


def test_a_node_of_an_older_version_says_so(node: PretendNode, manager: Any) -> None:
    assert "older version" in text(manager.get("/pages?site=tea"))


def test_another_node_cannot_answer_in_its_place(node: PretendNode) -> None:
    tells(node, SENCHA)
    node.speaks_as = "b"

    with pytest.raises(questions.NodeAway):
        questions.ask("a", "pages", b"", patience_s=0.3)


def test_the_card_says_what_the_page_is_made_of(node: PretendNode, manager: Any) -> None:
    uses = [PageUse(topic="product", key="ab12", title="Сенча", ver=3), PageUse(topic="list", key="slug:tea:sencha")]
    node.answers["page"] = lambda body: PageTold(row=SENCHA, address="http://tea.localhost/p/sencha", uses=uses)

    shown = text(manager.get("/pages/of/tea?path=/p/sencha"))

    assert unpack(node.asked[0][1], PageAsk) == PageAsk(site="tea", edition="", path="/p/sencha")
    assert "Сенча" in shown
    assert "uses=ab12" in shown
    assert "Which product stands at the address" in shown


def test_pages_are_made_anew_by_those_who_may(node: PretendNode, manager: Any) -> None:
    node.answers["pages_remake"] = lambda body: None
    viewer = cast.signed_in(cast.staff("vera", "operator", sites=["tea"]))
    address = reverse("pages-remake", args=["tea"])

    assert viewer.post(address, {"row": "tea /"}).status_code == 403
    assert manager.post(reverse("pages-remake", args=["toys"]), {"row": "tea /"}).status_code == 404
    manager.post(address, {"row": ["tea~en~msk /en", "tea /about", "toys /"]})
    manager.post(address, {"whole": "1"})
    manager.post(address)

    assert [unpack(body, RemakeAsk).pages for _, body in node.asked] == [[("tea~en~msk", "/en"), ("tea", "/about")], []]


def test_an_address_is_left_out_and_taken_back(node: PretendNode, manager: Any) -> None:
    address = reverse("pages-exclude", args=["tea"])
    edit_site("tea", by="test", pages={"lifetime_minutes": 5, "excluded": ["/about"]})

    manager.post(address, {"path": "/p/a[1]"})

    assert Site.objects.get(pk="tea").pages == {"lifetime_minutes": 5, "excluded": ["/about", "/p/a[[]1]"]}

    manager.post(address, {"path": "/p/a[1]", "again": "1"})

    assert Site.objects.get(pk="tea").pages["excluded"] == ["/about"]
    assert manager.post(reverse("pages-exclude", args=["toys"]), {"path": "/"}).status_code == 404


def test_rules_that_a_site_above_locks_are_not_changed(node: PretendNode, manager: Any) -> None:
    edit_site("toys", by="test", locks=["pages"])
    edit_site("tea", by="test", parent="toys")

    answer = manager.post(reverse("pages-exclude", args=["tea"]), {"path": "/about"}, follow=True)

    assert "toys has locked the rules of pages" in text(answer)
    assert Site.objects.get(pk="tea").pages.get("excluded", []) == []
