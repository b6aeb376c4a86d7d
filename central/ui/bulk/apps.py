from django.apps import AppConfig


class BulkConfig(AppConfig):
    name = "central.ui.bulk"
    label = "bulk"
    realm = "every"
