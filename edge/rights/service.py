"""Hold, sell, give back, seal. Each function belongs inside a job of the one writer, in whose transaction it writes.

A unit is sold only from a right, and only while the lease runs. What an edge knows of its rights it reports by totals
that only grow; the last report of a right is its seal, after which nothing is sold from it any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from edge.rights import lease, pace
from edge.rights.models import Lease
from sync.contracts.codec import pack
from sync.contracts.orders import GrantUse
from sync.contracts.stock import GrantDoc, GrantReport
from sync.core import escrow
from sync.store.edge import sql
from sync.store.edge.outbox import enqueue

#: how long a cart keeps what it holds after its checkout was last opened
HOLD_MS = 600_000
#: longer than any answer of central is waited for
FORGOTTEN_MS = 120_000

#: rights that are history -> when they were forgotten. An answer to an older ask may still name one, and comes to this
#: process or to none; documents do not tell, as a snapshot drops what is deleted.
_forgotten: dict[str, int] = {}

#: rights that may be sold from now; takes the values of `_living`
_LEASE = "ifnull((SELECT l.stop_at FROM edge_rights_lease l WHERE l.boot = ?), 0)"
_LIVING = f"NOT is_closed AND boot = ? AND max(stop_at, {_LEASE}) > ?"
_ENDED = f"NOT is_closed AND boot = ? AND max(stop_at, {_LEASE}) <= ?"


def free_units(variants: Iterable[str]) -> dict[str, int]:
    """Units that could be sold now, per variant; 0 where there is no right."""
    asked = list(variants)
    found: dict[str, int] = dict(
        sql.fetch(
            "SELECT variant, sum(units - held - sold - returned) FROM edge_rights_right "  # noqa: S608
            f"WHERE {_LIVING} AND variant IN ({sql.marks(asked)}) GROUP BY variant",
            [*_living(), *asked],
        )
    )
    return {variant: int(found.get(variant, 0)) for variant in asked}


def free_of_all() -> dict[str, int]:
    """The same of every variant there is a right to."""
    rows = sql.fetch(
        "SELECT variant, sum(units - held - sold - returned) FROM edge_rights_right "  # noqa: S608
        f"WHERE {_LIVING} GROUP BY variant",
        _living(),
    )
    return {variant: int(units) for variant, units in rows}


def held_by_carts(variants: Iterable[str]) -> dict[tuple[str, str], int]:
    """(variant, root) -> units that the cart holds."""
    asked = list(variants)
    rows = sql.fetch(
        "SELECT variant, cart, sum(h.units) FROM edge_rights_hold h JOIN edge_rights_right ON grant = right_id "  # noqa: S608
        f"WHERE variant IN ({sql.marks(asked)}) GROUP BY variant, cart",
        asked,
    )
    return {(variant, cart): units for variant, cart, units in rows}


def grants_known(variants: Iterable[str]) -> list[str]:
    """Grants of these variants whose answer or renewal has come here, spent ones too until central has forgotten."""
    asked = list(variants)
    rows = sql.fetch(
        f"SELECT grant FROM edge_rights_right WHERE boot != '' AND variant IN ({sql.marks(asked)})",  # noqa: S608
        asked,
    )
    return [grant for (grant,) in rows]


def units_held() -> int:
    """Units that carts hold."""
    row = sql.fetch_one("SELECT total(held) FROM edge_rights_right")
    return int(row[0]) if row else 0


# --- holds -------------------------------------------------------------------------------------------------------


def hold(cart: str, wanted: Mapping[str, int]) -> dict[str, int]:
    """Hold `wanted` (variant -> units) for a cart, as far as there is any; returns what lacks, by variant.

    Held again, only the difference is taken or given back, and its time begins anew.
    """
    short: dict[str, int] = {}
    held = _held_by(cart)
    until = lease.boottime_ms() + HOLD_MS
    for kept in held:
        if not kept.is_alive:
            _end([kept], cart)
    living = [kept for kept in held if kept.is_alive]
    for variant in wanted.keys() | {kept.variant for kept in living}:
        here = [kept for kept in living if kept.variant == variant]
        lacks = wanted.get(variant, 0) - sum(kept.units for kept in here)
        if lacks < 0:
            _give_up(cart, here, -lacks)
        for use in _dealt(_free_of(variant), lacks):
            _take(cart, use, until)
            lacks -= use.units
        if lacks > 0:
            short[variant] = lacks
    sql.execute("UPDATE edge_rights_hold SET until = ? WHERE cart = ?", [until, cart])
    pace.expect(wanted)
    return short


def is_held(cart: str, wanted: Mapping[str, int], *, for_ms: int) -> bool:
    """Whether the cart holds exactly `wanted`, and will for so long. A read."""
    sums: dict[str, int] = defaultdict(int)
    least = lease.boottime_ms() + for_ms
    for kept in _held_by(cart):
        if not kept.is_alive or kept.until < least:
            return False
        sums[kept.variant] += kept.units
    return sums == {variant: units for variant, units in wanted.items() if units}


def release(cart: str) -> None:
    """The shopper wants nothing of it any more: the cart's units are free again."""
    _end(_held_by(cart), cart)


