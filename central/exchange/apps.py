from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "central.exchange"
    label = "exchange"
    realm = "cluster"
