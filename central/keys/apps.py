from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KeysConfig(AppConfig):
    name = "central.keys"
    label = "keys"
    realm = "cluster"
    verbose_name = _("Encryption keys")
