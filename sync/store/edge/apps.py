from django.apps import AppConfig


class EdgeStoreConfig(AppConfig):
    name = "sync.store.edge"
    label = "sync_edge"
    realm = "edge"
