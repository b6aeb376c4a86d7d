"""Gathering the figures: each realm is asked once and by itself, one that is down costs its part and no waiting."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from django.db import DatabaseError
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from central.cdn.models import Account
from central.cluster.fill import by_realm
from central.cluster.models import Node
from central.cluster.queries import light_of, nodes_visible_to
from central.cluster.realm_health import down_since
from central.cluster.realm_state import RealmState, all_states
from central.failures.models import Failure
from central.health.figures import (
    BooksFigures,
    CdnFigures,
    Health,
    NodeFigures,
    PagesFigures,
    RealmFigures,
    SlowFigures,
    StreamFigures,
)
from central.orders.models import Order
from central.orders.queries import orders_visible_to
from central.pages.links import links_visible_to
from central.pages.models import BrokenLink, Slowdown
from central.pages.speed import slow_of
from central.pictures.models import SitePicture
from central.pictures.queries import pictures_visible_to
from central.stock.models import MAIN, Audit, BreachRow, Grant, PendingUnits, Warehouse
from central.ui.scope import ALL, limit, visible_sites
from infra.caching import Cacheable
from infra.caching.figures import CacheFigures
from infra.caching.node import node_cache
from node.realms import CATALOG, CENTRAL_REALMS, ORDERS, STATS, alias_of
from sites.assets import manifest
from sync.store.central.models import EdgeCursor, LastN, SyncLog

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: failures that nobody has decided on
WAITING = (Failure.State.OPEN, Failure.State.TRYING)


#: some fifty questions to seven databases; a screen asks every few seconds, for each who has it open
HEALTH: Final = Cacheable("health", Health, lifetime_s=3)


def health_shown(user: Any) -> Health:
    """What `health_for` says, up to three seconds old: by the sites alone, which are all that it depends on."""
    seen = visible_sites(user)
    return HEALTH.get("all" if seen is ALL else tuple(sorted(seen)), lambda: health_for(user))


def health_for(user: Any, now: datetime | None = None) -> Health:
    """What a person may see of the cluster's health: his nodes, and the whole for who sees all sites."""
    links, slow = links_visible_to(user), limit(Slowdown.objects.all(), user)
    pictures, sees_all = pictures_visible_to(user), visible_sites(user) is ALL
    return _health(nodes_visible_to(user), orders_visible_to(user), links, slow, pictures, sees_all, now)


def whole_health(now: datetime | None = None) -> Health:
    """All of it, for who sits at central's own shell."""
    links, slow = BrokenLink.objects.all(), Slowdown.objects.all()
    return _health(Node.objects.all(), Order.objects.all(), links, slow, SitePicture.objects.all(), True, now)


def _health(
    nodes: QuerySet[Node],
    orders: QuerySet[Order],
    links: QuerySet[BrokenLink],
    slow: QuerySet[Slowdown],
    pictures: QuerySet[SitePicture],
    sees_all: bool,
    now: datetime | None,
) -> Health:
    now = now or timezone.now()
    down = set(down_since())
    states = all_states() if sees_all else []
    down |= {state.realm for state in states if not state.is_up}
    return Health(
        nodes=_nodes(list(nodes.select_related("health").order_by("id")), down, now),
        realms=[_realm(state) for state in states] if sees_all else None,
        books=_of_orders(lambda: _books(now), down) if sees_all else None,
        duplicates=_of_orders(lambda: orders.filter(is_duplicate_suspect=True).count(), down),
        pending=_of_orders(_pending, down) if sees_all else None,
        cdn=_cdn(now) if sees_all else None,
        left_files=sorted(manifest().left) if sees_all else None,
        slow=_asked(STATS, lambda: _slow(slow), down),
        broken_links=_asked(STATS, lambda: links.filter(is_ignored=False).count(), down),
        failed_pictures=_asked(CATALOG, lambda: pictures.filter(state=SitePicture.State.FAILED).count(), down),
        failures=Failure.objects.filter(state__in=WAITING).count() if sees_all else None,
        cache=node_cache().figures() if sees_all else None,
    )


def _of_orders(read: Callable[[], T], down: Collection[str]) -> T | None:
    return _asked(ORDERS, read, down)


def _asked(realm: str, read: Callable[[], T], down: Collection[str]) -> T | None:
    """What a realm answers; None when it does not, and when it is known to be down."""
    if realm in down:
        return None
    try:
        return read()
    except DatabaseError as error:
        logger.info("health: realm '%s' does not answer: %s", realm, type(error).__name__)
        return None


def _realm(state: RealmState) -> RealmFigures:
    return RealmFigures(
        realm=state.realm,
        is_up=state.is_up,
        head=state.head,
        waiting=state.waiting,
        set_aside=state.quarantined,
        failed=state.failed,
        queued=state.queued,
    )


# --- nodes -------------------------------------------------------------------------------------------------------


def _nodes(nodes: Collection[Node], down: Collection[str], now: datetime) -> list[NodeFigures]:
    epochs = {node.pk: node.epoch for node in nodes}
    rights = _of_orders(lambda: _rights(epochs), down)
    behind = {realm: _asked(realm, partial(_behind, realm, epochs, now), down) for realm in CENTRAL_REALMS}
    acked = {realm: _asked(realm, partial(_acked, realm, epochs, now), down) for realm in CENTRAL_REALMS}
    return [_node(node, rights, behind, acked, now) for node in nodes]


