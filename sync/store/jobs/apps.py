from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "sync.store.jobs"
    label = "jobs"
    realm = "every"
