"""The two things that may be done to the history besides letting triggers write it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.models import F, Func, Model

from central.history.models import Change
from central.ui.watching import kind_of
from node.realms import alias_of, realm_of


def forget(model: type[Model], keys: Iterable[Any]) -> None:
    """Take out of the history what people are told by name in: nothing of these records opens any more.

    That something was changed, when and by whom, stays, and so do the chains: in place of each ciphertext stands its
    hash, which the chain is made of. Inside the transaction that empties the records themselves.
    """
    found = Change.objects.using(alias_of(realm_of(model._meta.app_label))).filter(
        record_kind=kind_of(model), record_key__in=[str(key) for key in keys]
    )
    found.update(before=Func(F("before"), function="history_sealed"), after=Func(F("after"), function="history_sealed"))


@contextmanager
def new_rows_untold(realm: str) -> Iterator[None]:
    """Inside a transaction of `realm`: rows added here are no change, for they come with a record that is new itself.

    For imports: what they add is not told, what they change of what was there is.
    """
    with connections[alias_of(realm)].cursor() as cursor:
        cursor.execute("SELECT set_config('rialto.new_rows', 'untold', true)")
        yield
        cursor.execute("SELECT set_config('rialto.new_rows', '', true)")
