from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "central.people"
    label = "people"
    realm = "customers"
    verbose_name = _("Customers")
