from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CartsConfig(AppConfig):
    name = "central.carts"
    label = "carts"
    realm = "orders"
    verbose_name = _("Carts")
