from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "edge.rights"
    label = "edge_rights"
    realm = "edge"
