"""Asks plain-ASGI apps as a browser would, and checks what it gets back as a careful one would."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from edge.pages import serving

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return (gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body).decode()


class Browser:
    def __init__(self, host: str, app: App = serving.serve) -> None:
        self.host, self.app = host, app

    async def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        raw, _, query = path.partition("?")
        sent: list[dict[str, Any]] = []
        named = {"host": f"{self.host}:8402", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(raw),
            "query_string": query.encode(),
            "client": ("127.0.0.1", 50_000),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], fields, b"".join(part.get("body", b"") for part in sent[1:]))


_VOID = {"meta", "link", "input", "img", "br", "hr", "area", "base", "col", "source", "wbr"}


class Fragment(HTMLParser):
    """A piece of a page taken apart: `problems` names what a validator would; the rest is for asserts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.refs: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if len(values) != len(attrs):
            self.problems.append(f"<{tag}> says an attribute twice")
        self.tags.append((tag, values))
        if "id" in values:
            self.ids.append(values["id"])
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self.refs += [(f"<{tag} {name}>", each) for each in values.get(name, "").split()]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes what is not open")

    def all(self, tag: str) -> list[dict[str, str]]:
        return [values for name, values in self.tags if name == tag]


class Page(Fragment):
    """A whole page."""

    def __init__(self, html: str) -> None:
        super().__init__(html)
        self._judge()

    def _judge(self) -> None:
        if self._open:
            self.problems.append(f"left open: {self._open}")
        self.problems += [f"id {each} twice" for each in set(self.ids) if self.ids.count(each) > 1]
        self.problems += [f"{where} points nowhere: {ref}" for where, ref in self.refs if ref not in self.ids]
        self.problems += [f"no alt: {each}" for each in self.all("img") if "alt" not in each]
        self.problems += ["not one h1"] if len(self.all("h1")) != 1 else []
        self.problems += ["not one main"] if len(self.all("main")) != 1 else []
        self.problems += ["no lang"] if not self.all("html")[0].get("lang") else []
        for tag, values in self.tags:
            if "style" in values or tag == "style" or any(name.startswith("on") for name in values):
                self.problems.append(f"inline style or handler in <{tag}>")
            # JSON-LD is data: no browser runs it, so the content policy lets it stand
            if tag == "script" and "src" not in values and values.get("type") != "application/ld+json":
                self.problems.append("inline script")
