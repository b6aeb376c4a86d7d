from django.apps import AppConfig


class ClusterConfig(AppConfig):
    name = "central.cluster"
    label = "cluster"
    realm = "cluster"

    def ready(self) -> None:
        import central.cluster.letters  # noqa: F401  registers who is told what
        from central.cluster.directory import install

        install()
