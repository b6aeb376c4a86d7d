from django.apps import AppConfig


class ShopperConfig(AppConfig):
    name = "edge.shopper"
    label = "edge_shopper"
    realm = "edge"
