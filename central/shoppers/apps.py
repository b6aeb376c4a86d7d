from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShoppersConfig(AppConfig):
    name = "central.shoppers"
    label = "shoppers"
    realm = "customers"
    verbose_name = _("Shoppers' accounts")

    def ready(self) -> None:
        from central.shoppers import of_customers

        of_customers.register()
