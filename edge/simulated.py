"""An edge as the simulator runs it (`sync/simulator/roles.py`): production's own code, one process's memory apiece.

Three edges share this Python: what a module remembers is put in place before a step of an edge runs.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from weakref import WeakValueDictionary

from django.core.management import call_command

from edge.cart import cards, roots, service
from edge.cart.limits import limits
from edge.checkout import holding, keep, page, placing, reads
from edge.checkout import live as order_live
from edge.checkout import node as checkout_node
from edge.checkout.form import Checked
from edge.checkout.models import Order
from edge.checkout.node import ThisNode
from edge.checkout.summary import Quote
from edge.live import carts as live
from edge.replica import sites
from edge.rights import pace, scarce
from edge.rights import service as rights
from edge.rights.keeper import keeper, urgent
from edge.rights.models import Right
from infra.crypto.signing import b64, public_of, sign
from node.realms import EDGE, atomic
from sync.contracts.cart import CartOp, LineKey
from sync.contracts.codec import pack
from sync.contracts.documents import CardDoc, DeliveryMethod, PaymentMethod, SiteDoc, card_key
from sync.contracts.join import JoinAnswer
from sync.contracts.orders import KeptOrder, Person, PlacedOrder, SealedPerson
from sync.core import cart as core
from sync.discover import load_edge
from sync.link import LinkSettings, link
from sync.simulator.roles import GROUP, SITES, Sku
from sync.store.edge import outbox, sql
from sync.store.edge.models import Cursor as StoredCursor
from sync.store.edge.models import Document, Outgoing, Parked
from sync.store.writer import reader, writer

_PICKUP = DeliveryMethod(code="pickup", title="Pick up", price=0, needs_address=False)
_CASH = PaymentMethod(code="cash", title="Cash", provider="cash_on_delivery", needs_central=False)
_CHECKED = Checked(Person(name="Nobody", phone="+70000000000"), _PICKUP, _CASH)

#: what modules remember: (module, name, what a fresh process has)
_REMEMBERED: tuple[tuple[ModuleType, str, Any], ...] = (
    (service, "_carts", OrderedDict),
    (service, "_written", OrderedDict),
    (service, "_central_has", OrderedDict),
    (service, "_last_stamp", int),
    (roots, "_roots", OrderedDict),
    (roots, "_links", int),
    (cards, "_cards", dict),
    (cards, "_news", int),
    (live, "_watchers", lambda: defaultdict(set)),
    (live, "_followed", dict),
    (live, "_loop", lambda: None),
    (live, "_is_ending", bool),
    (order_live, "_watchers", lambda: defaultdict(set)),
    (placing, "_at_work", WeakValueDictionary),
    (outbox, "_listeners", list),
    (pace, "_paces", dict),
    (pace, "_wanted_at", dict),
    (pace, "_unwritten", set),
    (pace, "_news", set),
    (pace, "_listeners", list),
    (scarce, "_left", dict),
    (rights, "_forgotten", dict),
)
#: what remembers in itself
_ONES: tuple[Any, ...] = (link, keeper, urgent, limits)


class Memory:
    """What one process of an edge remembers."""

    def __init__(self) -> None:
        self._values = {(module.__name__, name): make() for module, name, make in _REMEMBERED}
        self._fresh = [(one, dict(type(one)().__dict__)) for one in _ONES]

    def put_in_place(self) -> None:
        for module, name, _ in _REMEMBERED:
            module.__dict__[name] = self._values[module.__name__, name]
        for one, values in self._fresh:
            one.__dict__ = values

    def take_back(self) -> None:
        for module, name, _ in _REMEMBERED:
            self._values[module.__name__, name] = module.__dict__[name]


@dataclass(frozen=True)
class Placed:
    """What the shopper's tab has of an order: its id, the units of each variant that are confirmed, what it keeps.

    `uses`: right -> units of it that were sold. `is_fenced`: the disk knew that it may not sell from its past.
    """

    id: str
    confirmed: Mapping[str, int]
    pending: Mapping[str, int]
    kept: KeptOrder
    body: bytes
    number: str
    uses: Mapping[str, int]
    is_new: bool = True
    is_fenced: bool = False


@dataclass
class Identity:
    """Who a machine is: what joining wrote."""

    node: str
    epoch: int
    sign_key: bytes
    central_key: bytes  # private: central's answer to a join is signed with it
    this: ThisNode = field(init=False)

    def __post_init__(self) -> None:
        answer = JoinAnswer(
            node=self.node,
            name=self.node,
            epoch=self.epoch,
            sites=[SITES[self.node]],
            central_key=b64(public_of(self.central_key)),
            sealing_keys=[],
            asked_by=b64(public_of(self.sign_key)),
        )
        proof = JoinAnswer(
            **{name: getattr(answer, name) for name in answer.__struct_fields__ if name != "signature"},
            signature=b64(sign(self.central_key, answer.signed_part())),
        )
        self.this = ThisNode(
            id=self.node,
            epoch=self.epoch,
            sign_key=self.sign_key,
            central_key=public_of(self.central_key),
            proof=proof,
            sealing_keys=(),
        )


class Edge:
    """Loaded by dotted name, once per process. The coroutines run on the simulator's loop, in the life of an edge."""

    def __init__(self) -> None:
        self._identity: Identity | None = None
        self._docs = {site: _site_doc(site, node) for node, site in SITES.items()}
        #: (cart, key) that a node has corrected, in all edges of a run: ops that no shopper pressed
        self.corrections: set[tuple[str, LineKey]] = set()
        set_units = service._set_units

        def noting(cart: str, units: Mapping[LineKey, int]) -> None:
            self.corrections |= {(cart, key) for key in units}
            set_units(cart, units)

        service._set_units = noting
        load_edge()
        checkout_node._read = lambda home: self._me().this  # type: ignore[assignment]
        # HPKE draws from OpenSSL, whose chance nobody can repeat; no person is in a run.
        _placing: Any = placing
        _placing.seal_person = lambda person, order: SealedPerson(key_id="1", sealed=order.encode())

    # --- the world's side

    def create(self, goods: Sequence[Sku]) -> None:
        """The schema, and the shops and their goods as central has published them long ago."""
        call_command("migrate", database=EDGE, verbosity=0)
        docs = [(f"site:{GROUP}", doc.id, pack(doc)) for doc in self._docs.values()]
        for sku in goods:
            card = CardDoc(
                site=sku.site,
                sku=sku.sku,
                options="",
                variant=sku.variant,
                title=sku.sku,
                options_title="",
                slug=sku.sku,
                price=sku.price,
                currency="EUR",
            )
            docs.append((f"card:{GROUP}", card_key(sku.site, sku.sku), pack(card)))
        with atomic(EDGE):
            for topic, key, body in docs:
                sql.execute(
                    "INSERT INTO sync_edge_document (topic, key, ver, body, schema, generation) "
                    "VALUES (?, ?, 1, ?, 1, 0)",
                    [topic, key, body],
                )

    def begin(self) -> None:
        """A fresh world."""
        self.corrections.clear()
        sites._sites.forget()

    def memory(self) -> Memory:
        return Memory()

    def identity(self, node: str, epoch: int, sign_key: bytes, central_key: bytes) -> Identity:
        return Identity(node, epoch, sign_key, central_key)

    def become(self, identity: Identity) -> None:
        """The next steps are this machine's."""
        self._identity = identity

    def _me(self) -> Identity:
        assert self._identity is not None  # noqa: S101
        return self._identity

    # --- a process

    async def start(self) -> None:
        """As `edge.asgi` does."""
        me = self._me()
        live.start()
        await link.start(
            LinkSettings(
                url="http://central",
                node=me.node,
                epoch=me.epoch,
                sign_key=me.sign_key,
                central_key=public_of(me.central_key),
            )
        )
        await keeper.start()
        limits.start()

    # --- what shoppers ask

    async def take_ops(self, cart: str, ops: Sequence[CartOp]) -> dict[str, str]:
        """Dot -> "edge" or "central", after the fsync. Raises a `RialtoError`."""
        taken = await service.take_ops(cart, ops, group=GROUP)
        live.follow(await roots.root_of(cart))
        return taken.acks

    async def see(self, cart: str) -> tuple[str, core.Cart]:
        """(root, the cart as this shop shows it)."""
        root = await roots.root_of(cart)
        live.follow(root)
        return root, (await service.held_root(root))[1]

    async def quote(self, site: str, cart: str) -> Quote | None:
        """The checkout page; None when there is nothing to order."""
        doc = self._docs[site]
        await holding.hold_cart(doc, cart)
        summary = await reader.run(lambda: reads.summary_of(doc, cart))
        return page.new_quote(summary, doc) if summary.rows else None

    async def order(self, site: str, cart: str, quote: Quote) -> Placed:
        """The page is sent; it may be sent again. Raises a `CheckoutError`."""
        made, is_new = await placing.place(self._docs[site], cart, quote, _CHECKED, quote.order.encode())
        return await reader.run(lambda: _placed(made, is_new))

    async def keep(self, kept: list[KeptOrder]) -> dict[str, str]:
        return await writer.run(lambda: keep.take_in(kept))

    async def land(self, mine: str | None, carried: str, state: core.Cart) -> str:
        """A hop has brought a cart along; it becomes one with the one this shop knew. Returns the root."""
        await service.join_state(carried, state)
        return await service.unite(mine, carried) if mine else carried

    async def follow(self, roots_: Sequence[str]) -> None:
        """Somebody has all these carts open."""
        for root in roots_:
            live.follow(await roots.root_of(root))

    # --- for the oracle: reads of the disk

    def is_up(self) -> bool:
        return link.is_up

    def trouble(self) -> str:
        return str(link.status()["trouble"])

    def carts(self, wanted: Sequence[str]) -> dict[str, bytes]:
        """Root -> canonical bytes of the carts held here, of the `wanted` roots."""
        rows = sql.fetch(f"SELECT id, state FROM edge_cart_storedcart WHERE id IN ({sql.marks(wanted)})", list(wanted))  # noqa: S608
        return {root: bytes(state) for root, state in rows}

    def roots_of(self, carts: Sequence[str]) -> dict[str, str]:
        """Cart -> the one that stands for it here."""
        return {cart: roots.stored_root(cart) for cart in carts}

    def orders(self) -> dict[str, bytes]:
        return {order: bytes(body) for order, body in Order.objects.values_list("id", "body")}

    def backlog(self) -> int:
        return Outgoing.objects.count()

    def place(self, realm: str) -> tuple[str, int]:
        """(epoch, seq) of the cursor."""
        return StoredCursor.objects.filter(realm=realm).values_list("epoch", "seq").first() or ("", 0)

    def parked(self) -> list[str]:
        return [f"{row.topic}/{row.key}: {row.reason}" for row in Parked.objects.all()]

    def held(self) -> int:
        """Units that checkouts under way keep for themselves."""
        return sum(Right.objects.values_list("held", flat=True))

    def documents(self, topic: str) -> int:
        return Document.objects.filter(topic=topic).count()


