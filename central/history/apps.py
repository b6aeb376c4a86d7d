from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HistoryConfig(AppConfig):
    name = "central.history"
    label = "history"
    realm = "every"

    def ready(self) -> None:
        from central.history.triggers import set_triggers

        post_migrate.connect(set_triggers, sender=self)
