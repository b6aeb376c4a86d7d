"""A stand-in for a Meilisearch server, on loopback: what its published API says of the addresses our client calls.

Writes are tasks that are done when they are asked after; a wrong key is 403; an attribute that is not filterable is
refused; an unknown index is `index_not_found`. Words match in any order and all of them, the last one as a beginning,
a word of five letters with one slip and of nine with two; "phrases" and -exclusions as documented.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.search.words import distance

KEY = "a-key-of-the-tests"
_PART = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')
_CONDITION = re.compile(r'([\w.]+) (IN|NOT IN) \[((?:"(?:[^"\\]|\\.)*"(?:, )?)*)\]')


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code


class Store:
    """The indexes of a server and its tasks."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.indexes: dict[str, dict[str, dict[str, Any]]] = {}
        self.settings: dict[str, dict[str, Any]] = {}
        self.tasks: list[dict[str, Any]] = []

    def task(self, kind: str, work: Any) -> dict[str, Any]:
        error = None
        try:
            work()
        except Refused as refused:
            error = {"code": refused.code, "message": refused.code, "type": "invalid_request", "link": ""}
        self.tasks.append({"uid": len(self.tasks), "type": kind, "error": error, "asked": 0})
        return {"taskUid": len(self.tasks) - 1, "indexUid": None, "status": "enqueued", "type": kind,
                "enqueuedAt": "2026-01-01T00:00:00.000000Z"}  # fmt: skip

    def state_of(self, uid: int) -> dict[str, Any]:
        task = self.tasks[uid]
        task["asked"] += 1
        status = "processing" if task["asked"] == 1 else "failed" if task["error"] else "succeeded"
        return {"uid": uid, "indexUid": None, "status": status, "type": task["type"], "canceledBy": None,
                "details": {}, "error": task["error"] if status == "failed" else None, "duration": "PT0.1S",
                "enqueuedAt": "2026-01-01T00:00:00.000000Z", "startedAt": "2026-01-01T00:00:00.000000Z",
                "finishedAt": "2026-01-01T00:00:00.000000Z"}  # fmt: skip

    def index(self, uid: str) -> dict[str, dict[str, Any]]:
        if uid not in self.indexes:
            raise Refused(404, "index_not_found")
        return self.indexes[uid]

    # --- tasks

    def create(self, body: dict[str, Any]) -> None:
        if body["uid"] in self.indexes:
            raise Refused(409, "index_already_exists")
        self.indexes[body["uid"]], self.settings[body["uid"]] = {}, {}

    def delete(self, uid: str) -> None:
        self.index(uid)
        del self.indexes[uid], self.settings[uid]

    def swap(self, pairs: list[dict[str, list[str]]]) -> None:
        for pair in pairs:
            one, other = pair["indexes"]
            self.index(one), self.index(other)
            for held in (self.indexes, self.settings):
                held[one], held[other] = held[other], held[one]

    def add(self, uid: str, documents: list[dict[str, Any]]) -> None:
        for each in documents:
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,511}", str(each["id"])):
                raise Refused(400, "invalid_document_id")
            self.index(uid)[each["id"]] = each

    def remove(self, uid: str, wanted: str) -> None:
        held = self.index(uid)
        for each in [each for each in held.values() if _passes(each, wanted, self.settings[uid])]:
            del held[each["id"]]

    # --- search

    def search(self, uid: str, asked: dict[str, Any]) -> dict[str, Any]:
        settings = self.settings.get(uid, {})
        documents = list(self.index(uid).values())
        found = [each for each in documents if _passes(each, asked.get("filter"), settings)]
        scored = [
            (score, each) for each in found if (score := _score(each, asked.get("q") or "", settings)) is not None
        ]
        scored.sort(key=lambda one: (one[0], -one[1].get("on_sale", 0), one[1].get("position", 0)))
        hits = [each for _, each in scored]
        shown = asked.get("attributesToRetrieve") or settings.get("displayedAttributes", ["*"])
        start, limit = asked.get("offset", 0), asked.get("limit", 20)
        answer = {
            "hits": [{name: each[name] for name in shown if name in each} for each in hits[start : start + limit]],
            "query": asked.get("q", ""),
            "offset": start,
            "limit": limit,
            "estimatedTotalHits": len(hits),
            "processingTimeMs": 1,
        }
        if asked.get("facets"):
            answer["facetDistribution"] = _distribution(hits)
        return answer


