"""Every change of search. Realm `catalog`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from central.search.errors import FewSynonyms, StaleSynonyms, UnknownSynonyms
from central.search.models import Engine, SearchedWords, ServerIndex, SiteSearch, Synonyms, ToldCount
from infra.search.words import tokens
from node import sql
from node.realms import CATALOG, alias_of, atomic
from sync.contracts.search import SearchCount
from sync.outbox import record_state

#: key of the advisory lock of counts; never reuse or renumber
_COUNTS = 0x736561726368
#: what edges have told of a day is kept so long: nobody tells again of an older one
KEEP_TOLD = timedelta(days=40)
#: words nobody has searched for since are forgotten
KEEP_WORDS = timedelta(days=400)


# --- how a shop is searched ---------------------------------------------------------------------------------------


def tune(site: str, *, by: str, engine: str | None = None, suggestions: int | None = None) -> SiteSearch:
    """Change how a shop is searched. Another engine is filled before it is asked (`indexing.build`)."""
    with atomic(CATALOG):
        row = _lock(site)
        row.engine = row.engine if engine is None else Engine(engine)
        row.suggestions = row.suggestions if suggestions is None else suggestions
        _publish(row, by)
        if row.engine == Engine.EMBEDDED:
            ServerIndex.objects.filter(site=site).delete()
    return row


def build_anew(site: str, *, by: str) -> SiteSearch:
    """Have the edge make the shop's indexes anew; the old ones answer until the new are whole."""
    with atomic(CATALOG):
        row = _lock(site)
        row.build += 1
        _publish(row, by)
    return row


def _lock(site: str) -> SiteSearch:
    SiteSearch.objects.get_or_create(site=site)
    return SiteSearch.objects.select_for_update().get(site=site)


def _publish(row: SiteSearch, by: str) -> None:
    row.ver += 1
    row.changed_at, row.changed_by = timezone.now(), by
    row.save()
    record_state(f"search:{row.site}", row.site, row.ver, realm=CATALOG)


# --- synonyms -----------------------------------------------------------------------------------------------------


def add_synonyms(site: str, language: str, words: str, *, by: str) -> Synonyms:
    """Raises `FewSynonyms`."""
    with atomic(CATALOG):
        made = Synonyms.objects.create(site=site, language=language, words=_checked(words), changed_by=by)
        _publish(_lock(site), by)
    return made


def edit_synonyms(pk: int, *, by: str, seen_ver: int, words: str) -> Synonyms:
    """Raises `UnknownSynonyms`, `StaleSynonyms`, `FewSynonyms`."""
    with atomic(CATALOG):
        row = _lock_synonyms(pk)
        if row.ver != seen_ver:
            raise StaleSynonyms(f"synonyms {pk} were changed meanwhile", synonyms=pk)
        row.words, row.ver, row.changed_by, row.changed_at = _checked(words), row.ver + 1, by, timezone.now()
        row.save()
        _publish(_lock(row.site), by)
    return row


def remove_synonyms(pk: int, *, by: str) -> None:
    """Raises `UnknownSynonyms`."""
    with atomic(CATALOG):
        row = _lock_synonyms(pk)
        site = row.site
        row.delete()
        _publish(_lock(site), by)


def _lock_synonyms(pk: int) -> Synonyms:
    row = Synonyms.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise UnknownSynonyms(f"there are no synonyms {pk}", synonyms=pk)
    return row


def _checked(words: str) -> str:
    parts = [" ".join(part.split()) for part in words.split(",")]
    kept = list(dict.fromkeys(part for part in parts if tokens(part)))
    if len(kept) < 2:
        raise FewSynonyms("two words or phrases at least, parted by a comma", field="words")
    return ", ".join(kept)


# --- what was searched for ----------------------------------------------------------------------------------------


def wait_turn() -> None:
    """One transaction at a time counts: what was told before is compared."""
    sql.wait_turn(alias_of(CATALOG), [_COUNTS])


def count_words(node: str, counts: Iterable[SearchCount]) -> None:
    """Take in how counts stand at a node; each adds what it is above the last told. Inside the intake's transaction."""
    for count in counts:
        day = date.fromisoformat(count.day)
        told, _ = ToldCount.objects.get_or_create(
            node=node,
            day=day,
            site=count.site,
            language=count.language,
            words=count.words,
            defaults={"times": 0, "in_vain": 0},
        )
        more, more_in_vain = max(0, count.times - told.times), max(0, count.in_vain - told.in_vain)
        if not more and not more_in_vain:
            continue
        told.times, told.in_vain = told.times + more, told.in_vain + more_in_vain
        told.save(update_fields=["times", "in_vain"])
        add_searches(count.site, count.language, count.words, day, more, more_in_vain)


def add_searches(site: str, language: str, words: str, day: date, times: int, in_vain: int) -> None:
    """Words were searched for `times` more. Inside `atomic(catalog)`."""
    row, _ = SearchedWords.objects.get_or_create(site=site, language=language, words=words, defaults={"last_day": day})
    row.times, row.in_vain, row.last_day = row.times + times, row.in_vain + in_vain, max(row.last_day, day)
    row.save()


def forget_old() -> None:
    today = timezone.now().date()
    with atomic(CATALOG):
        ToldCount.objects.filter(day__lt=today - KEEP_TOLD).delete()
        SearchedWords.objects.filter(last_day__lt=today - KEEP_WORDS).delete()


def forget_words(rows: Any) -> int:
    """Forget some of the words that were searched for."""
    with atomic(CATALOG):
        count, _ = SearchedWords.objects.filter(pk__in=list(rows)).delete()
    return count
