from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StockConfig(AppConfig):
    name = "central.stock"
    label = "stock"
    realm = "orders"
    verbose_name = _("Stock")

    def ready(self) -> None:
        import central.stock.letters  # noqa: F401  registers who is told what

        post_migrate.connect(_make_main, sender=self)


def _make_main(using: str, **kwargs: Any) -> None:
    from central.stock.warehouses import make_main

    make_main(using)
