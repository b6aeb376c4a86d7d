"""The pictures of products as rows: only what differs is written, so that the history tells what was changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from central.catalog.events import PicturesPlaced
from central.catalog.models import ProductPicture
from central.history.actions import new_rows_untold
from node.realms import CATALOG
from sync.events import record_event


def place_pictures(galleries: Mapping[UUID, Sequence[str]], *, new: Collection[UUID]) -> None:
    """Give products their pictures (sha256), the main one first. Inside a transaction of the realm `catalog`.

    `new`: products that are made in it; what they come with is no change. Four queries and two more for new ones.
    """
    there: dict[tuple[UUID, str], ProductPicture] = {}
    if old := [product for product in galleries if product not in new]:
        rows = ProductPicture.objects.filter(product__in=old)
        there = {(row.product_id, row.media_id): row for row in rows}
    moved, added = [], []
    for product, pictures in galleries.items():
        for position, sha in enumerate(pictures):
            row = there.pop((product, sha), None)
            if row is None:
                added.append(ProductPicture(product_id=product, media_id=sha, position=position))
            elif row.position != position:
                row.position = position
                moved.append(row)
    if there:
        ProductPicture.objects.filter(pk__in=[row.pk for row in there.values()]).delete()
    if moved:
        ProductPicture.objects.bulk_update(moved, ["position"])
    if told := [row for row in added if row.product_id not in new]:
        ProductPicture.objects.bulk_create(told)
    if untold := [row for row in added if row.product_id in new]:
        with new_rows_untold(CATALOG):
            ProductPicture.objects.bulk_create(untold)


def tell_placed(pictures: Sequence[str]) -> None:
    """These stand where they did not; inside `atomic("catalog")`."""
    if pictures:
        record_event(PicturesPlaced(pictures=list(dict.fromkeys(pictures))), realm=CATALOG)
