from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "central.catalog"
    label = "catalog"
    realm = "catalog"

    def ready(self) -> None:
        from central.catalog.stocked import StockedGoods
        from central.stock.goods import goods_known_by

        goods_known_by(StockedGoods())
