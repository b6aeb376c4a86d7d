"""What a site shows of a picture instead of the original: files of several sizes and formats.

Who makes them stands above the catalogue (`central.pictures`); here is what documents read, and goods are published
again in the transaction that changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from central.catalog.actions import lock_goods, publish_card, shop
from central.catalog.documents import main_pictures
from central.catalog.models import Category, Listing, Media, Offer, PictureRule, ProductPicture, ShownPicture
from node.realms import CATALOG, atomic
from sync.outbox import record_state

#: {"main": file, "sources": [file], "thumb": file}; a file is hash, ext, type, width, height. None: the original
Bodies = Mapping[str, dict[str, Any] | None]


def shown_at(site: str, limit: int) -> list[str]:
    """Some originals (sha256) of which the site shows something else."""
    return list(ShownPicture.objects.filter(site=site).values_list("media", flat=True)[:limit])


def show_pictures(site: str, bodies: Bodies) -> None:
    """Show these files of each original from now on. Raises `UnknownSite`."""
    with atomic(CATALOG):
        write_shown(site, bodies)


def write_shown(site: str, bodies: Bodies) -> None:
    """`show_pictures` inside the caller's `atomic("catalog")`. What is shown already writes nothing."""
    before = dict(ShownPicture.objects.filter(site=site, media__in=bodies).values_list("media", "body"))
    changed = {sha: body for sha, body in bodies.items() if before.get(sha) != body}
    if not changed:
        return
    lock_goods()
    rows = [ShownPicture(site=site, media_id=sha, body=body) for sha, body in changed.items() if body]
    ShownPicture.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["site", "media"], update_fields=["body"]
    )
    ShownPicture.objects.filter(site=site, media__in=[sha for sha, body in changed.items() if not body]).delete()
    _publish(site, list(changed))


def hide_originals(site: str, *, hides: bool) -> None:
    """Whether the site may show an original while nothing is made of it. Raises `UnknownSite`."""
    rule = PictureRule.objects.filter(site=site).first()
    if hides == (rule is not None and rule.hides_originals):
        return
    with atomic(CATALOG):
        lock_goods()
        PictureRule.objects.update_or_create(site=site, defaults={"hides_originals": hides})
        bare = Media.objects.exclude(ext="svg").exclude(pk__in=ShownPicture.objects.filter(site=site).values("media"))
        _publish(site, bare.values("pk"))


def _publish(site: str, shas: Sequence[str] | Any) -> None:
    """Point at every document of the site that names one of these pictures."""
    group = shop(site).group
    for shelf in (
        Category.objects.select_for_update().filter(site=site, picture__in=shas, is_active=True).order_by("pk")
    ):
        shelf.ver += 1
        shelf.save(update_fields=["ver"])
        record_state(f"category:{site}", shelf.pk.hex, shelf.ver, realm=CATALOG)
    placed = ProductPicture.objects.filter(media__in=shas).values("product")
    listings = list(Listing.objects.select_for_update().filter(site=site, product__in=placed).order_by("product_id"))
    for listing in listings:
        if listing.is_active:
            listing.ver += 1
            listing.save(update_fields=["ver"])  # not `changed_at`: nobody changed the product
            record_state(f"product:{site}", listing.product_id.hex, listing.ver, realm=CATALOG)
    _publish_cards(group, listings, shas)


def _publish_cards(group: str, listings: Iterable[Listing], shas: Sequence[str] | Any) -> None:
    main = main_pictures(listing.product_id for listing in listings)
    wanted = set(
        Media.objects.filter(pk__in=shas).filter(pk__in=[one.pk for one in main.values()]).values_list("pk", flat=True)
    )
    carded = [listing.pk for listing in listings if (one := main.get(listing.product_id)) and one.pk in wanted]
    for offer in Offer.objects.filter(listing__in=carded).select_related("variant").order_by("card_key"):
        publish_card(group, offer)
