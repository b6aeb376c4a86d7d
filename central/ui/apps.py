from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class UiConfig(AppConfig):
    name = "central.ui"
    label = "ui"
    realm = "cluster"

    def ready(self) -> None:
        autodiscover_modules("menu")
