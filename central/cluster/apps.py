from django.apps import AppConfig


class ClusterConfig(AppConfig):
    name = "central.cluster"
    label = "cluster"
    realm = "cluster"

    def ready(self) -> None:
        from central.cluster.directory import install

        install()