def release_expired() -> None:
    """End the holds of shoppers who never came to the end."""
    _release("until <= ?", [lease.boottime_ms()])


def move_holds(source: str, target: str) -> None:
    """Two carts became one: what the first held is the other's."""
    for kept in _held_by(source):
        sql.execute("DELETE FROM edge_rights_hold WHERE cart = ? AND right_id = ?", [source, kept.grant])
        _write_hold(target, GrantUse(grant=kept.grant, units=kept.units), kept.until)


def sell(cart: str, wanted: Mapping[str, int], *, partly: bool = False) -> dict[str, list[GrantUse]] | None:
    """Sell `wanted` (variant -> units, of all lines together): what the cart holds first, then what is free.

    Variant -> the rights spent; the cart holds nothing afterwards. Where units lack, None, and nothing is changed;
    `partly`: then what there is is sold. A right that has ended since it was held sells nothing.
    """
    held = _held_by(cart)
    uses: dict[str, list[GrantUse]] = {}
    for variant, units in wanted.items():
        own = _dealt([(kept.grant, kept.units) for kept in held if kept.variant == variant and kept.is_alive], units)
        lacks = units - sum(use.units for use in own)
        more = _dealt(_free_of(variant), lacks) if lacks else []
        if lacks > sum(use.units for use in more) and not partly:
            return None
        if spent := _summed([*own, *more]):
            uses[variant] = spent
    _end(held, cart)
    for spent in uses.values():
        for use in spent:
            _spend(use.grant, sold=use.units)
    pace.sold({variant: sum(use.units for use in spent) for variant, spent in uses.items()})
    return uses


# --- giving back, ending -----------------------------------------------------------------------------------------


def give_back(wanted: Mapping[str, int]) -> None:
    """Return up to so many free units of each variant to central, ended rights included: those sell nothing here."""
    for variant, units in wanted.items():
        free = sql.fetch(
            "SELECT grant, units - held - sold - returned FROM edge_rights_right WHERE variant = ? "
            "AND NOT is_closed AND units > held + sold + returned ORDER BY stop_at, grant",
            [variant],
        )
        for use in _dealt(free, units):
            _spend(use.grant, returned=use.units)


def seal_ended() -> None:
    """Say the last word on every right whose time is over."""
    for (grant,) in sql.fetch(f"SELECT grant FROM edge_rights_right WHERE {_ENDED}", _living()):  # noqa: S608
        seal(grant)


def is_anything_over() -> bool:
    """Whether `release_expired` or `seal_ended` has anything to do. A read."""
    row = sql.fetch_one(
        "SELECT EXISTS (SELECT 1 FROM edge_rights_hold WHERE until <= ?) "  # noqa: S608
        f"OR EXISTS (SELECT 1 FROM edge_rights_right WHERE {_ENDED})",
        [lease.boottime_ms(), *_living()],
    )
    return bool(row and row[0])


def seal(grant: str) -> None:
    """Sell nothing more from a right, and tell central until it has heard: what was not sold is central's again.

    Holds that did not become sales end. A right that is closed has said so, or may not (see `fence`).
    """
    _release("right_id = ?", [grant])
    sealed = sql.fetch(
        "UPDATE edge_rights_right SET is_closed = 1 WHERE grant = ? AND NOT is_closed RETURNING sold, returned",
        [grant],
    )
    for sold, returned in sealed:
        _report(GrantReport(grant=grant, sold=sold, returned=returned, is_sealed=True))


def fence() -> None:
    """This disk's past may be another's too: sell nothing from what it holds, and return nothing.

    Not even a seal is sent: the units of these rights may have been sold by the disk this one was copied from. Central
    keeps them frozen until an operator writes them off.
    """
    sql.execute("DELETE FROM edge_rights_hold")
    sql.execute("UPDATE edge_rights_right SET is_closed = 1, held = 0 WHERE NOT is_closed")


# --- the lease ---------------------------------------------------------------------------------------------------


