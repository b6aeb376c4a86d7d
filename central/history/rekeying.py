"""Values in the history that need an old key are encrypted anew; the chains stay as they are (`stored`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from central.history.models import Change
from central.history.stored import anew, ciphertext, hash_of, is_ciphertext
from central.ui.watching import watches
from infra.crypto.errors import PersonForgotten
from infra.crypto.fields import EncryptedTextField, is_current, open_value, seal_value
from infra.crypto.rotation import BATCH, Stage, add_stages, rekeying
from node.realms import CENTRAL_REALMS, alias_of


def _stages() -> list[Stage]:
    return [_stage(realm) for realm in CENTRAL_REALMS]


def _stage(realm: str) -> Stage:
    def left() -> int:
        return sum(len(_old(change)) for batch in _batches(realm) for change in batch)

    def work() -> Iterator[int]:
        for batch in _batches(realm):
            with rekeying(realm):
                count = sum(_bring_over(change, realm) for change in batch)
            yield count

    return Stage("fields", realm, "history.change", left, work)


def _batches(realm: str) -> Iterator[list[Change]]:
    """Changes of tables that have encrypted columns, all of them: their values say themselves how old they are."""
    last, kinds = 0, sorted(kind for kind in watches() if _fields_of(kind))
    while True:
        found = Change.objects.using(alias_of(realm)).filter(pk__gt=last, kind__in=kinds)
        batch = list(found.order_by("pk")[: 10 * BATCH])
        if not batch:
            return
        last = batch[-1].pk
        if old := [change for change in batch if _old(change)]:
            yield old


def _fields_of(kind: str) -> dict[str, EncryptedTextField]:
    watch = watches().get(kind)
    columns = watch.model._meta.concrete_fields if watch else ()
    return {str(one.column): one for one in columns if isinstance(one, EncryptedTextField)}


def _old(change: Change) -> list[tuple[str, str, EncryptedTextField]]:
    """(side, column, field) of each value that needs another key than today's."""
    found = []
    for side in ("before", "after"):
        for column, field in _fields_of(change.kind).items():
            value = getattr(change, side).get(column)
            if is_ciphertext(value) and not is_current(
                ciphertext("", value)[1], for_person=_subject(change, field) is not None
            ):
                found.append((side, column, field))
    return found


def _subject(change: Change, field: EncryptedTextField) -> UUID | None:
    """Whose a value is: known of rows that are their own subject."""
    return UUID(change.key) if field.person in ("id", "pk") else None


def _bring_over(change: Change, realm: str) -> int:
    sides: dict[str, dict[str, Any]] = {"before": dict(change.before), "after": dict(change.after)}
    old, alias = _old(change), alias_of(realm)
    for side, column, field in old:
        value = str(sides[side][column])
        mark = hash_of(value)
        text = open_value(*ciphertext(field.column_name, value), alias=alias)
        try:
            stored = seal_value(f"{field.column_name}{mark}", text or "", alias=alias, subject=_subject(change, field))
        except PersonForgotten:
            stored = b""
        sides[side][column] = anew(mark, stored) if stored or text == "" else mark
    Change.objects.using(alias).filter(pk=change.pk).update(**sides)
    return len(old)


add_stages(_stages)
