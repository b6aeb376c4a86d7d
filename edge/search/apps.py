from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "edge.search"
    label = "edge_search"
    realm = "edge"
