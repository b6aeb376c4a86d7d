from django.apps import AppConfig


class AccountConfig(AppConfig):
    name = "edge.account"
    label = "edge_account"
    realm = "edge"
