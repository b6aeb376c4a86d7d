from django.apps import AppConfig


class CdnConfig(AppConfig):
    name = "central.cdn"
    label = "cdn"
    realm = "cluster"