def add_grants(grants: Iterable[GrantDoc], asked_at_ms: int) -> None:
    """Take in what central answered to an ask that was sent at `asked_at_ms` (CLOCK_BOOTTIME)."""
    for doc in grants:
        if doc.is_open and doc.id not in _forgotten:
            until = escrow.stop_at(asked_at_ms, doc.ttl_s)
            know(doc)
            # The later end wins: answers may overtake one another.
            sql.execute(
                "UPDATE edge_rights_right SET stop_at = ?, boot = ? WHERE grant = ? AND (boot != ? OR stop_at < ?)",
                [until, lease.boot_id(), doc.id, lease.boot_id(), until],
            )


def extend(asked_at_ms: int, ttl_s: int) -> None:
    """Central lets us sell on from all it has granted: counted from the renewal that was sent at `asked_at_ms`.

    What had ended before has ended: it is sealed, not brought back.
    """
    seal_ended()
    until = escrow.stop_at(asked_at_ms, ttl_s)
    _write_lease(max(until, _lease_ends()))
    sql.execute("UPDATE edge_rights_right SET boot = ? WHERE NOT is_closed AND boot != ?", [lease.boot_id()] * 2)


def note_clocks() -> None:
    """Remember what both clocks say, so that after a reboot the time in between can be known."""
    _write_lease(_lease_ends())


def wake() -> None:
    """A process starts. Holds outlive it: their shoppers are still at the checkout. A reboot ends them.

    After a reboot the rest of the lease is taken from the wall clock, where that can be believed; else it is over.
    """
    held = Lease.objects.first()
    if held is not None and held.boot != lease.boot_id():
        _release("1", [])
        _carry_over(held)
    release_expired()
    seal_ended()


def _carry_over(held: Lease) -> None:
    rows = sql.fetch("SELECT grant, stop_at FROM edge_rights_right WHERE NOT is_closed AND boot = ?", [held.boot])
    noted = escrow.Noted(held.boot, held.boottime_ms, held.wall_ms)
    now, is_trusted = lease.noted(), lease.is_wall_trusted()
    sql.execute_many(
        "UPDATE edge_rights_right SET stop_at = ?, boot = ? WHERE grant = ?",
        [
            (escrow.stop_after_reboot(stop, noted, now, is_wall_trusted=is_trusted), now.boot, grant)
            for grant, stop in rows
        ],
    )
    _write_lease(escrow.stop_after_reboot(held.stop_at, noted, now, is_wall_trusted=is_trusted))


def _lease_ends() -> int:
    """When this boot's lease does; 0 when it has none."""
    row = sql.fetch_one("SELECT stop_at FROM edge_rights_lease WHERE boot = ?", [lease.boot_id()])
    return int(row[0]) if row else 0


def _write_lease(stop_at: int) -> None:
    now = lease.noted()
    sql.execute(
        "INSERT INTO edge_rights_lease (id, boot, stop_at, boottime_ms, wall_ms) VALUES (1, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET boot = excluded.boot, stop_at = excluded.stop_at, "
        "boottime_ms = excluded.boottime_ms, wall_ms = excluded.wall_ms",
        [now.boot, stop_at, now.boottime_ms, now.wall_ms],
    )


# --- what central publishes --------------------------------------------------------------------------------------


def know(doc: GrantDoc) -> None:
    """Keep a right that central granted; it sells nothing before an ask or a renewal says until when."""
    if doc.epoch >= this_epoch():
        # In plain SQL, as all that one answer to an ask brings hundreds of: the writer has shoppers waiting.
        sql.execute(
            "INSERT INTO edge_rights_right (grant, variant, units, held, sold, returned, stop_at, boot, is_closed) "
            "VALUES (?, ?, ?, 0, 0, 0, 0, '', 0) ON CONFLICT (grant) DO NOTHING",
            [doc.id, doc.variant, doc.units],
        )


def end(doc: GrantDoc) -> None:
    """Central counts on nothing more from a grant: seal it, also one whose answer was lost on the way here."""
    if doc.epoch >= this_epoch():
        know(doc)
        seal(doc.id)


def forget(grant: str) -> None:
    """Central has our last word on this grant, or has given it up."""
    _release("right_id = ?", [grant])
    sql.execute("DELETE FROM edge_rights_right WHERE grant = ?", [grant])
    _note_forgotten(grant)


def this_epoch() -> int:
    """Of this disk; 0 before it has joined."""
    row = sql.fetch_one("SELECT epoch FROM sync_edge_outgoinghead WHERE realm = ''")
    return int(row[0]) if row else 0


# --- rows --------------------------------------------------------------------------------------------------------


