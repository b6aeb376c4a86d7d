"""Meilisearch, by its official client. Checked against the published protocol (`tests/meili.py`).

Documents hold stems, so every form of a word is one word there too; slips, beginnings and the order of pages far down
are Meilisearch's own. An index is `rialto-tea-en`, a new one is built as `rialto-tea-en-fresh` and swapped in.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from infra.search import WINDOW, Entry, Found, Hit, Query, Settings, State
from infra.search.errors import NoIndex, Unavailable
from infra.search.ranking import Candidate, in_order
from infra.search.servers import beginning_with, or_other_layout
from infra.search.words import asked_words, stems, terms_of, tokens, words_of

#: seconds a shopper's question may take, and a writer's task
ASK_S: Final = 2
TASK_MS: Final = 60_000
BATCH: Final = 500
_SHOWN: Final = ["id", "kind", "title", "words", "is_on_sale", "position"]


class MeilisearchEngine:
    """`key`: the master key, or one with all rights on indexes `rialto-*`."""

    def __init__(self, url: str, key: str = "") -> None:
        self._url, self._key = url, key
        self._mine = threading.local()

    @property
    def _client(self) -> Any:
        """One a thread: a client keeps the headers of the request under way in itself."""
        held = self._mine.__dict__.get("client")
        if held is None:
            import meilisearch

            held = self._mine.__dict__["client"] = meilisearch.Client(self._url, self._key or None, timeout=ASK_S)
        return held

    def make(self, index: str, settings: Settings) -> str:
        fresh = f"{index}-fresh"
        self.drop(fresh)
        with _errors(fresh):
            self._done(self._client.create_index(_uid(fresh), {"primaryKey": "id"}))
        self.configure(fresh, settings)
        return fresh

    def swap(self, index: str, fresh: str) -> None:
        with _errors(index):
            if self.state(index) is None:  # only indexes that exist can be swapped
                self._done(self._client.create_index(_uid(index), {"primaryKey": "id"}))
            self._done(self._client.swap_indexes([{"indexes": [_uid(index), _uid(fresh)]}]))
        self.drop(fresh)

    def configure(self, index: str, settings: Settings) -> None:
        wanted = {
            "searchableAttributes": ["title_stems", "words_stems", "text_stems"],
            "displayedAttributes": _SHOWN,
            "filterableAttributes": ["id", "kind", "facets"],
            "rankingRules": [
                "words",
                "typo",
                "proximity",
                "attribute",
                "sort",
                "exactness",
                "on_sale:desc",
                "position:asc",
            ],
            "synonyms": _synonyms(settings),
        }
        with _errors(index):
            self._done(self._client.index(_uid(index)).update_settings(wanted))

    def put(self, index: str, settings: Settings, entries: Iterable[Entry]) -> None:
        rows = iter(entries)
        while batch := [_document(each, settings.language) for each in islice(rows, BATCH)]:
            with _errors(index):
                self._done(self._client.index(_uid(index)).add_documents(batch))

    def delete(self, index: str, ids: Iterable[str]) -> None:
        wanted = ", ".join(map(_quoted, ids))
        with _errors(index):
            self._done(self._client.index(_uid(index)).delete_documents(filter=f"id IN [{wanted}]"))

    def query(self, index: str, settings: Settings, query: Query) -> Found:
        return or_other_layout(lambda asked: self._ask(index, settings, asked), query)

    def suggest(self, index: str, settings: Settings, start: str, limit: int) -> list[str]:
        last = tokens(start)[-1:]
        if not last:
            return []
        with _errors(index):
            answer = self._client.index(_uid(index)).search(
                last[0], {"limit": 100, "attributesToRetrieve": ["title", "words"]}
            )
        return beginning_with(last[0], [f"{hit['title']} {hit['words']}" for hit in answer["hits"]], limit)

    def state(self, index: str) -> State | None:
        with contextlib.suppress(NoIndex), _errors(index):
            return State(int(self._client.index(_uid(index)).get_stats().number_of_documents))
        return None

    def drop(self, index: str) -> None:
        with contextlib.suppress(NoIndex), _errors(index):
            self._done(self._client.delete_index(_uid(index)))

    # --- inside

    def _ask(self, index: str, settings: Settings, query: Query) -> Found:
        words = asked_words(query.words, settings.language)
        if query.words.strip() and not words:
            return Found()
        window = max(WINDOW, query.offset + query.limit)
        asked: dict[str, Any] = {
            "limit": window,
            "attributesToRetrieve": _SHOWN,
            "facets": ["*"],
            "matchingStrategy": "all",
        }
        text = _text(query, settings)
        client = self._client.index(_uid(index))
        with _errors(index):
            answer = client.search(text, asked | _filter(query, with_kinds=True))
            kinds = answer.get("facetDistribution", {}).get("kind", {})
            if query.kinds:  # the other kinds are counted too
                all_kinds = {"limit": 0, "facets": ["kind"], "matchingStrategy": "all"}
                kinds = client.search(text, all_kinds | _filter(query, with_kinds=False))["facetDistribution"]["kind"]
        found = [Candidate.of_row([hit[name] for name in _SHOWN], rank) for rank, hit in enumerate(answer["hits"])]
        terms = terms_of(words, settings.synonyms, settings.language)
        best = in_order(found[:WINDOW], terms, settings.language, is_start=query.is_start)
        hits = [
            Hit(one.id, one.kind) for one in [*best, *found[len(best) :]][query.offset : query.offset + query.limit]
        ]
        return Found(tuple(hits), int(answer["estimatedTotalHits"]), kinds, _facets(answer))

    def _done(self, task: Any) -> None:
        """Wait for a task. Raises `NoIndex` and `Unavailable` for one that failed."""
        ended = self._client.wait_for_task(task.task_uid, timeout_in_ms=TASK_MS, interval_in_ms=20)
        if ended.status == "succeeded":
            return
        code = (ended.error or {}).get("code", ended.status)
        if code == "index_not_found":
            raise NoIndex("there is no such search index")
        raise Unavailable(f"Meilisearch did not do its task: {code}", code=code)


@contextlib.contextmanager
def _errors(index: str) -> Iterator[None]:
    from meilisearch import errors

    try:
        yield
    except errors.MeilisearchApiError as error:
        if error.code == "index_not_found":
            raise NoIndex(f"there is no search index '{index}'", index=index) from error
        raise Unavailable(f"Meilisearch refuses: {error.code}", code=str(error.code)) from error
    except errors.MeilisearchError as error:
        raise Unavailable("Meilisearch does not answer") from error


def _uid(index: str) -> str:
    return f"rialto-{index}"


def _document(entry: Entry, language: str) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "title": entry.title,
        "words": entry.words,
        "title_stems": stems(entry.title, language),
        "words_stems": stems(entry.words, language),
        "text_stems": stems(entry.text, language),
        "facets": {name: list(values) for name, values in entry.facets.items()},
        "is_on_sale": entry.is_on_sale,
        "on_sale": int(entry.is_on_sale),
        "position": entry.position,
    }


def _text(query: Query, settings: Settings) -> str:
    """What is asked: stems, "a phrase", -"what must not be there"."""
    parts = [each.stem for each in asked_words(query.words, settings.language)]
    parts += [f'"{phrase}"' for phrase in [stems(query.phrase, settings.language)] if phrase]
    parts += [f'-"{phrase}"' for each in query.without if (phrase := stems(each, settings.language))]
    return " ".join(parts)


def _filter(query: Query, *, with_kinds: bool) -> dict[str, Any]:
    wanted = {f"facets.{name}": values for name, values in query.facets.items()}
    if query.kinds and with_kinds:
        wanted["kind"] = query.kinds
    parts = [f"{name} IN [{', '.join(map(_quoted, values))}]" for name, values in wanted.items()]
    parts += [f"facets.{name} NOT IN [{', '.join(map(_quoted, values))}]" for name, values in query.not_facets.items()]
    return {"filter": " AND ".join(parts)} if parts else {}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _facets(answer: dict[str, Any]) -> dict[str, dict[str, int]]:
    held = answer.get("facetDistribution", {})
    return {name.removeprefix("facets."): counts for name, counts in held.items() if name.startswith("facets.")}


def _synonyms(settings: Settings) -> dict[str, list[str]]:
    """Each of a group leads to all others, in stems, as the documents have them."""
    found: dict[str, set[str]] = {}
    for group in settings.synonyms:
        members: Sequence[str] = [" ".join(word.stem for word in words_of(each, settings.language)) for each in group]
        for each in members:
            found.setdefault(each, set()).update(other for other in members if other != each)
    return {each: sorted(others) for each, others in found.items() if each and others}
