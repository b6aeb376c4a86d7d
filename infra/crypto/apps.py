from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CryptoConfig(AppConfig):
    name = "infra.crypto"
    label = "crypto"
    realm = "every"
    verbose_name = _("Keys")
