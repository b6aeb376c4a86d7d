"""What order actions refuse.

RialtoError
├── UnknownOrder, UnknownStatus
├── OrderConflict     a second, different order under an id or a number that is taken
├── BrokenOrder       an order whose parts contradict each other
├── BadOrder          an order asked of central that cannot be placed
├── NotEnough         fewer units than were asked for
├── MoveRefused       the status it is in does not lead there
├── UnknownPair       no such pair of suspected duplicates
├── AlreadyDecided    somebody has said otherwise of the pair
└── CannotCancel      an order of the pair is too far on its way
"""

from __future__ import annotations

from node.errors import RialtoError


class UnknownOrder(RialtoError):
    code = "unknown_order"
    status = 404

    def __init__(self, order: object) -> None:
        super().__init__("there is no such order among those you may see", order=str(order))


class UnknownStatus(RialtoError):
    code = "unknown_status"
    status = 404

    def __init__(self, status: str) -> None:
        super().__init__(f"there is no order status '{status}'", status=status)


class OrderConflict(RialtoError):
    code = "order_conflict"
    status = 409

    def __init__(self, order: object, number: str) -> None:
        super().__init__(f"order {number} is here already with another content", order=str(order), number=number)


class BrokenOrder(RialtoError):
    code = "broken_order"
    status = 422


class MoveRefused(RialtoError):
    code = "move_refused"
    status = 409

    def __init__(self, number: str, was: str, to: str) -> None:
        super().__init__(f"order {number} cannot go from '{was}' to '{to}'", number=number, was=was, to=to)


class StaleOrder(RialtoError):
    """Somebody else changed the order after the page was drawn."""

    code = "stale_order"
    status = 409

    def __init__(self, number: str, seen: int, now: int) -> None:
        super().__init__(f"order {number} was changed meanwhile; look again", number=number, seen=seen, now=now)


class BadOrder(RialtoError):
    """An order that cannot be placed as it is asked for. `field` says which part of it."""

    code = "bad_order"
    status = 422

    def __init__(self, field: str, why: str, **data: object) -> None:
        super().__init__(why, field=field, **data)


class NotEnough(RialtoError):
    """Fewer units are left than were asked for; `lines` says of which and how many. Nothing was sold."""

    code = "not_enough"
    status = 409


class UnknownPair(RialtoError):
    code = "unknown_pair"
    status = 404

    def __init__(self, pair: object) -> None:
        super().__init__("there is no such pair of orders among those you may see", pair=str(pair))


class AlreadyDecided(RialtoError):
    code = "already_decided"
    status = 409

    def __init__(self, pair: object, decision: str) -> None:
        super().__init__(f"it was decided already: {decision}", pair=str(pair), decision=decision)


class CannotCancel(RialtoError):
    code = "cannot_cancel"
    status = 409

    def __init__(self, number: str, was: str) -> None:
        super().__init__(f"order {number} cannot be cancelled from '{was}'", number=number, was=was)
