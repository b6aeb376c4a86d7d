from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "edge.pages"
    label = "edge_pages"
    realm = "edge"
