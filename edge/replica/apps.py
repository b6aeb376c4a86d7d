from django.apps import AppConfig


class ReplicaConfig(AppConfig):
    name = "edge.replica"
    label = "edge_replica"
    realm = "edge"

    def ready(self) -> None:
        from edge.replica.sites import shell_of
        from sites.rendering import use_shell

        use_shell(shell_of)
