"""A Cloudflare of our own for tests: its published shapes and limits, a cache to purge, and every way to fail.

Real HTTP on loopback; time is whatever `clock` says, so that an hour of limits passes in a second.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "cf-test-key"
#: plan -> calls a second, bucket, URLs a second, URLs of a call
PLANS = {"free": (5 / 60, 25, 800, 100), "pro": (5, 25, 1500, 100), "enterprise": (50, 500, 3000, 500)}


@dataclass
class Bucket:
    rate: float
    size: float
    at: float
    left: float = -1.0

    def take(self, count: float, now: float) -> bool:
        if self.left < 0:
            self.left = self.size
        self.left = min(self.size, self.left + self.rate * max(0.0, now - self.at))
        self.at = now
        if self.left < count:
            return False
        self.left -= count
        return True


@dataclass(frozen=True)
class Call:
    at: float
    zone: str
    kind: str
    items: tuple[str, ...]


@dataclass
class PretendCloudflare:
    """`cached`: url -> the tags it was stored with. `fail_with`: what each call is answered with, None: as it should.

    429, 500, ...: that status; "silence": the line is closed; "mess": no JSON; "soft": a refusal under status 200.
    """

    clock: Callable[[], float] = time.time
    plan: str = "free"
    zones: dict[str, str] = field(default_factory=lambda: {"zone1": "tea.example"})
    fail_with: int | str | None = None
    retry_after: str = ""
    may_purge: bool = True
    calls: list[Call] = field(default_factory=list)
    tried: int = 0
    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    cached: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rate, size, urls, self.most_urls = PLANS[self.plan]
        now = self.clock()
        self._calls, self._urls = Bucket(rate, size, now), Bucket(urls, urls, now)
        self._lock = threading.Lock()
        self.base_url = ""

    @contextmanager
    def serving(self) -> Iterator[PretendCloudflare]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.base_url = f"http://127.0.0.1:{server.server_address[1]}/client/v4"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    # --- what it answers: (status, result or errors) --------------------------------------------------------------

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/client/v4").strip("/").split("/")
        if headers.get("authorization") != f"Bearer {KEY}":
            return _refused(401, 10000, "Authentication error")
        with self._lock:
            if path == ["zones"]:
                return self._listed([self._zone(*one) for one in self.zones.items()], query)
            if len(path) < 3 or path[1] not in self.zones:
                return _refused(404, 7003, "Could not route to the zone")
            if path[2] == "dns_records":
                return self._dns(method, path, query, json.loads(body or b"{}"))
            if path[2:] == ["purge_cache"] and method == "POST":
                return self._purge(path[1], json.loads(body))
        return _refused(405, 10405, "Method not allowed")

    def _zone(self, zone: str, name: str) -> dict[str, Any]:
        plan = {"id": "0f", "name": f"{self.plan.title()} Website", "legacy_id": self.plan}
        return {"id": zone, "name": name, "status": "active", "plan": plan}

    def _listed(self, rows: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        page, size = int(query.get("page", 1)), int(query.get("per_page", 20))
        info = {"page": page, "per_page": size, "count": len(rows), "total_count": len(rows)}
        return _done(rows[(page - 1) * size : page * size], info)

    def _dns(self, method: str, path: list[str], query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        records = self.records.setdefault(path[1], {})
        if method == "GET":
            rows = list(records.values())
            if "type" in query:
                rows = [row for row in rows if row["type"] == query["type"]]
            if "name.exact" in query or "name[exact]" in query:
                name = query.get("name.exact") or query["name[exact]"]
                rows = [row for row in rows if row["name"] == name]
            return self._listed(rows, query)
        if not {"type", "name", "content", "ttl"} <= body.keys():
            return _refused(400, 9005, "Content for the record is invalid")
        if not body["name"].endswith(self.zones[path[1]]):
            return _refused(400, 1004, "DNS Validation Error")
        key = path[3] if method in ("PUT", "PATCH") else f"rec{len(records) + 1}"
        if method == "POST" and any(
            (row["type"], row["name"]) == (body["type"], body["name"]) for row in records.values()
        ):
            return _refused(400, 81058, "An identical record already exists.")
        records[key] = {**body, "id": key}
        return _done(records[key])

    def _purge(self, zone: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not self.may_purge:
            return _refused(403, 10000, "Authentication error")
        [(name, items)] = body.items()
        kind = {"files": "urls", "purge_everything": "everything"}.get(name, name)
        listed = tuple(items) if isinstance(items, list) else ()
        most = self.most_urls if kind == "urls" else 100
        if kind not in ("urls", "tags", "hosts", "prefixes", "everything") or not (items and len(listed) <= most):
            return _refused(400, 1012, f"Request must contain at most {most} of one kind")
        hosts = (
            [urlsplit(one).hostname or "" for one in listed] if kind == "urls" else listed if kind == "hosts" else ()
        )
        if any(not f".{host}".endswith(f".{self.zones[zone]}") for host in hosts):
            return _refused(400, 1016, "One or more cache purge errors")
        if any(len(tag) > 1024 for tag in listed if kind == "tags"):
            return _soft_refusal(1100, "Tag exceeds maximum length of 1024 characters")
        bucket, count = (self._urls, len(listed)) if kind == "urls" else (self._calls, 1)
        now = self.clock()
        if not bucket.take(count, now):
            return _refused(429, 971, "Please wait and consider throttling your request speed")
        self.calls.append(Call(now, zone, kind, listed))
        self._drop(zone, kind, listed)
        return _done({"id": zone})

    def _drop(self, zone: str, kind: str, items: tuple[str, ...]) -> None:
        for url, tags in list(self.cached.items()):
            host = urlsplit(url).hostname or ""
            is_in_zone = f".{host}".endswith(f".{self.zones[zone]}")
            hit = {
                "urls": url in items,
                "hosts": host in items,
                "tags": not tags.isdisjoint(items),
                "everything": True,
            }[kind]
            if hit and is_in_zone:
                del self.cached[url]


def _done(result: Any, info: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    more = {"result_info": info} if info else {}
    return 200, {"success": True, "errors": [], "messages": [], "result": result, **more}


def _refused(status: int, code: int, message: str) -> tuple[int, dict[str, Any]]:
    errors = [{"code": code, "message": message}]
    return status, {"success": False, "errors": errors, "messages": [], "result": None}


def _soft_refusal(code: int, message: str) -> tuple[int, dict[str, Any]]:
    """A refusal under the status of success."""
    return 200, _refused(200, code, message)[1]


def _handler_of(service: PretendCloudflare) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            service.tried += 1
            failure = service.fail_with
            if failure == "silence":
                self.close_connection = True
                return
            if failure == "mess":
                self._send(200, b"<html>gateway</html>")
            elif failure == "soft":
                self._send(*_bytes(_soft_refusal(1016, "One or more cache purge errors")))
            elif isinstance(failure, int):
                self._send(*_bytes(_refused(failure, 10000 + failure, "it fails as it was told")))
            else:
                self._send(*_bytes(service.answer(self.command, self.path, self.headers, body)))

        do_GET = do_POST = do_PUT = do_PATCH = _serve

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if service.retry_after:
                self.send_header("retry-after", service.retry_after)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _bytes(answer: tuple[int, dict[str, Any]]) -> tuple[int, bytes]:
    return answer[0], json.dumps(answer[1]).encode()
