"""One address, one content (`design.md` section 5): a guest, a signed-in shopper with a full cart and a robot walk
through every address of a shop, those its pages link to and those of the table of routes.

Each answer is either the same bytes for all three, with no cookie, a public `Cache-Control` and an `ETag`, or it is
`no-store` and stands in `ISLANDS`. A new route is public until somebody writes it there.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import pytest

from edge.asgi import ROUTES
from edge.cart.tests.fixtures import cluster, joined_nodes  # noqa: F401
from edge.cart.tests.world import Browser
from edge.pages.addresses import addresses_of
from edge.replica import sites
from edge.shopper import session
from edge.shopper.models import Handle
from node import config as node_config
from sync.store.writer import reader, writer

#: what differs from one visitor to another, by the beginning of its address
ISLANDS = ("/_r/", "/cart", "/checkout", "/account", "/search", "/order/")
#: what no visitor differs in and no page needs at once: `Cache-Control` says so, an ETag does not pay
FILES = ("/robots.txt", "/sitemap.xml", "/_r/openapi.json")
#: addresses that an edge answers beside its routes
MORE = ("/", "/about", "/no-such-page", "/order/none", "/favicon.ico", "/_r/health", *FILES)


@pytest.fixture
async def visitors(cluster, tmp_path):  # noqa: F811
    """Identity -> its browser and what it sends."""
    with node_config.overridden(pages_dir=tmp_path):
        shopper = await Browser("tea").open()
        for units in (1, 3):
            await shopper.put_in(units=units)
        await shopper.put_in(["clay", "clay-bowl", ""])
        writer.run_sync(lambda: Handle.objects.update(grant="g" * 32, customer="c" * 32, interacted=1))
        session.forget_all()
        assert (await shopper.view())["lines"]
        yield {
            "guest": (Browser("tea"), {}),
            "shopper": (shopper, {"sec_fetch_site": "same-origin", "accept_language": "de"}),
            "robot": (Browser("tea"), {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)", "accept": "*/*"}),
        }


async def asked(visitors, path: str):
    answers = {}
    for who, (browser, headers) in visitors.items():
        async with browser.client() as client:
            named = browser.headers({name.replace("_", "-"): value for name, value in headers.items()})
            answers[who] = await client.get(path, headers=named)
    return answers


def links_of(html: str) -> set[str]:
    found = re.findall(r'(?:href|src|action|data-src)="([^"]*)"', html)
    found += [part.split()[0] for each in re.findall(r'srcset="([^"]+)"', html) for part in each.split(",")]
    paths = {urlsplit(unescape(each)) for each in found}
    return {each.path + (f"?{each.query}" if each.query else "") for each in paths if not each.netloc and each.path}


async def test_every_public_address_is_the_same_for_all_three(visitors):
    tea = sites.site_of("tea.localhost")
    made = await reader.run(lambda: list(addresses_of(tea)))
    waiting = [*MORE, *made, *(path for method, path in ROUTES if method == "GET")]
    done: set[str] = set()
    public: list[str] = []
    while waiting:
        path = waiting.pop()
        if path in done:
            continue
        done.add(path)
        answers = await asked(visitors, path)
        if {each.headers.get("cache-control") for each in answers.values()} == {"no-store"}:
            assert path.startswith(ISLANDS), path
        else:
            check_public(path, answers)
            public.append(path)
            if "text/html" in answers["guest"].headers.get("content-type", ""):
                waiting += sorted(links_of(answers["guest"].text) - done)

    assert {"/p/assam", "/p/sencha", "/about", "/no-such-page"} <= set(public)
    assert any(path.startswith("/static/") and path.endswith(".js") for path in public)
    assert {path.partition("?")[0] for path in done if path.startswith(ISLANDS)} >= {"/cart", "/account", "/search"}


def check_public(path, answers):
    first = answers["guest"]
    for who, answer in answers.items():
        assert (answer.status_code, answer.content) == (first.status_code, first.content), (path, who)
        assert dict(answer.headers) == dict(first.headers), (path, who)
        assert "set-cookie" not in answer.headers, (path, who)
    rule = first.headers.get("cache-control", "")
    if first.is_redirect:
        assert rule.startswith("max-age="), path
    else:
        assert rule.startswith("public, "), (path, rule)
        assert path in FILES or first.headers.get("etag", "").startswith('"'), path
    assert "cookie" not in first.headers.get("vary", "").lower(), path


async def test_a_route_that_forgets_it_is_seen(visitors, monkeypatch):
    from edge.http import Response

    async def forgetful(request):
        return Response(200, b"hello", [("cache-control", "public, max-age=60"), ("set-cookie", "a=1")])

    monkeypatch.setitem(ROUTES, ("GET", "/new"), forgetful)

    with pytest.raises(AssertionError):
        check_public("/new", await asked(visitors, "/new"))
