"""Documents of made-up shops, and a way to put them where the link would have put them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from edge.replica import pictures
from sync.contracts.codec import pack
from sync.contracts.documents import (
    CardDoc,
    CategoryDoc,
    DeliveryMethod,
    FeedDoc,
    PaymentMethod,
    Picture,
    ProductDoc,
    RedirectDoc,
    SeoDoc,
    SiteDoc,
    VariantDoc,
    WordsDoc,
    card_key,
)
from sync.replica import apply_hooks, run_after_apply
from sync.store.edge.models import Document
from sync.store.writer import writer

GROUP = "main"


def make_site(id: str = "tea", **changes: Any) -> SiteDoc:
    values: dict[str, Any] = {
        "id": id,
        "name": id.title(),
        "label": id.title(),
        "colour": "#0b7285",
        "origin": f"http://{id}.localhost:8499",
        "hosts": [f"{id}.localhost"],
        "language": "en",
        "currency": "EUR",
        "theme": id,
        "group": GROUP,
        "node": "a",
        "deliveries": [
            DeliveryMethod(code="pickup", title="Pick-up", price=0, needs_address=False),
            DeliveryMethod(code="courier", title="Courier", price=490, needs_address=True),
        ],
        "payments": [PaymentMethod(code="cash", title="Cash on delivery", provider="cash", needs_central=False)],
    }
    return SiteDoc(**values | changes)


def make_category(site: str, slug: str, **changes: Any) -> CategoryDoc:
    values: dict[str, Any] = {"id": hex_of(site, slug), "site": site, "slug": slug, "title": slug.title()}
    return CategoryDoc(**values | changes)


def make_variant(sku: str, price: int, options: str = "", **changes: Any) -> VariantDoc:
    values: dict[str, Any] = {
        "id": hex_of("variant", sku, options),
        "sku": sku,
        "options": options,
        "options_title": options.rpartition("=")[2],
        "price": price,
    }
    return VariantDoc(**values | changes)


def make_product(site: str, slug: str, **changes: Any) -> ProductDoc:
    values: dict[str, Any] = {
        "id": hex_of(site, "product", slug),
        "site": site,
        "slug": slug,
        "title": slug.replace("-", " ").title(),
        "categories": [],
        "currency": "EUR",
        "variants": [make_variant(f"{site}-{slug}", 1990)],
    }
    return ProductDoc(**values | changes)


def cards_of(product: ProductDoc, **changes: Any) -> list[CardDoc]:
    return [
        CardDoc(
            **{
                "site": product.site,
                "sku": variant.sku,
                "options": variant.options,
                "variant": variant.id,
                "title": product.title,
                "options_title": variant.options_title,
                "slug": product.slug,
                "price": variant.price,
                "currency": product.currency,
                "picture": product.pictures[0] if product.pictures else None,
                **changes,
            }
        )
        for variant in product.variants
    ]


def make_picture(svg: str, alt: str = "", side: int = 800) -> Picture:
    """A picture that is already on this edge's disk."""
    body = svg.encode()
    name = hashlib.sha256(body).hexdigest()
    pictures.store(f"{name}.svg", body)
    return Picture(hash=name, ext="svg", width=side, height=side, alt=alt)


def hex_of(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


Entry = tuple[str, str, Struct | None]


def entry(doc: Struct) -> Entry:
    """(full topic, key, document) as central names them."""
    match doc:
        case SiteDoc():
            return f"site:{doc.group}", doc.id, doc
        case CategoryDoc():
            return f"category:{doc.site}", doc.id, doc
        case ProductDoc():
            return f"product:{doc.site}", doc.id, doc
        case CardDoc():
            return f"card:{GROUP}", card_key(doc.site, doc.sku, doc.options), doc
        case SeoDoc():
            return f"seo:{doc.site}", doc.key, doc
        case RedirectDoc():
            return f"redirect:{doc.site}", doc.source, doc
        case FeedDoc():
            return f"feed:{doc.site}", doc.name, doc
        case WordsDoc():
            return "words:all", doc.language, doc
    raise TypeError(doc)


def publish(*docs: Struct, ver: int = 1) -> list[tuple[str, str]]:
    """What the link does when these documents arrive; returns (topic, key) of each."""
    return publish_entries([entry(doc) for doc in docs], ver=ver)


def publish_goods(*products: ProductDoc, ver: int = 1) -> list[tuple[str, str]]:
    """Products together with their line cards."""
    return publish(*products, *(card for product in products for card in cards_of(product)), ver=ver)


def retract(doc: Struct, *, ver: int = 9) -> list[tuple[str, str]]:
    topic, key, _ = entry(doc)
    return publish_entries([(topic, key, None)], ver=ver)


def publish_entries(entries: Iterable[Entry], *, ver: int = 1) -> list[tuple[str, str]]:
    entries = list(entries)

    def apply_all() -> None:
        for topic, key, doc in entries:
            body = None if doc is None else pack(doc)
            Document.objects.update_or_create(topic=topic, key=key, defaults={"ver": ver, "body": body})
            for hook in apply_hooks(topic):
                hook(topic, key, ver, body)

    writer.run_sync(apply_all)
    return [(topic, key) for topic, key, _ in entries]


async def arrive(*docs: Struct, ver: int = 1) -> None:
    """`publish`, and everybody is told."""
    await run_after_apply(publish(*docs, ver=ver))
