from django.apps import AppConfig


class ClusterConfig(AppConfig):
    name = "central.cluster"
    label = "cluster"
    realm = "cluster"

    def ready(self) -> None:
        try:
            from central.cluster.directory import install
        except ImportError:  # until the hub lands
            return
        install()
