from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "central.accounts"
    label = "accounts"
    realm = "cluster"

    def ready(self) -> None:
        from central.accounts import sessions
        from central.accounts.roles import make_roles
        from central.accounts.scope import given_sites
        from central.ui.scope import visible_sites_by

        visible_sites_by(given_sites)
        sessions.install()
        post_migrate.connect(make_roles, sender=self)
