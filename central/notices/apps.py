from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "central.notices"
    label = "notices"
    realm = "cluster"
    verbose_name = _("Notices")
