"""Goods of which a cart wants all that is left, or more: how many there are. For showing; what is sold is rights'.

Two say so: central, of all that is unsold anywhere (`edge.cart.limits` asks it), and a checkout, of what its own cart
could get while others hold the rest. Kept in memory and for a short time only. Written on the loop, read anywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from node import clock

#: as long as it is not said anew: central is asked more often
KEPT_S = 30.0

#: (root, or "" for every cart; variant) -> (units, monotonic time when it is forgotten)
_left: dict[tuple[str, str], tuple[int, float]] = {}


def note(left: Mapping[str, int], *, cart: str = "") -> set[str]:
    """So many units of each variant are left, for all carts or for one; returns the variants of which it is news."""
    until = clock.monotonic() + KEPT_S
    news = {variant for variant, units in left.items() if _left.get((cart, variant), (None,))[0] != units}
    _left.update({(cart, variant): (units, until) for variant, units in left.items()})
    return news


def is_plenty(variants: Collection[str]) -> set[str]:
    """There is more of these than any cart wants; returns those of which it is news."""
    return {variant for variant in variants if _left.pop(("", variant), None)}


def left_for(cart: str, variants: Iterable[str]) -> dict[str, int]:
    """Variant -> units the cart may have, of those variants of which somebody said so lately."""
    known = ((variant, _left.get((cart, variant)) or _left.get(("", variant))) for variant in variants)
    return {variant: found[0] for variant, found in known if found}


def forget_old() -> set[str]:
    """Forget what was not said anew in time; returns its variants."""
    now = clock.monotonic()
    old = [key for key, (_, until) in _left.items() if until <= now]
    for key in old:
        del _left[key]
    return {variant for _, variant in old}


def forget_all() -> set[str]:
    """Nobody can say any more, or another database stands behind this process now (tests); returns the variants."""
    gone = {variant for _, variant in _left}
    _left.clear()
    return gone


def deal(wanted: Iterable[tuple[str, int]], left: Mapping[str, int]) -> list[int]:
    """Deal what is left of each variant out to lines, (variant, units), from the first one on; else a line is whole."""
    rest, dealt = dict(left), []
    for variant, units in wanted:
        here = min(units, rest[variant]) if variant in rest else units
        if variant in rest:
            rest[variant] -= here
        dealt.append(here)
    return dealt
