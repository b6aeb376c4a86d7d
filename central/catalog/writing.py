"""How a batch of goods is laid over what is there: read it all, say what differs, write it all.

Only `actions.save_goods` calls this. A batch of 500 units costs about twenty queries, whatever changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Max, Model
from django.utils import timezone

from central.catalog import addresses
from central.catalog.actions import MAX_PRICE, Changes, Goods, Importing, Saved, Shop, Unit, lock_goods
from central.catalog.editing import note_search_words
from central.catalog.errors import BadGoods
from central.catalog.feeding import taken_over
from central.catalog.following import region_tree, settle_later
from central.catalog.galleries import place_pictures, tell_placed
from central.catalog.importing.rows import paragraphs
from central.catalog.keys import check_barcode, clean_sku, name_key, slug_of
from central.catalog.models import (
    Category,
    Listing,
    Media,
    Offer,
    PriceChange,
    PrivatePrice,
    Product,
    ProductPicture,
    RegionalPrice,
    Translation,
    Variant,
)
from central.catalog.rules import in_cell, reach_of, trimmed
from central.catalog.words import search_words
from central.cluster.trees import Parents
from node.copying import copy_rows
from node.realms import CATALOG, alias_of
from sync.contracts.documents import Reach, card_key
from sync.outbox import record_states

Key = tuple[str, str]
#: full topic, key, version, whether deleted
Pointer = tuple[str, str, int, bool]


@dataclass
class Draft:
    """One product on its way: what it was, and what of it changed."""

    goods: Goods
    product: Product
    listing: Listing
    is_new: bool
    variants: dict[Key, Variant] = field(default_factory=dict)
    offers: dict[Key, Offer] = field(default_factory=dict)
    created: set[Key] = field(default_factory=set)
    repriced: set[Key] = field(default_factory=set)
    #: the product document differs
    is_changed: bool = False
    #: every card of the product differs: title, slug or main picture
    are_cards_changed: bool = False
    #: stands on other shelves
    is_moved: bool = False
    #: what other sites show of the product differs too
    is_shared_changed: bool = False
    #: field -> (was, became): of the product, and of each unit
    changes: Changes = field(default_factory=dict)
    unit_changes: dict[Key, Changes] = field(default_factory=dict)
    #: fields that another source is master of, or people took over, and which of them this batch would have changed
    held: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    kept: set[str] = field(default_factory=set)

    def differs(self, name: str, was: Any, became: Any, key: Key | None = None) -> bool:
        """Whether a field is to become another value; one that is held stays, and is named in `kept`."""
        if was == became:
            return False
        field_name = name.partition(":")[0]  # what is said of a field holds of it in each language and region
        if field_name in self.held:
            self.kept.add(field_name)
            return False
        changes = self.changes if key is None else self.unit_changes.setdefault(key, {})
        changes[name] = (was, became)
        return True

    def note_card(self, key: Key) -> None:
        """The line card of a unit differs; that of a new one is written anyway."""
        if key not in self.created:
            self.repriced.add(key)


class GoodsWriter:
    def __init__(self, where: Shop, by: str, importing: Importing | None = None, *, is_dry: bool = False) -> None:
        self.where = where
        self.by = by
        self.importing = importing
        self.is_dry = is_dry
        self.saved = Saved()
        self.drafts: list[Draft] = []
        self.price_changes: list[PriceChange] = []
        self.new_products: list[Product] = []
        self.changed_products: list[Product] = []
        self.private_prices: list[PrivatePrice] = []
        self.mastered: list[Product] = []
        self.recoded: list[Variant] = []
        #: by (listing, language) and by (offer, region); and prices that are no more
        self.translated: dict[tuple[UUID, str], Translation] = {}
        self.regional_prices: dict[tuple[UUID, str], RegionalPrice] = {}
        self.gone_prices: list[RegionalPrice] = []
        #: slugs of pages before and after
        self.moves: list[addresses.Move] = []

    def save(self, batch: Sequence[Goods]) -> Saved:
        if not self.is_dry:
            lock_goods()
        self._read(batch)
        for goods in batch:
            self._draft(goods)
        if not self.is_dry:
            self._write()
            self._publish()
            addresses.tell_moved(self.where.id, "product", self.moves)
        return self.saved

    # --- read what is there ---------------------------------------------------------------------------------------

    def _read(self, batch: Sequence[Goods]) -> None:
        skus = {unit.sku for goods in batch for unit in goods.units}
        self.variants = {(row.sku, row.options): row for row in Variant.objects.filter(sku__in=skus)}
        self.by_sku = {row.sku: row for row in self.variants.values()}
        codes = {unit.barcode for goods in batch for unit in goods.units if unit.barcode}
        named = Variant.objects.filter(barcode__in=codes).values_list("barcode", "sku", "options") if codes else ()
        self.coded = {code: (sku, options) for code, sku, options in named}
        ids = {row.product_id for row in self.variants.values()}
        self.products = {row.pk: row for row in Product.objects.filter(pk__in=ids).select_related("master")}
        self.taken = taken_over(ids, self.where.id) if self.importing is not None else {}
        listings = Listing.objects.filter(site=self.where.id, product_id__in=ids)
        if not self.is_dry:
            listings = listings.select_for_update()
        self.listings = {row.product_id: row for row in listings.order_by("product_id")}
        self.offers: dict[UUID, list[Offer]] = {}
        for offer in Offer.objects.filter(listing__in=self.listings.values()).select_related("variant"):
            self.offers.setdefault(offer.listing_id, []).append(offer)
        self.pictures = _grouped(
            ProductPicture.objects.filter(product__in=ids).order_by("position").values_list("product_id", "media_id")
        )
        links = Listing.categories.through.objects.filter(listing__in=self.listings.values())
        self.categories = _grouped(links.values_list("listing_id", "category_id"))
        self._read_reaches(batch)
        self.private = self._read_private(batch)
        self._read_editions(batch)
        wanted = {sha for goods in batch for sha in goods.pictures or ()}
        self.known_media = set(Media.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        self.position = Listing.objects.filter(site=self.where.id).aggregate(top=Max("position"))["top"] or 0
        self.alias = addresses.alias(self.where.id, "product")
        slugs = {self._wanted_slug(goods) for goods in batch}
        taken = Listing.objects.filter(site=self.where.id, slug__in=slugs)
        self.taken_slugs = set(taken.values_list("slug", flat=True))

    def _read_reaches(self, batch: Sequence[Goods]) -> None:
        """Where shelves are shown, if the batch says it of any product."""
        self.parents: Parents = {}
        self.reaches: dict[UUID, Reach] = {}
        if any(goods.shown_in is not None for goods in batch):
            self.parents = region_tree()
            shelves = Category.objects.filter(site=self.where.id, is_active=True)
            self.reaches = dict(shelves.values_list("pk", "reach"))

    def _read_editions(self, batch: Sequence[Goods]) -> None:
        """Words and prices of further languages and regions, where the batch says any."""
        units = [unit for goods in batch for unit in goods.units]
        rows: Iterable[Translation] = ()
        if any(goods.words for goods in batch) or any(unit.words for unit in units):
            rows = Translation.objects.filter(listing__in=self.listings.values())
        self.said = {(row.listing_id, row.language): row for row in rows}
        prices: Iterable[RegionalPrice] = ()
        if any(unit.regional for unit in units):
            prices = RegionalPrice.objects.filter(offer__listing__in=self.listings.values())
        self.regional = {(row.offer_id, row.region): row for row in prices}

    def _read_private(self, batch: Sequence[Goods]) -> dict[tuple[UUID, str], PrivatePrice]:
        if not any(unit.private_prices for goods in batch for unit in goods.units):
            return {}
        rows = PrivatePrice.objects.filter(site=self.where.id, variant__in=self.variants.values())
        return {(row.variant_id, row.kind): row for row in rows}

    # --- say what differs -----------------------------------------------------------------------------------------

    def _draft(self, goods: Goods) -> None:
        units = [unit for unit in goods.units if self._is_sound(unit)]
        if not units:
            return None
        known = self._known(units)
        product = self.products[known.product_id] if known else Product()
        listing = self.listings.get(product.pk)
        if listing is None and not goods.title:
            return self._refuse(units, "has no title")
        try:
            self._check(goods)
        except BadGoods as error:
            return self._refuse(units, str(error))
        draft = self._open(goods, product, listing)
        draft.taken = self.taken.get(product.pk, frozenset()) if self.importing is not None else frozenset()
        draft.held = self._held(draft) | draft.taken
        self._lay_product(draft)
        self._lay_listing(draft)
        for unit in units:
            self._lay_unit(draft, unit)
        if not draft.offers:
            return None  # a product none of whose units can be sold
        self._lay_words(draft)
        self._keep(draft, units)
        return None

    def _known(self, units: Sequence[Unit]) -> Variant | None:
        """A variant of the product these units are of: one of them, or another one of the same sku."""
        for unit in units:
            if found := self.variants.get(unit.key) or self.by_sku.get(unit.sku):
                return found
        return None

    def _is_sound(self, unit: Unit) -> bool:
        try:
            clean_sku(unit.sku)
            regional = ((f"price:{region}", price) for region, price in (unit.regional or {}).items())
            for name, price in (("price", unit.price), ("old price", unit.old_price), *regional):
                if price is not None and not 0 <= price <= MAX_PRICE:
                    raise BadGoods(name, f"{price} is not between 0 and {MAX_PRICE} minor units")
            check_barcode(unit.barcode or "")
            for language, title in (unit.words or {}).items():
                _check_length(f"options_title:{language}", title, 200)
        except BadGoods as error:
            self._refuse([unit], str(error))
            return False
        return True

    def _check(self, goods: Goods) -> None:
        """All that can be wrong of a product, before anything of it is touched."""
        for name, text, most in (("title", goods.title, 300), ("brand", goods.brand or None, 120)):
            if text is not None and (not text.strip() or len(text) > most):
                raise BadGoods(name, f"is empty or longer than {most} signs")
        for language, told in (goods.words or {}).items():
            _check_length(f"title:{language}", told.get("title", ""), 300)
        for sha in goods.pictures or ():
            if sha not in self.known_media:
                raise BadGoods("pictures", f"{sha} is not kept")

    def _refuse(self, units: Iterable[Unit], why: str) -> None:
        for unit in units:
            self.saved.refused[unit.key] = why

    def _open(self, goods: Goods, product: Product, listing: Listing | None) -> Draft:
        if listing:
            draft = Draft(goods, product, listing, is_new=False)
            for offer in self.offers.get(listing.pk, []):
                draft.offers[offer.variant.sku, offer.variant.options] = offer
            return draft
        return Draft(goods, product, Listing(site=self.where.id, product=product, ver=0), is_new=True, is_changed=True)

    def _held(self, draft: Draft) -> frozenset[str]:
        """What another source is master of. A shop that did not show the product yet needs its texts and prices."""
        master = draft.product.master
        if self.importing is None or master is None or master.pk == self.importing.source:
            return frozenset()
        return master.held_fields & {"brand", "picture", "stock"} if draft.is_new else master.held_fields

    def _lay_product(self, draft: Draft) -> None:
        goods, product = draft.goods, draft.product
        if self.importing is not None and self.importing.is_master and product.master_id is None:
            product.master_id = self.importing.source
            self.mastered.append(product)
        if goods.brand is not None and draft.differs("brand", product.brand, goods.brand):
            product.brand = goods.brand
            draft.is_changed = draft.is_shared_changed = True
        before = self.pictures.get(product.pk, [])
        if goods.pictures is not None and draft.differs("picture", before, list(goods.pictures)):
            self.pictures[product.pk] = list(dict.fromkeys(goods.pictures))
            draft.is_changed = draft.is_shared_changed = True
            draft.are_cards_changed |= self.pictures[product.pk][:1] != before[:1]

    def _lay_listing(self, draft: Draft) -> None:
        goods, listing = draft.goods, draft.listing
        if goods.title is not None and self._differs_in_text(draft, "title", listing.title, goods.title):
            listing.title = goods.title
            listing.title_key = name_key(listing.title)[:300]
            draft.is_changed = draft.are_cards_changed = True
        if draft.is_new or (goods.slug and draft.differs("slug", listing.slug, goods.slug)):
            was, listing.slug = listing.slug, self._slug(goods)
            if not draft.is_new and was != listing.slug:
                self.moves.append((was, listing.slug))
            draft.is_changed = draft.are_cards_changed = True
        if goods.text is not None and self._differs_in_text(draft, "text", listing.text, goods.text):
            listing.text = goods.text
            draft.is_changed = True
        pairs = [list(pair) for pair in goods.attributes] if goods.attributes is not None else None
        if pairs is not None and draft.differs("attributes", listing.attributes, pairs):
            listing.attributes = pairs
            draft.is_changed = True
        if draft.is_new:
            self.position += 1
        position = goods.position if goods.position is not None else (self.position if draft.is_new else None)
        if position is not None and position != listing.position:
            listing.position = position
            draft.is_changed = True
        shelves = set(self.categories.get(listing.pk, []))
        if goods.categories is not None and draft.differs("category", shelves, set(goods.categories)):
            self.categories[listing.pk] = list(dict.fromkeys(goods.categories))
            draft.is_changed = draft.is_moved = True
        if goods.shown_in is not None:
            self._lay_reach(draft, goods.shown_in)
        if goods.is_listed is not None and draft.differs("listed", listing.is_active, goods.is_listed):
            listing.is_active = goods.is_listed
            draft.is_changed = draft.are_cards_changed = True

    def _lay_reach(self, draft: Draft, rule: Reach) -> None:
        """Its own rule of the regions in which it is shown, and what follows: nobody sees it elsewhere meanwhile."""
        listing, said = draft.listing, trimmed(rule, self.parents)
        if draft.differs("shown_in", in_cell(listing.shown_in), in_cell(said)):
            shelves = [self.reaches[one] for one in self.categories.get(listing.pk, []) if one in self.reaches]
            listing.shown_in, listing.reach = said, reach_of(said, shelves, self.parents)
            draft.is_changed = draft.are_cards_changed = True

    def _differs_in_text(self, draft: Draft, name: str, was: str, became: str) -> bool:
        """A file holds no odd space: a text that differs by that alone is the same."""
        same = " ".join(was.split()) if name.partition(":")[0] == "title" else paragraphs(was)
        return not (self.importing is not None and same == became) and draft.differs(name, was, became)

    def _differs_in_words(self, draft: Draft, name: str, was: Any, became: Any) -> bool:
        if isinstance(became, str):
            return self._differs_in_text(draft, name, was, became)
        return draft.differs(name, was, [list(pair) for pair in became])

    def _lay_words(self, draft: Draft) -> None:
        """What is said in further languages of the product and of its units."""
        for language, told in (draft.goods.words or {}).items():
            for name, said in told.items():
                row = self._translation(draft, language)
                if self._differs_in_words(draft, f"{name}:{language}", getattr(row, name), said):
                    setattr(row, name, said)
                    row.title_key = name_key(row.title)[:300]
                    self.translated[draft.listing.pk, language] = row
                    draft.is_changed = True
                    draft.are_cards_changed |= name == "title"
        for unit in draft.goods.units:
            offer = draft.offers.get(unit.key)
            if offer is None or unit.key in self.saved.refused:
                continue
            for language, title in (unit.words or {}).items():
                self._lay_option_words(draft, unit.key, offer, language, title)

    def _lay_option_words(self, draft: Draft, key: Key, offer: Offer, language: str, title: str) -> None:
        row = self._translation(draft, language)
        if draft.differs(f"options_title:{language}", row.options.get(offer.pk.hex, ""), title, key):
            others = {pk: one for pk, one in row.options.items() if pk != offer.pk.hex}
            row.options = others | ({offer.pk.hex: title} if title else {})
            self.translated[draft.listing.pk, language] = row
            draft.note_card(key)

    def _translation(self, draft: Draft, language: str) -> Translation:
        made = Translation(listing_id=draft.listing.pk, language=language)
        return self.said.setdefault((draft.listing.pk, language), made)

    def _lay_regional(self, draft: Draft, unit: Unit, offer: Offer) -> None:
        """What it costs in regions; None: as in the region around, or in the shop."""
        for region, price in (unit.regional or {}).items():
            row = self.regional.get((offer.pk, region))
            was = row.price if row else None
            if not draft.differs(f"price:{region}", was, price, unit.key):
                continue
            draft.note_card(unit.key)
            shown = [offer.price if one is None else one for one in (was, price)]
            change = PriceChange(offer=offer, region=region, by=self.by, was=shown[0], became=shown[1])
            self.price_changes.append(change)
            if price is not None:
                row = row or RegionalPrice(offer=offer, region=region)
                row.price = price
                self.regional[offer.pk, region] = self.regional_prices[offer.pk, region] = row
            elif row is not None:
                self.gone_prices.append(self.regional.pop((offer.pk, region)))
                self.regional_prices.pop((offer.pk, region), None)

    def _wanted_slug(self, goods: Goods) -> str:
        return goods.slug or self.alias(
            {"title": goods.title or "", "brand": goods.brand or "", "sku": goods.units[0].sku if goods.units else ""},
            goods.categories or (),
        )

    def _slug(self, goods: Goods) -> str:
        base = self._wanted_slug(goods)
        slug = base
        if slug in self.taken_slugs:
            # One title, many goods: the sku tells them apart at once, a counter would ask the database for each.
            slug = f"{base}-{slug_of(goods.units[0].sku)}"
        n = 1
        while slug in self.taken_slugs or (slug != base and self._is_taken(slug)):
            n += 1
            slug = f"{base}-{n}"
        self.taken_slugs.add(slug)
        return slug

    def _is_taken(self, slug: str) -> bool:
        return Listing.objects.filter(site=self.where.id, slug=slug).exists()

    def _lay_unit(self, draft: Draft, unit: Unit) -> None:
        variant = self.variants.get(unit.key)
        if variant and variant.product_id != draft.product.pk:
            return self._refuse([unit], "belongs to another product")
        if unit.barcode and self.coded.setdefault(unit.barcode, unit.key) != unit.key:
            return self._refuse([unit], f"barcode: {unit.barcode} names another unit already")
        offer = draft.offers.get(unit.key)
        currency = unit.currency or (offer.currency if offer else self._currency(draft))
        others = {one.currency for key, one in draft.offers.items() if key != unit.key}
        if others - {currency}:
            return self._refuse([unit], f"is priced in {currency}, the rest of its product in {others.pop()}")
        if offer is None:
            return self._new_offer(draft, unit, variant, currency)
        wanted = {"price": unit.price, "old_price": unit.old_price, "options_title": unit.options_title}
        wanted |= {"currency": None if "price" in draft.held else currency, "is_active": unit.is_active}
        before = offer.price
        if _assign(draft, offer, unit.key, wanted):
            draft.repriced.add(unit.key)
            if offer.price != before:
                self.price_changes.append(PriceChange(offer=offer, by=self.by, was=before, became=offer.price))
        self._lay_regional(draft, unit, offer)
        self._lay_private(draft, unit, offer)
        self._lay_code(draft, unit, offer)
        return None

    def _lay_code(self, draft: Draft, unit: Unit, offer: Offer) -> None:
        """The barcode, which no document holds: no version goes up."""
        variant = offer.variant
        if unit.barcode and draft.differs("barcode", variant.barcode, unit.barcode, unit.key):
            variant.barcode = unit.barcode
            if unit.key not in draft.variants:
                self.recoded.append(variant)

    def _lay_private(self, draft: Draft, unit: Unit, offer: Offer) -> None:
        """Prices that stay at central: no document holds them, so no version goes up."""
        for kind, price in (unit.private_prices or {}).items():
            row = self.private.get((offer.variant_id, kind))
            was = (row.price, row.currency) if row else None
            if "private_prices" in draft.held:
                draft.kept.update({"private_prices"} if was != (price, offer.currency) else ())
            elif draft.differs(f"{kind} price", was and was[0], price, unit.key) or (row and was[1] != offer.currency):  # type: ignore[index]
                row = row or PrivatePrice(variant=offer.variant, site=self.where.id, kind=kind)
                row.price, row.currency, row.changed_at = price, offer.currency, timezone.now()
                self.private_prices.append(row)

    def _currency(self, draft: Draft) -> str:
        return next((offer.currency for offer in draft.offers.values()), self.where.currency)

    def _new_offer(self, draft: Draft, unit: Unit, variant: Variant | None, currency: str) -> None:
        if unit.price is None:
            return self._refuse([unit], "has no price")
        if variant is None:
            variant = Variant(product=draft.product, sku=unit.sku, options=unit.options, position=len(draft.offers))
            draft.variants[unit.key] = variant
        draft.offers[unit.key] = Offer(
            site=self.where.id,
            variant=variant,
            listing=draft.listing,
            card_key=card_key(self.where.id, unit.sku, unit.options),
            options_title=unit.options_title or "",
            price=unit.price,
            old_price=unit.old_price or 0,
            currency=currency,
            is_active=unit.is_active is not False,
            ver=0,
        )
        draft.created.add(unit.key)
        draft.unit_changes[unit.key] = {"price": (None, unit.price)}
        self._lay_regional(draft, unit, draft.offers[unit.key])
        self._lay_private(draft, unit, draft.offers[unit.key])
        self._lay_code(draft, unit, draft.offers[unit.key])
        return None

    def _keep(self, draft: Draft, units: Sequence[Unit]) -> None:
        """Make the draft visible to the rest of the batch, and name the outcome of its units."""
        self.drafts.append(draft)
        product, listing = draft.product, draft.listing
        is_new_product = product.pk not in self.products
        self.products[product.pk], self.listings[product.pk] = product, listing
        self.offers[listing.pk] = list(draft.offers.values())
        self.variants |= draft.variants
        self.by_sku |= {sku: variant for (sku, _), variant in draft.variants.items()}
        if is_new_product:
            self.new_products.append(product)
        elif draft.is_shared_changed:
            self.changed_products.append(product)
        is_all_changed = draft.is_changed and not draft.is_new
        for unit in units:
            if unit.key in self.saved.refused:
                continue
            changes = {**draft.changes, **draft.unit_changes.get(unit.key, {})}
            is_updated = is_all_changed or unit.key in draft.repriced or bool(changes)
            self.saved.changes[unit.key] = changes
            if draft.held and draft.product.master:
                self.saved.held[unit.key] = draft.held
                self.saved.taken_fields[unit.key] = draft.taken
                self.saved.taken[unit.key] = sorted(draft.kept & draft.taken)
                self.saved.kept[unit.key] = (sorted(draft.kept - draft.taken), draft.product.master.title)
            outcome = "created" if unit.key in draft.created else ("updated" if is_updated else "unchanged")
            self.saved.outcomes[unit.key] = outcome  # type: ignore[assignment]
            self.saved.variants[unit.key] = draft.offers[unit.key].variant_id
            self.saved.products[unit.key] = product.pk
        draft.is_changed |= bool(draft.created or draft.repriced)

    # --- write it all ---------------------------------------------------------------------------------------------

    def _write(self) -> None:
        changed = [draft for draft in self.drafts if draft.is_changed]
        others = self._other_titles(changed)
        for draft in changed:
            listing = draft.listing
            listing.ver += 1
            listing.changed_at = timezone.now()
            skus = [sku for sku, _ in draft.offers]
            skus += [offer.variant.barcode for offer in draft.offers.values() if offer.variant.barcode]
            listing.search_key = search_words([listing.title, *others[listing.pk], draft.product.brand, *skus])
            for offer in self._cards(draft):
                offer.ver += 1
        _insert(Product, self.new_products)
        Product.objects.bulk_update(self.changed_products, ["brand"])
        Product.objects.bulk_update([row for row in self.mastered if row not in self.new_products], ["master"])
        self._write_pictures(changed)
        _insert(Variant, [row for draft in changed for row in draft.variants.values()])
        self._write_listings(changed)
        new = [draft.offers[key] for draft in changed for key in draft.created]
        _insert(Offer, new)
        fresh = {id(offer) for offer in new}
        old = [offer for draft in changed for offer in self._cards(draft) if id(offer) not in fresh]
        Offer.objects.bulk_update(old, ["price", "old_price", "options_title", "currency", "is_active", "ver"])
        _insert(PriceChange, self.price_changes)
        self._write_codes()
        self._write_editions()
        PrivatePrice.objects.bulk_create(
            self.private_prices,
            update_conflicts=True,
            unique_fields=["site", "variant", "kind"],
            update_fields=["price", "currency", "changed_at"],
        )

    def _write_codes(self) -> None:
        """Units are found by their codes, wherever they are shown."""
        if self.recoded:
            Variant.objects.bulk_update(self.recoded, ["barcode"])
            note_search_words(Listing.objects.filter(product__in={row.product_id for row in self.recoded}))

    def _write_editions(self) -> None:
        rows = self.translated.values()
        Translation.objects.bulk_create([row for row in rows if row.pk is None])
        old = [row for row in rows if row.pk is not None]
        Translation.objects.bulk_update(old, ["title", "title_key", "text", "options", "attributes"])
        prices = self.regional_prices.values()
        RegionalPrice.objects.bulk_create([row for row in prices if row.pk is None])
        RegionalPrice.objects.bulk_update([row for row in prices if row.pk is not None], ["price"])
        RegionalPrice.objects.filter(pk__in=[row.pk for row in self.gone_prices]).delete()

    def _other_titles(self, changed: Sequence[Draft]) -> dict[UUID, list[str]]:
        """Listing -> its titles in other languages, those of this batch too: it is found by them."""
        known = [draft.listing.pk for draft in changed if not draft.is_new]
        rows = Translation.objects.filter(listing__in=known).values_list("listing_id", "language", "title")
        titles = {(listing, language): title for listing, language, title in (rows if known else ())}
        titles |= {key: row.title for key, row in self.translated.items()}
        return defaultdict(list, _grouped((listing, title) for (listing, _language), title in titles.items()))

    def _cards(self, draft: Draft) -> list[Offer]:
        """The offers of the draft whose line cards differ."""
        if draft.are_cards_changed:
            return list(draft.offers.values())
        return [draft.offers[key] for key in (*draft.created, *draft.repriced)]

    def _write_pictures(self, changed: Sequence[Draft]) -> None:
        products = dict.fromkeys(draft.product.pk for draft in changed if draft.goods.pictures is not None)
        if products:
            galleries = {product: self.pictures.get(product, []) for product in products}
            place_pictures(galleries, new={product.pk for product in self.new_products})
        seen = dict.fromkeys(products)
        seen.update(dict.fromkeys(draft.product.pk for draft in changed if draft.is_new))
        tell_placed([sha for product in seen for sha in self.pictures.get(product, ())])

    def _write_listings(self, changed: Sequence[Draft]) -> None:
        _insert(Listing, [draft.listing for draft in changed if draft.is_new])
        Listing.objects.bulk_update(
            [draft.listing for draft in changed if not draft.is_new],
            [
                "title",
                "title_key",
                "slug",
                "text",
                "attributes",
                "position",
                "is_active",
                "shown_in",
                "reach",
                "search_key",
                "ver",
                "changed_at",
            ],
        )
        link = Listing.categories.through
        listings = [draft.listing.pk for draft in changed if draft.goods.categories is not None]
        link.objects.filter(listing__in=listings).delete()
        links = [
            link(listing_id=listing, category_id=category)
            for listing in dict.fromkeys(listings)
            for category in self.categories.get(listing, [])
        ]
        _insert(link, links)
        if any(draft.is_moved for draft in changed):
            settle_later(self.where.id)

    # --- point at it ----------------------------------------------------------------------------------------------

    def _publish(self) -> None:
        pointers = list(self._elsewhere())
        changed = [draft for draft in self.drafts if draft.is_changed]
        for listing in {draft.listing.pk: draft.listing for draft in changed}.values():
            pointers.append(_pointer(listing))
        for offer in {offer.pk: offer for draft in changed for offer in self._cards(draft)}.values():
            pointers.append((f"card:{self.where.group}", offer.card_key, offer.ver, False))
        record_states(pointers, realm=CATALOG)

    def _elsewhere(self) -> Iterator[Pointer]:
        """The other sites that sell a product show its brand and pictures too."""
        ids = [product.pk for product in self.changed_products]
        if not ids:
            return
        elsewhere = Listing.objects.select_for_update().filter(product_id__in=ids).exclude(site=self.where.id)
        for listing in elsewhere.order_by("product_id", "site"):
            listing.ver += 1
            listing.save(update_fields=["ver"])
            yield _pointer(listing)
            for offer in listing.offers.all():
                offer.ver += 1
                offer.save(update_fields=["ver"])
                yield f"card:{self.where.groups[listing.site]}", offer.card_key, offer.ver, False


def _check_length(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise BadGoods(name, f"is longer than {most} signs")


def _insert(model: type[Model], rows: Sequence[Model]) -> None:
    copy_rows(model, rows, using=alias_of(CATALOG))


def _pointer(listing: Listing) -> Pointer:
    return f"product:{listing.site}", listing.product_id.hex, listing.ver, not listing.is_active


def _grouped(pairs: Iterable[tuple[UUID, object]]) -> dict[UUID, list]:  # type: ignore[type-arg]
    found: dict[UUID, list] = {}  # type: ignore[type-arg]
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _assign(draft: Draft, offer: Offer, key: Key, wanted: Mapping[str, object]) -> bool:
    """Set what differs and is not held; None leaves a column. Says whether anything changed."""
    changed = False
    for name, value in wanted.items():
        if value is not None and draft.differs(name, getattr(offer, name), value, key):
            setattr(offer, name, value)
            changed = True
    return changed
