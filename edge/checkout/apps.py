from django.apps import AppConfig


class CheckoutConfig(AppConfig):
    name = "edge.checkout"
    label = "edge_checkout"
    realm = "edge"
