from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "central.stock"
    label = "stock"
    realm = "orders"
