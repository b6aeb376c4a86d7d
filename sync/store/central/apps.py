from django.apps import AppConfig


class CentralStoreConfig(AppConfig):
    name = "sync.store.central"
    label = "sync_central"
    realm = "every"
