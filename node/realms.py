"""Realms: families of data that may live in any database.

A realm is not a Django alias by accident only: `cluster` is the alias `default`, every other realm has the alias
of its own name, and an edge has the one realm `edge`. Each of our apps names its realm in its AppConfig
(`realm = "orders"`, or `realm = "every"` for tables that are migrated into each realm of central).
Foreign apps (auth, sessions, allauth, ...) live in `cluster`.

Write with `with atomic("orders"): ...` and `on_commit(work, realm="orders")`; bare `transaction.atomic` and
`transaction.on_commit` are refused by a test, because they silently speak of `default`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks
from django.db import connections, models, transaction
from django.db.transaction import Atomic

from node import acting
from node.realm_names import CATALOG, CENTRAL_REALMS, CLUSTER, CUSTOMERS, EDGE, EVERY, ORDERS, STATS, WORK, alias_of
from node.schema import OUR_FOLDERS

__all__ = [
    "CATALOG",
    "CENTRAL_REALMS",
    "CLUSTER",
    "CUSTOMERS",
    "EDGE",
    "EVERY",
    "ORDERS",
    "STATS",
    "WORK",
    "acting_inside",
    "alias_of",
    "atomic",
    "following",
    "on_commit",
    "realm_of",
    "realm_of_alias",
]


def realm_of_alias(alias: str) -> str:
    """The realm behind a Django alias."""
    return CLUSTER if alias == "default" else alias


def realm_of(app_label: str) -> str:
    """The realm an app's tables live in; foreign apps live in `cluster`."""
    config: AppConfig = apps.get_app_config(app_label)
    return str(getattr(config, "realm", CLUSTER))


class RealmRouter:
    """Sends every model to the database of its app's realm."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return self._alias(model)

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str | None:
        return self._alias(model)

    def _alias(self, model: type[models.Model]) -> str | None:
        realm = realm_of(model._meta.app_label)
        # A table of every realm has no home of its own: its caller says `.using(alias)`.
        return None if realm == EVERY else alias_of(realm)

    def allow_relation(self, one: models.Model, other: models.Model, **hints: Any) -> bool | None:
        return realm_of(one._meta.app_label) == realm_of(other._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        realm = realm_of(app_label)
        if realm == EVERY:
            return db != EDGE
        return db == alias_of(realm)


class RealmsNested(RuntimeError):
    """One realm's transaction was opened inside another's: the two could not commit together."""

    code = "realms_nested"

    def __init__(self, inner: str, outer: str) -> None:
        super().__init__(
            f"a transaction of realm '{inner}' was opened inside one of realm '{outer}': "
            "finish the first, and carry the rest by an event"
        )


class RealmAtomic(Atomic):
    """A transaction that tells PostgreSQL who acts, where somebody said so: the triggers of history write it down."""

    def __enter__(self) -> None:
        is_inner = _is_held(connections[self.using or "default"])
        super().__enter__()
        if not is_inner and (actor := acting.current()) is not None:
            try:
                _tell_who_acts(connections[self.using or "default"], actor)
            except BaseException:
                self.__exit__(*sys.exc_info())
                raise


def _tell_who_acts(connection: Any, actor: acting.Actor | None) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # until the transaction ends
            cursor.execute("SELECT set_config('rialto.actor', %s, true)", [actor.as_json if actor else ""])


@contextmanager
def acting_inside(actor: acting.Actor, *, realm: str) -> Iterator[None]:
    """Inside a transaction of `realm` that has begun already: what is written here is done by `actor`."""
    connection, before = connections[alias_of(realm)], acting.current()
    with acting.acting(actor):
        _tell_who_acts(connection, actor)
        yield
    _tell_who_acts(connection, before)


def following(cause: str, *, realm: str) -> AbstractContextManager[None]:
    """Inside a transaction of `realm`: what is written here followed from another change, "site:<id>" of whose."""
    return acting_inside(replace(acting.current() or acting.Actor(""), as_whom=cause), realm=realm)


def atomic(realm: str, *, savepoint: bool = True) -> Atomic:
    """A transaction of one realm. Raises `RealmsNested` inside another realm's transaction.

    `savepoint=False`: inside another of the realm it is part of that one, and a failure undoes both. Two trips to the
    server less, for actions that others are made of.
    """
    return RealmAtomic(alias_of(realm), savepoint=savepoint, durable=False)


def on_commit(work: Callable[[], object], *, realm: str) -> None:
    """Run `work` once the realm's current transaction has committed; at once when there is none."""
    transaction.on_commit(lambda: work() and None, using=alias_of(realm))


def _is_held(connection: Any) -> bool:
    """Whether a transaction is open. A test case keeps an outer block on its databases that holds nothing together."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _open_realms() -> Iterable[str]:
    for connection in connections.all(initialized_only=True):
        if _is_held(connection):
            yield realm_of_alias(connection.alias)


def install_guard() -> None:
    """Make every `atomic` of the process, ours and foreign, refuse to open inside another realm's."""
    if getattr(Atomic, "_rialto_guarded", False):
        return
    enter = Atomic.__enter__

    def guarded(self: Atomic) -> None:
        inner = realm_of_alias(self.using or "default")
        if not getattr(self, "_from_testcase", False):
            for outer in _open_realms():
                if outer != inner:
                    raise RealmsNested(inner, outer)
        enter(self)

    Atomic.__enter__ = guarded  # type: ignore[method-assign]
    Atomic._rialto_guarded = True  # type: ignore[attr-defined]


@checks.register(checks.Tags.models)
def check_foreign_keys(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse a foreign key that crosses realms: carry the other row's UUID instead."""
    found: list[checks.CheckMessage] = []
    for model in apps.get_models():
        realm = realm_of(model._meta.app_label)
        for field in model._meta.get_fields():
            target = field.related_model if field.concrete and field.is_relation else None
            if not isinstance(target, type):
                continue
            other = realm_of(target._meta.app_label)
            if other != realm:
                found.append(
                    checks.Error(
                        f"{model._meta.label}.{field.name} points from realm '{realm}' into realm '{other}'",
                        hint="A foreign key cannot cross databases; carry a UUID.",
                        obj=model,
                        id="rialto.E001",
                    )
                )
    return found


@checks.register(checks.Tags.models)
def check_realms_named(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse an app of ours with tables that does not say which realm they live in, or names one there is not."""
    found: list[checks.CheckMessage] = []
    for config in apps.get_app_configs():
        if config.name.partition(".")[0] not in OUR_FOLDERS or not list(config.get_models()):
            continue
        realm = getattr(config, "realm", None)
        if realm not in (*CENTRAL_REALMS, EDGE, EVERY):
            found.append(
                checks.Error(
                    f"{config.name} keeps tables and names the realm {realm!r}",
                    hint=f"Write realm = one of {', '.join((*CENTRAL_REALMS, EDGE, EVERY))} in its AppConfig.",
                    obj=config.label,
                    id="rialto.E002",
                )
            )
    return found
