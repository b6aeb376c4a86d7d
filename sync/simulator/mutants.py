"""Bugs planted on purpose: each replaces one real function of production, names the rule it breaks, and must be seen.

A mutant that no seed notices says that the simulator does not look there.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sync.contracts import frames as f
from sync.core import link as io

Plant = Callable[[Any], Any]


@dataclass(frozen=True)
class Mutant:
    """`target`: `module:attribute` or `module:Class.attribute`; `plant(real)` gives what stands in its place."""

    name: str
    rule: str
    target: str
    plant: Plant


MUTANTS: list[Mutant] = []


def mutant(rule: str, target: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        MUTANTS.append(Mutant(plant.__name__, rule, target, plant))
        return plant

    return register


@contextlib.contextmanager
def planted(name: str) -> Iterator[None]:
    """The named bug is in the code for the length of a block."""
    found = next(one for one in MUTANTS if one.name == name)
    module, _, path = found.target.partition(":")
    holder: Any = importlib.import_module(module)
    *holders, attribute = path.split(".")
    for step in holders:
        holder = getattr(holder, step)
    real = getattr(holder, attribute)
    setattr(holder, attribute, found.plant(real))
    try:
        yield
    finally:
        setattr(holder, attribute, real)


# --- the cart ----------------------------------------------------------------------------------------------------


@mutant("a line that was removed stays removed", "sync.core.cart:_dropped")
def union_join(real: Any) -> Any:
    return lambda one, two: []


@mutant("a cart remembers every dot that it or the other has seen", "sync.core.cart:_joined_context")
def context_of_one(real: Any) -> Any:
    return lambda one, two: (one.vector, one.cloud)


@mutant("takes of both carts count", "sync.core.cart:_joined_takes")
def takes_of_one(real: Any) -> Any:
    def joined(tokens: Any, one: Any, two: Any, alarm: Any) -> Any:
        return {dot: takes for dot, takes in one.takes.items() if dot in tokens}

    return joined


@mutant("two stamps of one dot settle to the same one everywhere", "sync.core.cart:_settled")
def own_stamp_wins(real: Any) -> Any:
    return lambda dot, one, two, alarm: one


@mutant("an op's delta is what the op says: a dec takes units", "sync.core.cart:dec")
def dec_forgets_its_takes(real: Any) -> Any:
    return lambda dot, takings, cause="dec": real(dot, [], cause=cause)


@mutant("a remove drops what the shopper saw", "sync.core.cart:remove")
def remove_drops_nothing(real: Any) -> Any:
    return lambda dot, seen: real(dot, [])


@mutant("an add puts in the units that were asked for", "sync.core.cart:add")
def add_puts_in_one(real: Any) -> Any:
    return lambda dot, key, units, price_ref=0, hlc=0: real(dot, key, 1, price_ref=price_ref, hlc=hlc)


@mutant("a cart read again from the database is the one that was stored", "edge.cart.service:_stored")
def memory_before_the_database(real: Any) -> Any:
    def stored(root: str) -> Any:
        service = importlib.import_module("edge.cart.service")
        return service._written.get(root) or real(root)

    return stored


@mutant("a repeated op changes nothing and is acknowledged again", "edge.cart.service:_is_repeat")
def repeats_are_news(real: Any) -> Any:
    return lambda op, seen: False


@mutant("a tab is told 'central' only when central has committed", "edge.cart.service:_take_ops")
def central_ack_too_early(real: Any) -> Any:
    def take(cart: Any, ops: Any) -> Any:
        taken = real(cart, ops)
        return replace(taken, acks=dict.fromkeys(taken.acks, "central"))

    return take


@mutant("what an edge takes in goes to central", "edge.cart.service:_send")
def delta_not_sent(real: Any) -> Any:
    def send(root: str, delta: Any, hashes: Any) -> int:
        return real(root, delta, hashes) if len(hashes) != 2 else 0

    return send


@mutant("two carts that were joined are joined at central too", "edge.cart.service:_unite")
def link_kept_to_itself(real: Any) -> Any:
    def unite(one: str, two: str) -> str:
        roots, service = map(importlib.import_module, ("edge.cart.roots", "edge.cart.service"))
        if found := roots.link(one, two):
            service._pour(*found)
        return str(roots.stored_root(one))

    return unite


@mutant("what central links is linked at every edge", "edge.cart.service:_follow")
def links_not_followed(real: Any) -> Any:
    return lambda source, target: source


@mutant("central joins what a linked cart held into the one it was linked to", "central.carts.actions:state_of")
def central_link_leaves_the_lines(real: Any) -> Any:
    def state_of(cart: Any) -> Any:
        import inspect

        from sync.core.cart import EMPTY

        return EMPTY if inspect.stack()[1].function == "link_carts" else real(cart)

    return state_of


@mutant("central publishes what it has joined", "central.carts.actions:record_facts")
def facts_not_published(real: Any) -> Any:
    return lambda entries, realm: None


# --- the edge's disk and its queue -------------------------------------------------------------------------------


@mutant("nobody is answered before the fsync", "sync.store.writer:Writer._commit")
def answer_before_the_fsync(real: Any) -> Any:
    def commit(self: Any, group: Any) -> None:
        from sync.store import writer

        def answered(group: Any) -> Any:
            from node.realms import atomic

            with atomic("edge"):
                ended = [writer._together(job) for job in group]
                for one in ended:
                    self._answer(one)
                self._tell_loops()
            return ended

        kept, writer._committed = writer._committed, answered
        try:
            real(self, group)
        finally:
            writer._committed = kept

    return commit


@mutant("a group whose commit failed has not happened", "sync.store.writer:_committed")
def failed_commit_is_answered(real: Any) -> Any:
    def committed(group: Any) -> Any:
        ended: list[Any] = []
        try:
            from node.realms import atomic
            from sync.store import writer

            with atomic("edge"):
                ended = [writer._together(job) for job in group]
        except Exception:
            if not ended:
                raise
        return ended

    return committed


@mutant("an edge's SQLite syncs at each commit", "sync.simulator.machine:Machine.connect")
def synchronous_normal(real: Any) -> Any:
    def connect(self: Any) -> None:
        real(self)
        for wrapper in vars(self.databases).values():
            options = dict(wrapper.settings_dict["OPTIONS"])
            options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=NORMAL")
            wrapper.settings_dict["OPTIONS"] = options

    return connect


@mutant("numbers of ops are never given twice", "sync.store.edge.outbox:_next")
def numbers_from_what_is_left(real: Any) -> Any:
    def following(realm: str) -> int:
        from sync.store.edge import sql

        real(realm)
        [(n,)] = sql.fetch("SELECT COALESCE(MAX(n), 0) + 1 FROM sync_edge_outgoing WHERE realm = ?", [realm])
        return int(n)

    return following


@mutant("an op is forgotten when central has it, not before", "sync.store.edge.outbox:forget")
def forget_all_that_is_queued(real: Any) -> Any:
    def forget(acked: Any) -> None:
        real(dict.fromkeys(acked, 2**53))

    return forget


@mutant("after a restart what central has not acknowledged is sent again", "sync.link:_load_ups")
def queue_forgotten_at_start(real: Any) -> Any:
    def load() -> Any:
        ups, heads = real()
        return {realm: replace(up, acked=up.head, sent=up.head) for realm, up in ups.items()}, heads

    return load


@mutant("a node that joins anew counts its ops from 1", "sync.link:adopt_epoch")
def epoch_without_new_numbers(real: Any) -> Any:
    def adopt(epoch: int) -> None:
        from sync.store.edge.models import OutgoingHead

        OutgoingHead.objects.update_or_create(realm="", defaults={"epoch": epoch})

    return adopt


@mutant("a disk that knows less than central is shut out", "sync.logreader:check")
def rolled_back_disk_let_in(real: Any) -> Any:
    return lambda edge, asked: replace(real(edge, asked), taken=0)


@mutant("an order that a tab carries to another shop goes to central", "edge.checkout.keep:enqueue")
def kept_order_not_sent(real: Any) -> Any:
    return lambda realm, kind, body, **options: None


# --- the link: ops up --------------------------------------------------------------------------------------------


@mutant("an op is acknowledged after central's commit", "sync.core.hub_end:_ops")
def ack_on_arrival(real: Any) -> Any:
    def ops(state: Any, frame: Any, now: float, out: Any) -> Any:
        out.append(io.Send(f.OpsAck(realm=frame.realm, n=frame.first + len(frame.ops) - 1)))
        return real(state, frame, now, out)

    return ops


@mutant("an ack covers what was taken in and no more", "sync.core.hub_end:_taken")
def ack_one_too_many(real: Any) -> Any:
    def taken(state: Any, event: Any, now: float, out: Any) -> Any:
        state = real(state, event, now, out)
        for at, effect in enumerate(out):
            if isinstance(effect, io.Send) and isinstance(effect.frame, f.OpsAck) and not event.is_gap:
                out[at] = io.Send(f.OpsAck(realm=event.realm, n=event.last + 1))
        return state

    return taken


@mutant("ops after a gap are not taken in", "sync.intake:admit")
def gap_taken(real: Any) -> Any:
    return lambda last, n: "take" if n > last else real(last, n)


@mutant("effects and number commit together", "sync.intake:_remember")
def number_not_remembered(real: Any) -> Any:
    return lambda edge, realm, last, new: None


@mutant("a failed transaction is not acknowledged", "sync.intake:take_ops")
def failure_is_acked(real: Any) -> Any:
    def take(edge: Any, realm: str, first: int, ops: Any, floor: int = 0) -> Any:
        try:
            return real(edge, realm, first, ops, floor)
        except Exception:
            return io.Taken(realm, first + len(ops) - 1)

    return take


# --- the link: the log down --------------------------------------------------------------------------------------


@mutant("the sequencer moves every row that it takes out", "sync.numbering:numbered")
def row_lost_while_numbering(real: Any) -> Any:
    def numbered(head: Any, taken: Any) -> Any:
        rows = list(taken)
        return real(head, rows[:-1] if len(rows) > 2 else rows)

    return numbered


@mutant("the log is dense", "sync.numbering:number")
def log_with_a_hole(real: Any) -> Any:
    def number(head: Any, entries: Any) -> Any:
        entries = list(entries)
        found = real(head, entries)
        return [(seq + 1, chain) for seq, chain in found] if len(entries) > 3 else found

    return number


@mutant("every fact of a batch is handed on", "sync.store.edge.apply:apply_facts")
def first_fact_only(real: Any) -> Any:
    return lambda facts: real(facts[:1])


@mutant("a cursor moves over what was scanned, entries left out for want of credit come next", "sync.logreader:_select")
def cursor_leaps_over_entries(real: Any) -> Any:
    def select(read: Any, rows: Any, interest: Any) -> Any:
        to, taken = real(read, rows, interest)
        return to, taken[:2]

    return select


@mutant("pulls find what nudges missed", "sync.core.edge_end:_pull")
def no_pulls(real: Any) -> Any:
    return lambda state, now, out: state


@mutant("a known backlog that does not move ends the session", "sync.core.edge_end:_stuck")
def no_watchdog(real: Any) -> Any:
    return lambda state, now: None


@mutant("what an edge follows it follows after a reconnect too", "sync.core.edge_end:_send_follows")
def interest_forgotten(real: Any) -> Any:
    def send(topic: str, keys: Any, out: Any) -> None:
        real(topic, sorted(keys)[:1], out)

    return send


@mutant("following a cart brings its whole state", "sync.logreader:read_state")
def no_state_on_following(real: Any) -> Any:
    return lambda read: io.StateRead(read.topic, ())


@mutant("a snapshot leaps over facts: followed carts come whole once more", "sync.core.hub_end:_checked")
def no_state_after_a_snapshot(real: Any) -> Any:
    def checked(state: Any, event: Any, now: float, out: Any) -> Any:
        feeds = {name: replace(feed, has_skipped=False) for name, feed in state.feeds.items()}
        return real(replace(state, feeds=feeds), event, now, out)

    return checked


# --- stock -------------------------------------------------------------------------------------------------------


@mutant("what was sold from a right is not sold again", "edge.rights.service:_spend")
def sold_units_stay_free(real: Any) -> Any:
    def spend(grant: str, *, sold: int = 0, returned: int = 0) -> None:
        from sync.store.edge import sql

        real(grant, sold=sold, returned=returned)
        sql.execute("UPDATE edge_rights_right SET sold = sold - ?, is_closed = 0 WHERE grant = ?", [sold, grant])

    return spend


@mutant("what was returned to central is not sold here", "edge.rights.service:give_back")
def returned_units_stay_free(real: Any) -> Any:
    def give_back(wanted: Any) -> None:
        from sync.store.edge import sql

        real(wanted)
        sql.execute("UPDATE edge_rights_right SET returned = 0, is_closed = 0")

    return give_back


@mutant("a unit that is granted leaves the pool", "central.stock.granting:Book.move")
def granted_units_stay_in_the_pool(real: Any) -> Any:
    def move(
        self: Any, variant: Any, source: str, target: str, units: int, cause: Any, *args: Any, **options: Any
    ) -> Any:
        if str(cause) == "grant" and units > 1:
            units = 1
        return real(self, variant, source, target, units, cause, *args, **options)

    return move


@mutant("reports are joined by the greater", "central.stock.granting:_join")
def reports_are_added_up(real: Any) -> Any:
    def join(grant: Any, report: Any, epoch: int) -> None:
        was = grant.returned
        real(grant, report, epoch)
        grant.returned = was + report.returned

    return join


@mutant("what one cart holds no other cart is sold", "edge.rights.service:_take")
def held_units_stay_free(real: Any) -> Any:
    def take(cart: str, use: Any, until: int) -> None:
        from sync.store.edge import sql

        real(cart, use, until)
        sql.execute("UPDATE edge_rights_right SET held = held - ? WHERE grant = ?", [use.units, use.grant])

    return take


@mutant("units that are pending are not confirmed", "edge.checkout.placing:_take")
def pending_is_confirmed(real: Any) -> Any:
    def take(uses: Any, units: int) -> Any:
        taken, rest = real(uses, units)
        lacks = units - sum(count for _, count in taken)
        if lacks and taken:
            taken = [(taken[0][0], taken[0][1] + lacks), *taken[1:]]
        return taken, rest

    return take


@mutant("a repeated order is the same order", "edge.checkout.placing:same")
def repeat_makes_another(real: Any) -> Any:
    def same(known: Any, fingerprint: bytes) -> Any:
        known.body = bytes(known.body)[:-1] + b"\0"
        return known

    return same


@mutant("cancelled units are free once", "central.orders.actions:free_order")
def cancelled_units_are_lost(real: Any) -> Any:
    return lambda order_id, **options: None


@mutant("only a seal frees units, never a clock", "central.stock.leases:_freeze")
def reclaim_on_expiry(real: Any) -> Any:
    def freeze(grants: Any) -> int:
        ledger, models = _stock("ledger"), _stock("models")
        found = list(grants)
        book = ledger.Book({grant.variant for grant in found})
        for grant in found:
            units = grant.units - grant.returned - max(grant.sold, grant.booked)
            place, ref = models.edge_place(grant.edge), grant.pk.hex
            book.move(
                grant.variant, place, models.POOL, units, models.Movement.Cause.RETURN,
                warehouse=grant.warehouse, ref=ref,
            )  # fmt: skip
            grant.returned, grant.state = grant.returned + units, models.Grant.State.SEALED
            grant.save()
        book.close()
        return len(found)

    return freeze


@mutant("a disk that was copied or put back sells nothing of its past", "sync.replica:_fenced")
def fenced_disk_sells_on(real: Any) -> Any:
    return []


@mutant("nothing is sold from a right after its last word", "edge.rights.service:seal")
def sealed_right_sells_on(real: Any) -> Any:
    def seal(grant: str) -> None:
        real(grant)
        sql = importlib.import_module("sync.store.edge.sql")
        sql.execute("UPDATE edge_rights_right SET is_closed = 0 WHERE grant = ?", [grant])

    return seal


def _stock(module: str) -> Any:
    return importlib.import_module(f"central.stock.{module}")
