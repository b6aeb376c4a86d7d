from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "central.notices"
    label = "notices"
    realm = "cluster"
    verbose_name = _("Notices")

    def ready(self) -> None:
        from central.notices.actions import send_letter
        from central.ui.letters import write_by

        write_by(send_letter)
