from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FailuresConfig(AppConfig):
    name = "central.failures"
    label = "failures"
    realm = "cluster"
    verbose_name = _("Failed jobs")
