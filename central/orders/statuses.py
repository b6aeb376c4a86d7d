"""The statuses a new cluster begins with. After that they are rows that people may change."""

from __future__ import annotations

from central.orders.models import OrderStatus, StatusMove

Group = OrderStatus.Group

_FIRST = [
    OrderStatus(
        code="new", group=Group.NEW, title_en="New", title_ru="Новый", verb_en="Back to new", verb_ru="Вернуть в новые",
        colour="blue", position=10, is_first=True,
    ),
    OrderStatus(
        code="confirmed", group=Group.ACCEPTED, title_en="Confirmed", title_ru="Подтверждён", verb_en="Confirm",
        verb_ru="Подтвердить", colour="cyan", position=20, tells_shopper=True,
    ),
    OrderStatus(
        code="packed", group=Group.ACCEPTED, title_en="Packed", title_ru="Собран", verb_en="Mark as packed",
        verb_ru="Собран", colour="indigo", position=30,
    ),
    OrderStatus(
        code="sent", group=Group.SHIPPED, title_en="On its way", title_ru="В пути", verb_en="Send",
        verb_ru="Отправить", colour="yellow", position=40, tells_shopper=True,
    ),
    OrderStatus(
        code="delivered", group=Group.DONE, title_en="Delivered", title_ru="Вручён", verb_en="Mark as delivered",
        verb_ru="Вручён", colour="green", position=50, is_final=True, tells_shopper=True,
    ),
    OrderStatus(
        code="returned", group=Group.CANCELLED, title_en="Returned", title_ru="Возврат", verb_en="Take back",
        verb_ru="Принять возврат", colour="orange", position=60, is_final=True, frees_stock=True,
    ),
    OrderStatus(
        code="cancelled", group=Group.CANCELLED, title_en="Cancelled", title_ru="Отменён", verb_en="Cancel",
        verb_ru="Отменить", colour="red", position=70, is_final=True, frees_stock=True, tells_shopper=True,
    ),
]  # fmt: skip

_MOVES = {
    "new": ["confirmed", "cancelled"],
    "confirmed": ["packed", "new", "cancelled"],
    "packed": ["sent", "confirmed", "cancelled"],
    "sent": ["delivered", "returned"],
    "delivered": ["returned"],
}


def fill(using: str) -> None:
    """Write the first statuses into an empty table; runs after each migrate (and each flush of a test)."""
    from node.realms import ORDERS, alias_of, atomic

    if using != alias_of(ORDERS) or OrderStatus.objects.exists():
        return
    with atomic(ORDERS):
        OrderStatus.objects.bulk_create(_FIRST)
        StatusMove.objects.bulk_create(
            StatusMove(source_id=source, target_id=target) for source, targets in _MOVES.items() for target in targets
        )