class _Kept(NamedTuple):
    """A hold of a cart."""

    grant: str
    variant: str
    units: int
    until: int
    is_alive: bool


def _living() -> list[str | int]:
    boot = lease.boot_id()
    return [boot, boot, lease.boottime_ms()]


def _free_of(variant: str) -> list[tuple[str, int]]:
    """(grant, units that nobody holds) of the rights that may be sold from now, the one that ends first in front."""
    return sql.fetch(
        "SELECT grant, units - held - sold - returned FROM edge_rights_right WHERE variant = ? "  # noqa: S608
        f"AND units > held + sold + returned AND {_LIVING} ORDER BY stop_at, grant",
        [variant, *_living()],
    )


def _held_by(cart: str) -> list[_Kept]:
    # Nearly always of one or two rights, and of none for who has not opened the checkout.
    if sql.fetch_one("SELECT 1 FROM edge_rights_hold WHERE cart = ?", [cart]) is None:
        return []
    rows = sql.fetch(
        f"SELECT grant, variant, h.units, until, {_LIVING} FROM edge_rights_hold h "  # noqa: S608
        "JOIN edge_rights_right r ON grant = right_id WHERE cart = ? ORDER BY stop_at, grant",
        [*_living(), cart],
    )
    return [_Kept(grant, variant, units, until, bool(alive)) for grant, variant, units, until, alive in rows]


def _dealt(free: Iterable[tuple[str, int]], units: int) -> list[GrantUse]:
    """Up to `units`, from the first right on."""
    uses = []
    for grant, count in free:
        if units <= 0:
            break
        uses.append(GrantUse(grant=grant, units=min(units, count)))
        units -= count
    return uses


def _summed(uses: Iterable[GrantUse]) -> list[GrantUse]:
    sums: dict[str, int] = defaultdict(int)
    for use in uses:
        sums[use.grant] += use.units
    return [GrantUse(grant=grant, units=units) for grant, units in sums.items()]


def _take(cart: str, use: GrantUse, until: int) -> None:
    _write_hold(cart, use, until)
    sql.execute("UPDATE edge_rights_right SET held = held + ? WHERE grant = ?", [use.units, use.grant])


def _write_hold(cart: str, use: GrantUse, until: int) -> None:
    sql.execute(
        "INSERT INTO edge_rights_hold (cart, right_id, units, until) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (cart, right_id) DO UPDATE SET units = units + excluded.units, until = excluded.until",
        [cart, use.grant, use.units, until],
    )


def _give_up(cart: str, held: list[_Kept], units: int) -> None:
    """Hold so many units fewer, of the right that ends last first."""
    for kept in reversed(held):
        fewer = min(units, kept.units)
        units -= fewer
        if fewer == kept.units:
            _end([kept], cart)
        elif fewer:
            change = [fewer, kept.grant]
            sql.execute(
                "UPDATE edge_rights_hold SET units = units - ? WHERE right_id = ? AND cart = ?", [*change, cart]
            )
            sql.execute("UPDATE edge_rights_right SET held = held - ? WHERE grant = ?", change)


def _end(held: Iterable[_Kept], cart: str) -> None:
    for kept in held:
        sql.execute("DELETE FROM edge_rights_hold WHERE cart = ? AND right_id = ?", [cart, kept.grant])
        sql.execute("UPDATE edge_rights_right SET held = held - ? WHERE grant = ?", [kept.units, kept.grant])


def _release(where: str, values: list[str | int]) -> None:
    ended = sql.fetch(f"DELETE FROM edge_rights_hold WHERE {where} RETURNING right_id, units", values)  # noqa: S608
    for grant, units in ended:
        sql.execute("UPDATE edge_rights_right SET held = held - ? WHERE grant = ?", [units, grant])


def _spend(grant: str, *, sold: int = 0, returned: int = 0) -> None:
    [(total_sold, total_returned, is_closed)] = sql.fetch(
        "UPDATE edge_rights_right SET sold = sold + ?, returned = returned + ?, "
        "is_closed = is_closed OR sold + ? + returned + ? = units WHERE grant = ? RETURNING sold, returned, is_closed",
        [sold, returned, sold, returned, grant],
    )
    _report(GrantReport(grant=grant, sold=total_sold, returned=total_returned, is_sealed=bool(is_closed)))


def _report(report: GrantReport) -> None:
    enqueue("orders", "grant_report", pack(report), ref=report.grant)


def _note_forgotten(grant: str) -> None:
    now = lease.boottime_ms()
    _forgotten[grant] = now
    while (oldest := next(iter(_forgotten))) and now - _forgotten[oldest] > FORGOTTEN_MS:
        del _forgotten[oldest]
