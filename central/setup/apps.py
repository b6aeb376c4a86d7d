from django.apps import AppConfig


class SetupConfig(AppConfig):
    name = "central.setup"
    label = "setup"
    realm = "cluster"
