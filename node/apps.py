from django.apps import AppConfig


class NodeConfig(AppConfig):
    name = "node"
    label = "node"

    def ready(self) -> None:
        from node import realms

        realms.install_guard()