def _node(
    node: Node,
    rights: Mapping[str, tuple[int, int]] | None,
    behind: Mapping[str, Mapping[str, tuple[int, float]] | None],
    acked: Mapping[str, Mapping[str, float] | None],
    now: datetime,
) -> NodeFigures:
    health = getattr(node, "health", None)
    detail = health.detail if health else {}
    # A realm for which it has never sent anything is not named.
    told = dict.fromkeys(CENTRAL_REALMS, 0) if "backlog" in detail else {}
    told |= {realm: backlog for realm, _, backlog in by_realm(detail) if backlog is not None}
    open_units, frozen = (rights or {}).get(node.pk, (0, 0)) if rights is not None else (None, None)
    parked = detail.get("parked")
    return NodeFigures(
        node=node.pk,
        name=node.name,
        light=light_of(node),
        version=health.version if health else "",
        heard_s=_age(health.heard_at, now) if health else None,
        parked=parked if isinstance(parked, int) else None,
        pages=_pages(detail, now),
        rights=open_units,
        frozen=frozen,
        cache=_cache(detail),
        streams=[
            stream
            for realm in CENTRAL_REALMS
            if (stream := _stream(node.pk, realm, told.get(realm), behind[realm], acked[realm])) is not None
        ],
    )


def _pages(detail: Mapping[str, Any], now: datetime) -> PagesFigures | None:
    told = detail.get("pages")
    if not isinstance(told, Mapping) or "file_failed" not in told:
        return None
    wrong_at = _count(told, "file_wrong_at")
    return PagesFigures(
        failed=int(_count(told, "file_failed")),
        late_s=_count(told, "file_oldest_dirty_s"),
        wrong=int(_count(told, "file_wrong")),
        wrong_s=max(0.0, round(now.timestamp() - wrong_at, 1)) if wrong_at else None,
    )


def _cache(detail: Mapping[str, Any]) -> CacheFigures | None:
    try:
        return msgspec.convert(detail["cache"], CacheFigures)
    except (KeyError, msgspec.ValidationError):  # a node of another version, or of a bad mind
        return None


def _count(told: Mapping[str, Any], name: str) -> float:
    """It comes from another machine: what is no figure is none."""
    value = told.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40 else 0


def _stream(
    node: str,
    realm: str,
    backlog: int | None,
    behind: Mapping[str, tuple[int, float]] | None,
    acked: Mapping[str, float] | None,
) -> StreamFigures | None:
    entries, entries_s = (behind or {}).get(node, (None, None))
    acked_s = (acked or {}).get(node)
    if backlog is None and entries is None and acked_s is None:
        return None
    return StreamFigures(realm=realm, backlog=backlog, behind=entries, behind_s=entries_s, acked_s=acked_s)


def _behind(realm: str, epochs: Mapping[str, int], now: datetime) -> dict[str, tuple[int, float]]:
    """Node -> (entries of the log that it has not applied, seconds the first of them has waited)."""
    alias = alias_of(realm)
    head = SyncLog.objects.using(alias).order_by("-seq").values_list("seq", flat=True).first() or 0
    cursors = dict(EdgeCursor.objects.using(alias).filter(edge__in=epochs).values_list("edge", "seq"))
    nexts = {seq + 1 for seq in cursors.values() if seq < head}
    made = dict(SyncLog.objects.using(alias).filter(seq__in=nexts).values_list("seq", "created"))
    return {
        edge: (max(0, head - seq), _age(made[seq + 1], now) if seq + 1 in made else 0.0)
        for edge, seq in cursors.items()
    }


def _acked(realm: str, epochs: Mapping[str, int], now: datetime) -> dict[str, float]:
    rows = LastN.objects.using(alias_of(realm)).filter(edge__in=epochs, n__gt=0)
    return {
        edge: _age(changed, now)
        for edge, epoch, changed in rows.values_list("edge", "epoch", "changed")
        if epoch == epochs[edge]
    }


def _rights(epochs: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Node -> (units of its open rights, units of its frozen ones) that are neither sold nor returned."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    live = Q(state__in=(Grant.State.OPEN, Grant.State.FROZEN))
    rows = Grant.objects.filter(live, edge__in=epochs).values_list("edge", "state")
    for edge, state, units in rows.annotate(left=Sum(F("units") - F("returned") - F("sold"))):
        found[edge][state] = units
    return {
        edge: (states.get(Grant.State.OPEN, 0), states.get(Grant.State.FROZEN, 0)) for edge, states in found.items()
    }


def _slow(rows: QuerySet[Slowdown]) -> list[SlowFigures]:
    return [
        SlowFigures(site=one.site, kind=one.kind, measure=one.measure, value=one.value, usual=one.usual)
        for one in slow_of(rows)
    ]


# --- the CDN -----------------------------------------------------------------------------------------------------


def _cdn(now: datetime) -> list[CdnFigures]:
    first = Count("zones__stale", filter=Q(zones__stale__is_again=False))
    return [
        CdnFigures(
            account=one.title,
            waiting=one.waiting,
            failing_s=_age(one.failing_since, now) if one.failing_since else None,
            refuses=one.is_refused,
        )
        for one in Account.objects.filter(is_active=True).annotate(waiting=first).order_by("title")
    ]


# --- the books ---------------------------------------------------------------------------------------------------


def _books(now: datetime) -> BooksFigures:
    last = Audit.objects.filter(pk=1).first()
    breaches = BreachRow.objects.filter(ended_at=None).count()
    # The first warehouse is as old as the books.
    began_at = Warehouse.objects.filter(pk=MAIN).values_list("created_at", flat=True).first()
    return BooksFigures(
        breaches=breaches,
        checked_s=_age(last.checked_at, now) if last else None,
        kept_s=_age(began_at, now) if began_at else 0,
    )


def _pending() -> int:
    rows = PendingUnits.objects.filter(state=PendingUnits.State.WAITING)
    return rows.aggregate(left=Sum(F("units") - F("taken")))["left"] or 0


def _age(moment: datetime, now: datetime) -> float:
    return round(max(0.0, (now - moment).total_seconds()), 1)
