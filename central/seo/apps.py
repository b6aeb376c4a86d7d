from django.apps import AppConfig


class SeoConfig(AppConfig):
    name = "central.seo"
    label = "seo"
    realm = "catalog"

    def ready(self) -> None:
        from central.catalog import addresses
        from central.seo import moving

        addresses.aliases_by(moving.alias_of)
        addresses.moves_told_to(moving.follow)
