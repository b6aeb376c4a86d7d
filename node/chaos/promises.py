"""What shoppers did and were promised: written by the drivers' process, judged by the oracle's."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

#: (moment, what happened): moments are seconds since 1970 of the drivers' clock, which nobody steps
Event = tuple[float, str]


class Op(Struct, kw_only=True):
    """One op of a cart, whether it was acknowledged or not. `dot` is "client:seq"."""

    dot: str
    kind: str
    key: list[str]
    body: dict[str, Any]
    tab: str
    #: of the cart that took it: what the shop names it by, "" before it is acknowledged
    cart: str = ""
    #: when the shop first said that it has it, 0.0 never
    acked: float = 0.0
    history: list[Event] = []


class Line(Struct, kw_only=True):
    key: list[str]
    units: int
    #: units the shopper was told he waits for
    pending: int = 0


class Order(Struct, kw_only=True):
    """One checkout that was sent. `id` was minted with the page, so however often it was sent it is one order."""

    id: str
    tab: str
    site: str
    cart: str
    #: tokens the page showed: dot -> key
    dots: dict[str, list[str]]
    lines: list[Line] = []
    acked: float = 0.0
    #: why the shop said no, "" when it did not
    refused: str = ""
    #: whether some answer to it was never heard
    is_unsure: bool = False
    history: list[Event] = []


class Look(Struct, frozen=True, array_like=True):
    """The last look of a browser at its cart in a shop."""

    tab: str
    site: str
    cart: str


class Journal(Struct, kw_only=True):
    """Everything. `odd`: answers no honest browser gets; `unheard`: what central never acknowledged to its tab."""

    ops: list[Op] = []
    orders: list[Order] = []
    looks: list[Look] = []
    refused: dict[str, int] = {}
    odd: list[str] = []
    unheard: list[str] = []


class Errand(Struct, kw_only=True):
    """What the drivers' process is told: `goods` are keys of which there are few, with the shops that sell them."""

    origins: dict[str, str]
    goods: list[list[str]]
    tabs: int
    seed: int
    journal: str
