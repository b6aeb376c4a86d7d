from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "central.pages"
    label = "pages"
    realm = "stats"
