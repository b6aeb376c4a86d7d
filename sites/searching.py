"""What of a shop can be found: documents -> entries of a search index. The same at an edge and at central.

The id of an entry says its document: `product-<id>`, `category-<id>`, `page-about`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from infra.search import Entry
from sites import editions, shelf
from sync.contracts.documents import CategoryDoc, ProductDoc, SiteDoc

PRODUCT: Final = "product"
CATEGORY: Final = "category"
PAGE: Final = "page"
#: in the order in which they are shown
KINDS: Final = (CATEGORY, PRODUCT, PAGE)

ABOUT: Final = "page-about"
#: of a text; a novel would fill the index with words nobody looks for
_MOST_TEXT: Final = 20_000
#: the facet that names the regions in which an entry is not shown
_HIDDEN: Final = "hidden"
#: the pages without a region, as a value of it
_NO_REGION: Final = "-"


def index_of(site_id: str, language: str) -> str:
    """The name of the index of a shop in one language."""
    return f"{site_id}-{language.lower()}"


def visible_in(site: SiteDoc) -> dict[str, list[str]]:
    """The facets that no entry may have which an edition's visitors find: `infra.search.Query.not_facets`."""
    return {_HIDDEN: [site.region or _NO_REGION]}


def _hidden(site: SiteDoc, thing: ProductDoc | CategoryDoc) -> dict[str, list[str]]:
    hidden = [region or _NO_REGION for region in editions.hidden_in(site, thing)]
    return {_HIDDEN: hidden} if hidden else {}


def product_entry(
    site: SiteDoc, product: ProductDoc, tree: Sequence[CategoryDoc], *, is_on_sale: bool, mark: str = ""
) -> Entry | None:
    """None: there is nothing to sell of it. Of a shop in one language, for all its regions."""
    if not product.variants:
        return None
    shelves = [each for each in tree if each.id in product.categories]
    above = {one.id for each in shelves for one in shelf.path_to(tree, each)}
    words = [product.brand, *(value for _, value in product.attributes)]
    words += [word for variant in product.variants for word in (variant.sku, variant.options_title)]
    return Entry(
        id=f"{PRODUCT}-{product.id}",
        kind=PRODUCT,
        title=product.title,
        words=" ".join(dict.fromkeys(filter(None, words))),
        text=product.text[:_MOST_TEXT],
        facets={"brand": [product.brand] if product.brand else [], "shelf": sorted(above), **_hidden(site, product)},
        is_on_sale=is_on_sale,
        position=product.position,
        mark=mark,
    )


def category_entry(site: SiteDoc, category: CategoryDoc, *, mark: str = "") -> Entry:
    return Entry(
        id=f"{CATEGORY}-{category.id}",
        kind=CATEGORY,
        title=category.title,
        text=category.text[:_MOST_TEXT],
        facets=_hidden(site, category),
        position=category.position,
        mark=mark,
    )


def about_entry(site: SiteDoc, *, mark: str = "") -> Entry | None:
    if not site.about:
        return None
    return Entry(id=ABOUT, kind=PAGE, title=about_title(site), text=site.about, mark=mark)


def about_title(site: SiteDoc) -> str:
    return f"{site.name}: {site.tagline}" if site.tagline else site.name