def _placed(made: Order, is_new: bool) -> Placed:
    from msgspec import json

    body = bytes(made.body)
    placed = unpacked(body)
    confirmed: dict[str, int] = {}
    pending: dict[str, int] = {}
    uses: dict[str, int] = {}
    for line in placed.lines:
        confirmed[line.variant] = confirmed.get(line.variant, 0) + sum(use.units for use in line.uses)
        pending[line.variant] = pending.get(line.variant, 0) + line.pending
        for use in line.uses:
            uses[use.grant] = uses.get(use.grant, 0) + use.units
    kept = json.decode(keep.envelope(made), type=KeptOrder)
    return Placed(made.pk, confirmed, pending, kept, body, placed.number, uses, is_new, link.is_fenced)


def unpacked(body: bytes) -> PlacedOrder:
    from sync.contracts.codec import unpack

    return unpack(body, PlacedOrder)


def _site_doc(site: str, node: str) -> SiteDoc:
    return SiteDoc(
        id=site,
        name=site,
        label=site,
        colour="#000000",
        origin=f"http://{site}.localhost",
        hosts=[f"{site}.localhost"],
        language="en",
        currency="EUR",
        theme="tea",
        group=GROUP,
        node=node,
        deliveries=[_PICKUP],
        payments=[_CASH],
    )


__all__ = ["Edge", "Identity", "Memory", "Placed"]
