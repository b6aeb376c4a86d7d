"""Central as the simulator runs it: production's writers and readers, over SQLite, in one thread.

Only the realm `orders` has a log here: carts, rights and orders are what may be lost or sold twice. What edges know of
goods and sites they have from the beginning.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connections, models
from django.db.models import F

from central.carts.models import Cart, CartLink
from central.carts.queries import root_of
from central.cluster.models import Node, Site, SiteGroup
from central.orders import statuses, upstream
from central.orders.actions import change_status
from central.orders.errors import OrderConflict
from central.orders.handlers import note_stock
from central.orders.models import Order, OrderLine, OrderPerson, OrderStatus
from central.stock import granting, leases, warehouses
from central.stock.assortment import read_assortment_by
from central.stock.audit import breaches
from central.stock.auditing import look_at_books
from central.stock.giving_up import write_off
from central.stock.models import MAIN, POOL, SOLD, SUPPLIER, WRITTEN_OFF, Balance, Grant, PendingUnits
from central.stock.recalling import nobody_waits
from central.stock.receipts import receive_stock, set_stocks, transfer_stock
from central.stock.receives import answer_with
from infra.crypto.signing import public_of
from node.realms import CLUSTER, ORDERS, alias_of, atomic
from sync import doubts, hub, logreader
from sync.contracts.codec import unpack
from sync.contracts.orders import KeptOrder, PlacedOrder
from sync.contracts.stock import Ask
from sync.directory import Heartbeat, NodeIdentity
from sync.discover import load_central
from sync.events import run_job
from sync.numbering import number_batch
from sync.simulator.roles import EDGES, GROUP, SITES, Books, CentralOrder, Setting
from sync.store.central.log import begin_anew, cut_log
from sync.store.central.models import LastN, Quarantine, SyncHead
from sync.store.jobs.models import Job
from sync.store.jobs.registry import name_of
from sync.topics import EdgeScope, all_topics, unregister_topic
from sync.upstream import answer_of

#: apps whose tables are made, by realm; of `cluster` only what the writers of orders ask
_APPS = ("sync_central", "jobs", "stock", "carts", "payments", "orders")
_CLUSTER = (Node, SiteGroup, Site)
#: nobody is searched for here, and SQLite has no index over words
_LEFT_OUT = {OrderPerson}

WHO = "desk"
_WAREHOUSES = (MAIN, "north")


class Central:
    """`sync.simulator.roles.Central`."""

    def __init__(self) -> None:
        self._told: list[tuple[str, str, bytes]] = []
        self._asks: dict[tuple[str, bytes], granting.UrgentAsk] = {}
        self._nodes = _Directory()
        #: (node, epoch): disks that speak for it no more, and central's jobs have not heard so yet
        self._ended: list[tuple[str, int]] = []
        self._variants: tuple[UUID, ...] = ()

    def create(self) -> None:
        make_tables(CLUSTER)
        make_tables(ORDERS)
        fill_nodes()
        fill_tables()

    def begin(self, setting: Setting) -> None:
        load_central()
        for topic in all_topics():
            if topic.realm != ORDERS:
                unregister_topic(topic.name)
        hub.tell_by(lambda node, kind, body: self._told.append((node, kind, body)))
        hub.set_directory(self._nodes)
        self._nodes.begin(setting)
        # Read from the node's key files in production.
        upstream.central_public_key = lambda: public_of(setting.central_key)  # type: ignore[attr-defined]
        self.forget()
        self._told.clear()
        self._asks.clear()
        # The catalogue is another database's; every shop of a run may have all goods.
        read_assortment_by(None)
        self._variants = tuple(UUID(sku.variant) for sku in setting.skus)
        leases.TTL_S = setting.ttl_s
        receive_stock({UUID(sku.variant): sku.units for sku in setting.skus if sku.units}, who=WHO)
        number_batch(ORDERS)

    def forget(self) -> None:
        logreader.forget()
        doubts.forget()

    # --- what the hub and the sequencer do

    def sequence(self) -> int:
        return number_batch(ORDERS)

    def answer(self, edge: EdgeScope, kind: str, body: bytes, *, is_again: bool = False) -> tuple[bytes, bool]:
        if kind == "ask_stock" and (asked := unpack(body, Ask)).must:
            return self._answer_urgent(edge, body, asked, is_again)
        answerer = answer_of(kind)
        if answerer is None:
            raise LookupError(kind)
        return answerer(edge, body), True

    def _answer_urgent(self, edge: EdgeScope, body: bytes, asked: Ask, is_again: bool) -> tuple[bytes, bool]:
        wanted = {UUID(variant): units for variant, units in asked.wanted.items()}
        ask = self._asks.pop((edge.node, body), None) if is_again else None
        if ask is None:
            knows = None if asked.knows is None else {UUID(grant) for grant in asked.knows}
            ask = granting.UrgentAsk(edge, wanted, knows)
        else:
            ask.again()
        if not ask.is_over:
            self._asks[edge.node, body] = ask
        return answer_with(ask.grants, wanted), ask.is_over

    def told(self) -> list[tuple[str, str, bytes]]:
        told, self._told = self._told, []
        return told

    def fence(self, node: str) -> int:
        epoch = self._nodes.fence(node)
        self._ended.append((node, epoch))
        return epoch

    # --- what happens by itself, and what people do

    def periodic(self) -> None:
        self._run_jobs()
        leases.freeze_overdue()
        look_at_books()
        cut_log(ORDERS)

    def _run_jobs(self) -> None:
        """Those that write into the realm `orders`; the others make customers, pay pages and mails."""
        due = Job.objects.using(alias_of(ORDERS)).filter(handler=name_of(note_stock), state=Job.State.QUEUED)
        for job in list(due.order_by("created_at", "id").values_list("id", flat=True)):
            run_job(ORDERS, job)

    def operator(self, action: str, rng: random.Random) -> str:
        return self._actions[action](self, rng)

    def _receive(self, rng: random.Random) -> str:
        variant, units = rng.choice(self._variants), rng.randint(1, 5)
        warehouse = rng.choice(_WAREHOUSES)
        receive_stock({variant: units}, who=WHO, warehouse=warehouse)
        return f"{units} units of {variant.hex} have come in to '{warehouse}'"

    def _transfer(self, rng: random.Random) -> str:
        rows = Balance.objects.filter(place=POOL, units__gt=0).order_by("variant", "warehouse")
        if not (free := list(rows.values_list("variant", "warehouse", "units"))):
            return ""
        variant, source, most = rng.choice(free)
        target, units = rng.choice([code for code in _WAREHOUSES if code != source]), rng.randint(1, most)
        transfer_stock({variant: units}, source=source, target=target, who=WHO)
        return f"{units} units of {variant.hex} are carried from '{source}' to '{target}'"

    def _correct(self, rng: random.Random) -> str:
        variant, units = rng.choice(self._variants), rng.randint(0, 12)
        with nobody_waits():
            short = set_stocks({variant: units}, who=WHO)
        return "" if short else f"{variant.hex} is corrected to {units} unsold units"

    def _cancel(self, rng: random.Random) -> str:
        rows = Order.objects.filter(status__moves_out__target="cancelled").order_by("pk").values_list("pk", flat=True)
        if not (orders := list(rows)):
            return ""
        order = rng.choice(orders)
        change_status(order, "cancelled", by=WHO)
        return f"order {order.hex} is cancelled"

    def _write_off(self, rng: random.Random) -> str:
        rows = Grant.objects.filter(state=Grant.State.FROZEN).order_by("created_at", "pk")
        if not (frozen := list(rows.values_list("pk", flat=True))):
            return ""
        grant = write_off(rng.choice(frozen), reason="its edge is not coming back", by=WHO)
        return f"the right {grant.pk.hex} of edge {grant.edge} is written off, {grant.lost} units are lost"

    def _begin_anew(self, rng: random.Random) -> str:
        return f"the log begins anew: {begin_anew(ORDERS)}"

    _actions: Mapping[str, Callable[[Central, random.Random], str]] = {
        "receive": _receive,
        "correct": _correct,
        "transfer": _transfer,
        "write_off": _write_off,
        "cancel": _cancel,
        "begin_anew": _begin_anew,
    }

    # --- for the oracle

    def orders(self) -> dict[str, CentralOrder]:
        units: dict[UUID, dict[str, int]] = {}
        for order, variant, count in OrderLine.objects.values_list("order", "variant", "units"):
            of_order = units.setdefault(order, {})
            of_order[variant.hex] = of_order.get(variant.hex, 0) + count
        pending: dict[UUID, dict[str, int]] = {}
        waiting = PendingUnits.objects.filter(state=PendingUnits.State.WAITING)
        for order, variant, count in waiting.values_list("order", "variant", F("units") - F("taken")):
            pending.setdefault(order, {})[variant.hex] = count
        cancelled = OrderStatus.Group.CANCELLED
        rows = Order.objects.values_list("pk", "body_hash", "status__group", "is_duplicate_suspect")
        return {
            pk.hex: CentralOrder(
                pk.hex, bytes(body_hash), units.get(pk, {}), pending.get(pk, {}), group == cancelled, is_suspect
            )
            for pk, body_hash, group, is_suspect in rows
        }

    def carts(self) -> dict[str, bytes]:
        linked = set(CartLink.objects.values_list("source", flat=True))
        return {pk: bytes(state) for pk, state in Cart.objects.values_list("pk", "state") if pk not in linked}

    def root_of(self, cart: str) -> str:
        return root_of(cart)

    def books(self) -> Books:
        units: dict[str, dict[str, int]] = {place: {} for place in (SUPPLIER, SOLD, POOL, WRITTEN_OFF)}
        rows = Balance.objects.filter(place__in=units).values_list("place", "variant", "units")
        for place, variant, count in rows:
            units[place][variant.hex] = units[place].get(variant.hex, 0) + count
        received = {variant: -count for variant, count in units[SUPPLIER].items()}
        return Books(received, units[SOLD], units[POOL], units[WRITTEN_OFF])

    def grants(self) -> dict[str, int]:
        return {pk.hex: units for pk, units in Grant.objects.values_list("pk", "units")}

    def taken(self, node: str) -> dict[int, int]:
        return dict(LastN.objects.using(alias_of(ORDERS)).filter(edge=node).values_list("epoch", "n"))

    def log_heads(self) -> dict[str, tuple[str, int]]:
        head = SyncHead.objects.using(alias_of(ORDERS)).first()
        return {ORDERS: (head.epoch, head.head)} if head else {}

    def set_aside(self) -> Sequence[tuple[str, bytes, str]]:
        found = []
        for row in filter(_is_second_order, _held()):
            body = bytes(row.body)
            if row.kind == "kept_order":
                body = unpack(body, KeptOrder).body
            found.append((unpack(body, PlacedOrder).id, blake2b(body, digest_size=32).digest(), row.reason))
        return found

    def audit(self) -> Sequence[str]:
        others = [row for row in _held() if not _is_second_order(row)]
        return [
            *map(str, breaches()),
            *(f"quarantine: {row.edge}/{row.n} ({row.kind}): {row.reason}" for row in others),
        ]


def _held() -> list[Quarantine]:
    return list(Quarantine.objects.using(alias_of(ORDERS)).filter(resolved__isnull=True).order_by("pk"))


def _is_second_order(row: Quarantine) -> bool:
    return row.kind in ("order", "kept_order") and row.reason.startswith(f"{OrderConflict.code}:")


class _Directory:
    """Which nodes have joined, and under which epoch."""

    def __init__(self) -> None:
        self._known: dict[str, NodeIdentity] = {}
        self._key = b""

    def begin(self, setting: Setting) -> None:
        self._key = setting.central_key
        self._known = {node: _identity(node, 1, key) for node, key in setting.sign_keys.items()}

    def fence(self, node: str) -> int:
        was = self._known[node]
        self._known[node] = _identity(node, was.epoch + 1, was.sign_key)
        return was.epoch + 1

    def find(self, node_id: str) -> NodeIdentity | None:
        return self._known.get(node_id)

    def heard(self, node_id: str, heartbeat: Heartbeat) -> None:
        return None

    def refused(self, node_id: str, *, code: str, address: str) -> None:
        return None

    def epoch_died(self, node_id: str, epoch: int) -> None:
        if (known := self._known[node_id]).epoch == epoch:
            self._known[node_id] = replace(known, is_fenced=True)
            leases.freeze_epochs(node_id, below=epoch + 1)

    def central_signing_key(self) -> bytes:
        return self._key


def _identity(node: str, epoch: int, sign_key: bytes) -> NodeIdentity:
    scope = EdgeScope(node, epoch, frozenset([SITES[node]]), frozenset([GROUP]))
    return NodeIdentity(node, epoch, sign_key, scope)


def _site(site: str) -> dict[str, Any]:
    return {
        "id": site,
        "name": site,
        "label": site,
        "colour": "#0b7285",
        "origin": f"https://{site}.example",
        "currency": "RUB",
        "theme": "plain",
        "cart_group": GROUP,
    }


def make_tables(realm: str) -> None:
    """The tables of central's writers in an empty database behind the alias of `realm`."""
    alias = alias_of(realm)
    with connections[alias].schema_editor() as editor:
        for model in tables_of(realm):
            editor.create_model(model)


def fill_nodes() -> None:
    """The edges, and the shop of each."""
    with atomic(CLUSTER):
        for node in EDGES:
            Node.objects.create(id=node, name=node, state=Node.State.JOINED, epoch=1)
            Site.objects.create(**_site(SITES[node]), node_id=node)


def fill_tables() -> None:
    """Write what stands in the realm `orders` from the first day on."""
    statuses.fill(alias_of(ORDERS))
    warehouses.make_main(alias_of(ORDERS))
    warehouses.add_warehouse(_WAREHOUSES[1], name="North")


def tables_of(realm: str) -> list[type[models.Model]]:
    """Models whose tables stand in the simulator's database of a realm."""
    if realm == CLUSTER:
        return list(_CLUSTER)
    found = [model for label in _APPS for model in apps.get_app_config(label).get_models()]
    return [model for model in found if model not in _LEFT_OUT]
