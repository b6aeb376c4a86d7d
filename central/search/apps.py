from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "central.search"
    label = "search"
    realm = "catalog"
