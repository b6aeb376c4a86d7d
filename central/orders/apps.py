from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "central.orders"
    label = "orders"
    realm = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from central.orders.stocked import StockedOrders
        from central.stock.goods import orders_known_by

        orders_known_by(StockedOrders())
        post_migrate.connect(_fill_statuses, sender=self)


def _fill_statuses(using: str, **kwargs: Any) -> None:
    from central.orders.statuses import fill

    fill(using)
