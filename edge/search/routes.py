"""`GET /_r/search?q=` suggestions as JSON; `GET /search?q=` the page of results. Both `no-store`, both noindex."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge.api.contracts import Suggestions
from edge.http import Request, Response, json_response
from edge.search import asking, shown, tuning
from edge.search.counting import counting
from edge.search.indexer import searcher
from infra.search import Found, Query
from sites import shelf, urls
from sites.rendering import render_page
from sites.searching import CATEGORY, PAGE, PRODUCT
from sync.contracts.documents import SiteDoc

NOINDEX: Final = ("x-robots-tag", "noindex")
WORDS: Final = 4
SHELVES: Final = 3


async def suggest(request: Request) -> Response:
    """Goods with picture and price, shelves and pages; the last word is unfinished. `kind` asks for one kind alone."""
    site = request.site
    asked = shown.Asked.of(site, request.query)
    if not asked.words:
        return json_response(Suggestions(url=urls.at(site, urls.search())), 200, [NOINDEX])
    language = site.language
    most = (await searcher.run(lambda: tuning.tuning_of(site.id))).suggestions
    found, others = await _both(site, language, asked.query(is_start=True), most, SHELVES)
    words = await searcher.run(lambda: asking.words_like(site, language, asked.words, WORDS))
    answer = await searcher.run(lambda: shown.suggestions(site, asked, found, others, words))
    return json_response(answer, 200, [NOINDEX])


async def results(request: Request) -> Response:
    site = request.site
    asked = shown.Asked.of(site, request.query)
    language = site.language
    if asked.is_empty:
        html = await searcher.run(lambda: render_page(site, "search", {"asked": asked, "total": 0}))
        return Response(200, html.encode(), [NOINDEX], "text/html; charset=utf-8")
    query = asked.query(offset=(asked.page - 1) * shelf.PAGE_SIZE)
    found, others = await _both(site, language, query, shelf.PAGE_SIZE, shown.FEW)
    if asked.page == 1 and asked.words:
        counting.note(site.id, language, asked.words, found=bool(found.total or others.total))

    def page() -> str:
        return render_page(site, "search", shown.page_of_results(site, asked, found, others))

    html = await searcher.run(page)
    return Response(200, html.encode(), [NOINDEX], "text/html; charset=utf-8")


async def _both(site: SiteDoc, language: str, query: Query, goods: int, few: int) -> tuple[Found, Found]:
    """Goods in pages, and beside them a few of the other kinds; of a chosen kind that kind alone."""
    if query.kinds:
        return await asking.ask(site, language, replace(query, limit=max(goods, few))), Found()
    found = await asking.ask(site, language, replace(query, kinds=(PRODUCT,), limit=goods))
    if not any(found.kinds.get(kind) for kind in (CATEGORY, PAGE)):
        return found, Found()
    others = replace(query, kinds=(CATEGORY, PAGE), limit=few, offset=0)
    return found, await asking.ask(site, language, others)


ROUTES: Final = {("GET", "/_r/search"): suggest, ("GET", "/search"): results}
