"""An old site is walked through within bounds, matched, and taken over as redirects."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from werkzeug import Request, Response

from central.catalog.actions import Goods, Unit, save_product, upsert_category
from central.catalog.tests.make import DATABASES, make_site
from central.seo import handlers, migrating  # noqa: F401 - registers them
from central.seo.cli import app
from central.seo.models import Migration, OldPage, Redirect
from central.seo.redirects import Wanted
from node import config as node_config
from node.errors import Refused
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=DATABASES)

PAGES = {
    "/": '<title>Old shop</title><a href="/good/17-sencha">1</a><a href="/tea.php?id=5&utm_source=x">2</a>'
    '<a href="/secret/page">3</a><a href="http://elsewhere.example/x">4</a><a href="/photo.jpg">5</a>'
    '<a href="/gone">6</a><a href="mailto:a@example.com">7</a><a href="/p/puer">8</a>',
    "/good/17-sencha": "<title>Сенча — Old shop</title><h1>Сенча</h1>",
    "/tea.php?id=5": "<title>Зелёный чай Лунцзин крупнолистовой | Old shop</title>",
    "/secret/page": "<h1>Secret</h1>",
    "/news": "<h1>Новости за май</h1><a href='/news?page=2'>next</a>",
    "/news?page=2": "<h1>Новости за апрель</h1>",
    "/p/puer": "<h1>Пуэр</h1>",
}


@pytest.fixture
def shop(node_home: Any) -> Any:
    make_site("tea")
    upsert_category("tea", "Травы")
    for sku, title in (("S", "Сенча"), ("L", "Чай Лунцзин крупнолистовой"), ("P", "Пуэр")):
        save_product("tea", Goods([Unit(sku, price=100)], title=title), by="test")
    with node_config.overridden(fetch_private=True):
        yield


@pytest.fixture
def old(httpserver: Any) -> Any:
    """An old site on this machine; `asked` names what was asked of it."""
    asked: list[str] = []

    def answer(request: Request) -> Response:
        path = request.full_path.rstrip("?")
        asked.append(path)
        if path == "/robots.txt":
            return Response("User-agent: *\nDisallow: /secret/\n", mimetype="text/plain")
        if path == "/sitemap.xml":
            place = httpserver.url_for("/news")
            return Response(f"<urlset><url><loc>{place}</loc></url></urlset>", mimetype="application/xml")
        body = PAGES.get(path)
        return Response(body or "nothing", status=200 if body else 404, mimetype="text/html")

    httpserver.expect_request(re.compile(".*")).respond_with_handler(answer)
    httpserver.asked = asked
    return httpserver


def walk(start: str, **bounds: int) -> Migration:
    row = migrating.begin("tea", start, by="test", **{"most_pages": 100, "most_minutes": 5} | bounds)
    run_due(["catalog"])
    row.refresh_from_db()
    return row


def found() -> dict[str, tuple[str, str]]:
    return {page.source: (page.target, page.decision) for page in OldPage.objects.all()}


def test_a_walk_meets_what_robots_may_and_proposes_where_it_leads(shop: Any, old: Any) -> None:
    row = walk(old.url_for("/"))

    assert (row.state, row.error) == ("ready", "")
    assert found() == {
        "/good/17-sencha": ("/p/sencha", "open"),
        "/tea.php?id=5": ("/p/chay-luntszin-krupnolistovoy", "open"),
        "/news": ("", "open"),
        "/news?page=2": ("", "open"),
        "/gone": ("", "open"),
        "/p/puer": ("/p/puer", "skipped"),
    }
    assert "/secret/page" not in old.asked
    assert "/photo.jpg" not in old.asked
    assert len(old.asked) == len(set(old.asked))


def test_what_people_agree_to_becomes_redirects(shop: Any, old: Any) -> None:
    row = walk(old.url_for("/"))
    news = OldPage.objects.get(source="/news")

    assert migrating.take_all(row.pk, least=90, by="test") == (1, 0)
    assert migrating.correct(row.pk, [(2, Wanted("/news", "/about")), (3, Wanted("/unknown", "/"))]) == (1, 1)
    migrating.take_page(news.pk, by="test")

    leads = dict(Redirect.objects.filter(is_active=True).values_list("source", "target"))
    assert leads == {"/good/17-sencha": "/p/sencha", "/news": "/about"}
    assert set(Redirect.objects.values_list("cause", flat=True)) == {"migration"}


def test_a_walk_ends_at_its_bound(shop: Any, old: Any) -> None:
    walk(old.url_for("/"), most_pages=2)

    pages = [path for path in old.asked if path not in ("/robots.txt", "/sitemap.xml")]
    assert len(pages) == 2


def test_a_private_address_is_refused_unless_an_operator_allows_it(shop: Any, old: Any) -> None:
    with node_config.overridden(fetch_private=False):
        row = walk(old.url_for("/"))

    assert row.state == "failed"
    assert "private network" in row.error
    assert old.asked == []


def test_a_site_that_leads_to_a_private_address_is_not_followed(shop: Any, httpserver: Any) -> None:
    httpserver.expect_request("/").respond_with_data("", status=302, headers={"Location": "http://127.0.0.2/x"})

    row = walk(httpserver.url_for("/"))

    assert [page.answered for page in OldPage.objects.all()] == []
    assert row.state == "failed"


def test_a_walk_that_was_broken_off_goes_on(shop: Any, old: Any) -> None:
    row = migrating.begin("tea", old.url_for("/"), most_pages=100, most_minutes=5, by="test")
    migrating.walk(row.pk, still_mine=lambda: False)
    Migration.objects.filter(pk=row.pk).update(state="walking")
    OldPage.objects.filter(source="/news").delete()

    migrating.walk(row.pk, still_mine=lambda: True)

    assert "/news" in found()
    row.refresh_from_db()
    assert row.state == "ready"


def rialto(*words: str) -> str:
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_the_command_line_walks_shows_and_takes_over(shop: Any, old: Any, tmp_path: Path) -> None:
    walk = json.loads(rialto("start", "tea", old.url_for("/"), "--json"))["walk"]
    run_due(["catalog"])

    [told] = json.loads(rialto("status", "tea", "--json"))
    assert (told["walk"], told["state"]) == (walk, "ready")
    assert (told["met"], told["taken"], told["open"], told["missed"]) == (6, 0, 2, 3)
    lines = rialto("sheet", "tea").splitlines()
    assert (lines[0], len(lines)) == ("from,to,sure,state", 7)
    back = tmp_path / "back.csv"
    back.write_text("\n".join([lines[0], "/news,/about,,", "/nowhere,/about,,"]))
    assert json.loads(rialto("read", walk, str(back), "--json")) == {"taken": 1, "wrong": 1}
    assert json.loads(rialto("take", walk, "--json")) == {"made": 2, "left_out": 0}
    leads = dict(Redirect.objects.filter(is_active=True).values_list("source", "target"))
    assert leads == {"/good/17-sencha": "/p/sencha", "/news": "/about"}
    with pytest.raises(Refused):
        CliRunner().invoke(app, ["sheet", "ink"], catch_exceptions=False)
