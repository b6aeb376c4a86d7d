"""Movements and breaches in words."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from central.stock.models import EDGE_PREFIX, POOL, SOLD, SUPPLIER, WRITTEN_OFF, Grant, Movement

CAUSES: Final[dict[str, Promise]] = {
    Movement.Cause.RECEIPT: gettext_lazy("goods received"),
    Movement.Cause.CORRECTION: gettext_lazy("corrected by hand"),
    Movement.Cause.TRANSFER: gettext_lazy("moved between warehouses"),
    Movement.Cause.GRANT: gettext_lazy("given to a shop to sell"),
    Movement.Cause.RETURN: gettext_lazy("given back by a shop"),
    Movement.Cause.ORDER: gettext_lazy("order"),
    Movement.Cause.PENDING: gettext_lazy("order that waited"),
    Movement.Cause.CANCELLED: gettext_lazy("order cancelled or returned"),
    Movement.Cause.UNPAID: gettext_lazy("order not paid in time"),
    Movement.Cause.WRITE_OFF: gettext_lazy("written off with a lost shop"),
}
#: in the order a person wants to see them: state -> title, tone
STATES: Final[dict[str, tuple[Promise, str]]] = {
    Grant.State.FROZEN: (gettext_lazy("frozen"), "amber"),
    Grant.State.OPEN: (gettext_lazy("may sell"), "green"),
    Grant.State.SEALED: (gettext_lazy("sealed"), "grey"),
    Grant.State.WRITTEN_OFF: (gettext_lazy("written off"), "red"),
}
_PLACES: Final[dict[str, Promise]] = {
    SUPPLIER: gettext_lazy("outside"),
    POOL: gettext_lazy("free"),
    SOLD: gettext_lazy("sold"),
    WRITTEN_OFF: gettext_lazy("written off"),
}
RULES: Final[dict[str, Promise]] = {
    "sums": gettext_lazy("A balance is not the sum of its movements"),
    "nowhere": gettext_lazy("Units came from nowhere or went nowhere"),
    "below_zero": gettext_lazy("A place holds fewer units than none"),
    "at_edge": gettext_lazy("A shop holds other units than its grants say"),
    "grant": gettext_lazy("More was sold or given back than was granted"),
    "shrunk": gettext_lazy("A shop took back what it had reported as sold or returned"),
}


def cause(movement: Movement) -> str:
    return str(CAUSES.get(movement.cause, movement.cause))


def state_title(grant: Grant) -> str:
    return str(STATES[grant.state][0])


def state_tone(grant: Grant) -> str:
    return STATES[grant.state][1]


def place(name: str) -> str:
    """A place of the ledger; a grant's id stays what it is."""
    if name.startswith(EDGE_PREFIX):
        return _("shop %(node)s") % {"node": name.removeprefix(EDGE_PREFIX)}
    return str(_PLACES.get(name, name))


def signed(units: int) -> str:
    """+3, −2, 0: as people write a change."""
    return f"+{units}" if units > 0 else f"−{-units}" if units else "0"
