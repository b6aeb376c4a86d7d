"""Three sister shops on three edges, of which this process is one at a time, and browsers that speak to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from django.db import models

from edge.cart import roots, service, view
from edge.cart.models import Alias, SeenOp, StoredCart
from edge.checkout.tests.make import answer_as_central, token
from edge.live import carts as live
from edge.pages.models import Preview
from edge.pages.tests import make
from edge.replica import sites
from edge.shopper import session
from edge.shopper.models import Handle, UsedHop
from infra.crypto.keys import ensure_central_keys, ensure_node_keys
from infra.crypto.sealing import sealing_public_of
from infra.crypto.signing import b64, public_of
from node import config as node_config
from sync.contracts.documents import NodeDoc
from sync.join import join_in_process
from sync.replica import run_after_apply
from sync.store.edge import apply
from sync.store.edge.models import Outgoing
from sync.store.writer import reader, writer

PORT = 8499
SHOPS = {"tea": "a", "clay": "b", "ink": "c"}
ASSAM = ["tea", "tea-assam", ""]
BOWL = ["clay", "clay-bowl", ""]
PEN = ["ink", "ink-pen", "nib=F"]
Answer = httpx.Response
Json = dict[str, Any]
T = TypeVar("T")


class Cluster:
    """All edges have joined; `become` makes this process another of them, with an empty disk but for the documents."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where `join_all` has been."""
        self._folder, self._stack = folder, ExitStack()
        self.become("a")
        make.publish(
            make.make_site("tea", name="Чабрец", language="ru", currency="RUB"),
            make.make_site("clay", name="Глина", language="ru", currency="RUB", node="b"),
            make.make_site("ink", name="Inkwell", node="c"),
        )
        make.publish_goods(
            make.make_product("tea", "assam", title="Ассам", currency="RUB"),
            make.make_product("tea", "sencha", title="Сенча", currency="RUB"),
            make.make_product("clay", "bowl", title="Пиала", currency="RUB"),
            make.make_product("ink", "pen", variants=[make.make_variant("ink-pen", 4900, "nib=F")]),
        )
        make.publish_entries(("node:main", node, self.node_doc(node)) for node in SHOPS.values())
        forget()

    def home(self, node: str) -> Path:
        return self._folder / node

    def node_doc(self, node: str, **changes: Any) -> NodeDoc:
        keys = ensure_node_keys(self.home(node))
        values = {
            "id": node,
            "name": node.upper(),
            "sites": [site for site, its in SHOPS.items() if its == node],
            "sign_key": b64(public_of(keys.sign)),
            "seal_key": b64(sealing_public_of(keys.seal)),
        }
        return NodeDoc(**{**values, **changes})

    def become(self, node: str) -> None:
        self._stack.close()
        self._stack.enter_context(node_config.overridden(home=self.home(node), media_dir=self.home(node) / "media"))
        writer.run_sync(wipe)
        forget()

    def close(self) -> None:
        writer.stop()
        reader.stop()
        self._stack.close()
        forget()


def join_all(folder: Path) -> None:
    central = ensure_central_keys(folder / "central").sign
    for node in SHOPS.values():
        join_in_process(folder / node, token(central), answer_as_central(central, node))


def wipe() -> None:
    for model in (StoredCart, Alias, SeenOp, Handle, UsedHop, Outgoing, Preview):
        model.objects.all().delete()


def forget() -> None:
    sites.forget_all()
    service.forget_all()
    view.forget_all()
    session.forget_all()
    live._followed.clear()


class Browser:
    """One browser in one shop: its cookie and what its own pages send. `url`: a real server, else the application."""

    def __init__(self, shop: str = "tea", url: str = "") -> None:
        self.shop, self.host = shop, f"{shop}.localhost:{PORT}"
        self.cookie = ""
        self.client_id, self._seq = secrets.token_hex(8), 0
        self._url = url

    def client(self) -> httpx.AsyncClient:
        if self._url:
            return httpx.AsyncClient(base_url=self._url, trust_env=False, timeout=10)
        from edge.asgi import application

        return httpx.AsyncClient(
            transport=httpx.ASGITransport(application, raise_app_exceptions=True), base_url=f"http://{self.host}"
        )

    def headers(self, more: dict[str, str]) -> dict[str, str]:
        headers = {"host": self.host}
        if self.cookie:
            headers["cookie"] = f"other=1; rialto={self.cookie}"
        return headers | more

    async def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> Answer:
        named = self.headers({name.replace("_", "-"): value for name, value in headers.items()})
        async with self.client() as client:
            answer = await client.request(method, path, content=content, headers=named)
        if made := answer.headers.get("set-cookie"):
            name, _, value = made.partition(";")[0].partition("=")
            assert name == "rialto"
            self.cookie = value
        return answer

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, content: bytes = b"", **headers: str) -> Answer:
        return await self.ask("POST", path, content, **{"sec_fetch_site": "same-origin", **headers})

    async def form(self, path: str = "/_r/cart/form", /, **fields: Any) -> Answer:
        body = httpx.QueryParams({name: str(value) for name, value in fields.items()})
        return await self.post(path, str(body).encode(), content_type="application/x-www-form-urlencoded")

    async def open(self) -> Browser:
        """What a page does before its first op."""
        assert (await self.post("/_r/session")).status_code == 204
        return self

    # --- ops

    def dot(self) -> list[Any]:
        self._seq += 1
        return [self.client_id, self._seq]

    def add(self, key: list[str] = ASSAM, units: int = 1, **changes: Any) -> Json:
        return {"dot": self.dot(), "kind": "add", "key": key, "units": units, "price_ref": 1, **changes}

    async def send(self, *ops: Json) -> Answer:
        return await self.post("/_r/cart", msgspec.json.encode({"ops": ops}))

    async def put_in(self, key: list[str] = ASSAM, units: int = 1) -> Json:
        answer = await self.send(self.add(key, units))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def view(self) -> Json:
        return (await self.get("/_r/cart")).json()

    async def units(self) -> dict[str, int]:
        return {line["key"][1]: line["qty"] for line in (await self.view())["lines"]}

    async def root(self) -> str:
        """The cart's id, which only this process may know."""
        site = sites.site(self.shop)
        assert site is not None
        cart = await session.cart_of({"rialto": self.cookie}, site)
        return await roots.root_of(cart) if cart else ""


def dot_text(op: Json) -> str:
    return f"{op['dot'][0]}:{op['dot'][1]}"


def code(answer: Answer) -> tuple[int, str]:
    assert answer.headers["x-rialto-error"] == answer.json()["error"]
    assert answer.json()["message"]
    return answer.status_code, answer.json()["error"]


async def from_central(key: str, body: bytes) -> None:
    """A fact of topic `cart` arrives over the link."""
    changed = await writer.run(lambda: apply.apply_facts([("cart", key, body)]))
    await run_after_apply(list(changed or []))


def outbox() -> list[Outgoing]:
    return on_disk(lambda: list(Outgoing.objects.order_by("n")))


def count(model: type[models.Model]) -> int:
    return on_disk(model._default_manager.count)


def on_disk(read: Callable[[], T]) -> T:
    """What an async test reads of the database."""
    return reader.run_sync(read)


def ack_all() -> list[str]:
    """Central has committed all of the outbox; returns the refs of the carts' ops."""
    refs = [row.ref for row in outbox() if row.kind == "cart"]
    writer.run_sync(lambda: Outgoing.objects.all().delete())
    return refs
