from django.apps import AppConfig


class CartConfig(AppConfig):
    name = "edge.cart"
    label = "edge_cart"
    realm = "edge"
