"""Which languages of a site its documents hold words in, and what is published when that changes."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from central.catalog.actions import lock_goods, publish_card, shop
from central.catalog.models import Category, Listing, Offer, PictureAlt, SpokenLanguages
from node.realms import CATALOG, atomic
from sync.outbox import record_state


def note_languages(site: str, languages: Collection[str]) -> None:
    """Publish the words of goods and shelves in these from now on, and in no others. Raises `UnknownSite`."""
    group = shop(site).group
    with atomic(CATALOG):
        lock_goods()
        row = SpokenLanguages.objects.filter(site=site).first() or SpokenLanguages(site=site)
        changed = set(row.languages) ^ set(languages)
        if not changed:
            return
        row.languages = sorted(languages)
        row.save()
        _publish(site, group, changed)


def _publish(site: str, group: str, languages: set[str]) -> None:
    """Point at every document that has words in one of these."""
    has_words = Q(translations__language__in=languages)
    shelves = Category.objects.filter(has_words, site=site, is_active=True).values("pk")
    for shelf in Category.objects.select_for_update().filter(pk__in=shelves).order_by("pk"):
        publish_shelf(shelf)
    translated = Listing.objects.filter(has_words, site=site).values("pk")
    described = PictureAlt.objects.filter(language__in=languages).values("product")
    touched = Q(pk__in=translated) | Q(site=site, product__in=described)
    for listing in Listing.objects.select_for_update().filter(touched).order_by("product_id"):
        if listing.is_active:
            listing.ver += 1
            listing.save(update_fields=["ver"])  # not `changed_at`: nobody changed the product
            record_state(f"product:{site}", listing.product_id.hex, listing.ver, realm=CATALOG)
    for offer in Offer.objects.filter(listing__in=translated).select_related("variant").order_by("card_key"):
        publish_card(group, offer)


def publish_shelf(shelf: Category) -> None:
    shelf.ver += 1
    shelf.save(update_fields=["ver"])
    record_state(f"category:{shelf.site}", shelf.pk.hex, shelf.ver, realm=CATALOG)
