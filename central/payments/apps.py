from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    name = "central.payments"
    label = "payments"
    realm = "orders"
    verbose_name = _("Payments")
