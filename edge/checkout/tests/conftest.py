from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest
from django.core.handlers.asgi import ASGIHandler

from edge.cart import service as carts
from edge.checkout.form import MAX_BODY
from edge.checkout.tests import make
from edge.checkout.web import Capped
from edge.replica import sites
from edge.rights import pace, scarce
from edge.shopper import session
from infra.crypto.keys import CentralKeys, ensure_central_keys
from node import config as node_config
from sync.join import join_in_process
from sync.store.writer import reader, writer


@pytest.fixture
def central_keys(tmp_path_factory) -> CentralKeys:
    return ensure_central_keys(tmp_path_factory.mktemp("central"))


@pytest.fixture
def edge_home(tmp_path, central_keys):
    """This process speaks for the edge `a`, which has joined."""
    with node_config.overridden(home=tmp_path):
        join_in_process(tmp_path, make.token(central_keys.sign), make.answer_as_central(central_keys.sign, "a"))
        yield tmp_path


@pytest.fixture
def shop(transactional_db, edge_home, central_keys, settings, monkeypatch):
    as_an_edge(settings, monkeypatch)
    writer.run_sync(lambda: make.replicate(central_keys))
    _forget_what_was_read()
    yield
    writer.stop()
    reader.stop()
    _forget_what_was_read()


def as_an_edge(settings, monkeypatch) -> None:
    """The application's Django part, with an edge's addresses and without central's middleware."""
    from edge import asgi

    settings.ROOT_URLCONF = "edge.urls"
    settings.MIDDLEWARE = []
    monkeypatch.setattr(asgi, "_django", Capped(ASGIHandler(), MAX_BODY))


def _forget_what_was_read() -> None:
    sites.forget([("site:main", "tea")])
    carts.forget_all()
    session.forget_all()
    pace.forget_all()
    scarce.forget_all()


class Shopper:
    """Speaks to the tea shop as a browser would: its cookie, its own pages' posts."""

    def __init__(self, cookie: str) -> None:
        self._cookie = cookie

    async def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        from edge.asgi import application

        transport = httpx.ASGITransport(application, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://tea.localhost") as client:
            return await client.request(
                method,
                path,
                content=content,
                headers={"cookie": self._cookie, "sec-fetch-site": "same-origin", **headers},
            )

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, data: dict[str, str], **headers: str) -> httpx.Response:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.ask("POST", path, urlencode(data).encode(), **kind, **headers)

    async def post_json(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        return await self.ask("POST", path, body, **{"content-type": "application/json", **headers})

    async def page(self) -> str:
        answer = await self.get("/checkout")
        assert answer.status_code == 200
        return answer.content.decode()

    async def buy(self, quote: str | None = None, **typed: str):
        quote = make.hidden_quote(await self.page()) if quote is None else quote
        return await self.post("/checkout", {**make.TYPED, "quote": quote, **typed})


@pytest.fixture
async def shopper(shop) -> Shopper:
    return Shopper(await make.cookie(make.CART))
