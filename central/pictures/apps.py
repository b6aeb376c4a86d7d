from django.apps import AppConfig


class PicturesConfig(AppConfig):
    name = "central.pictures"
    label = "pictures"
    realm = "catalog"