def _passes(document: dict[str, Any], wanted: str | None, settings: dict[str, Any]) -> bool:
    for condition in (wanted or "").split(" AND ") if wanted else []:
        parts = _CONDITION.fullmatch(condition)
        if parts is None:
            raise Refused(400, "invalid_search_filter")
        if parts[1].partition(".")[0] not in settings.get("filterableAttributes", []):
            raise Refused(400, "invalid_search_filter")
        values = set(json.loads(f"[{parts[3]}]"))
        # a document without the attribute is among those that NOT IN finds, as the server's reference says
        if bool(values & set(_values(document, parts[1]))) != (parts[2] == "IN"):
            return False
    return True


def _values(document: dict[str, Any], path: str) -> list[str]:
    held: Any = document
    for name in path.split("."):
        held = held.get(name, []) if isinstance(held, dict) else []
    return held if isinstance(held, list) else [held]


def _distribution(hits: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {"kind": {}}
    for each in hits:
        pairs = [("kind", each["kind"])] + [(f"facets.{n}", v) for n, vs in each["facets"].items() for v in vs]
        for name, value in pairs:
            held = counts.setdefault(name, {})
            held[value] = held.get(value, 0) + 1
    return counts


def _score(document: dict[str, Any], text: str, settings: dict[str, Any]) -> tuple[int, int] | None:
    """(slips, place of the field), the lower the better; None when it does not match."""
    fields = [str(document.get(name, "")).split() for name in settings.get("searchableAttributes", [])]
    parts = [(minus == "-", (phrase or word).split(), bool(phrase)) for minus, phrase, word in _PART.findall(text)]
    slips = place = 0
    for at, (is_refused, words, is_phrase) in enumerate(parts):
        if is_refused:
            if any(_beside(words, field) for field in fields):
                return None
            continue
        if is_phrase:
            if not any(_beside(words, field) for field in fields):
                return None
            continue
        best = _word(words[0], fields, settings.get("synonyms", {}), is_last=at == len(parts) - 1)
        if best is None:
            return None
        slips, place = slips + best[0], max(place, best[1])
    return slips, place


def _word(
    word: str, fields: list[list[str]], synonyms: dict[str, list[str]], *, is_last: bool
) -> tuple[int, int] | None:
    allowed = 0 if len(word) < 5 else 1 if len(word) < 9 else 2
    found = []
    for place, field in enumerate(fields):
        for held in field:
            far = distance(word, held, allowed)
            if far <= allowed:
                found.append((far, place))
            if is_last and held.startswith(word):
                found.append((0, place))
        found += [(0, place) for each in synonyms.get(word, []) if _beside(each.split(), field)]
    return min(found, default=None)


def _beside(words: list[str], field: list[str]) -> bool:
    return any(field[at : at + len(words)] == words for at in range(len(field) - len(words) + 1))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def log_message(self, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        try:
            if self.headers.get("authorization") != f"Bearer {KEY}":
                raise Refused(403, "invalid_api_key")
            with self.store.lock:
                status, answer = self._answer(self.command, self.path.partition("?")[0].strip("/").split("/"), body)
        except Refused as refused:
            status, answer = refused.status, {"message": refused.code, "code": refused.code, "type": "invalid_request",
                                              "link": ""}  # fmt: skip
        raw = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _answer(self, method: str, path: list[str], body: Any) -> tuple[int, dict[str, Any]]:
        store = self.store
        match method, path:
            case "GET", ["tasks", uid]:
                return 200, store.state_of(int(uid))
            case "POST", ["indexes"]:
                return 202, store.task("indexCreation", lambda: store.create(body))
            case "DELETE", ["indexes", uid]:
                return 202, store.task("indexDeletion", lambda: store.delete(uid))
            case "POST", ["swap-indexes"]:
                return 202, store.task("indexSwap", lambda: store.swap(body))
            case "PATCH", ["indexes", uid, "settings"]:
                return 202, store.task("settingsUpdate", lambda: (store.index(uid), store.settings[uid].update(body)))
            case (("POST" | "PUT"), ["indexes", uid, "documents"]):
                return 202, store.task("documentAdditionOrUpdate", lambda: store.add(uid, body))
            case "POST", ["indexes", uid, "documents", "delete"]:
                return 202, store.task("documentDeletion", lambda: store.remove(uid, body["filter"]))
            case "POST", ["indexes", uid, "search"]:
                return 200, store.search(uid, body)
            case "GET", ["indexes", uid, "stats"]:
                return 200, {"numberOfDocuments": len(store.index(uid)), "isIndexing": False, "fieldDistribution": {}}
        raise Refused(404, "not_found")


@contextmanager
def server() -> Iterator[str]:
    """A fresh server; its address."""
    handler = type("OneHandler", (Handler,), {"store": Store()})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    running.daemon_threads = True
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()
