"""The demo's patterns, feeds and old addresses: what its shops would really have."""

from __future__ import annotations

from central.catalog.models import Category, Listing
from central.seo.feeds import save_feed
from central.seo.models import Redirect
from central.seo.redirects import Wanted, set_redirects
from central.seo.rules import set_rule
from sites.seo.rules import EVERY, ROBOTS, kind_key, language_key, page_key, section_key

BY = "demo"
#: site -> kind of pages -> patterns; clay stands under tea and takes what it has not from there
PATTERNS = {
    "tea": {
        "product": {
            "title": "{title}[ — {brand}] за {price} | {shop}",
            "description": "{title}[, {attribute.Регион}]: {price}. {text:120}",
            "keywords": "{title}, {section}, купить",
        },
        "category": {"title": "{title}[ ({page})]: {count} видов | {shop}"},
        EVERY: {"author": "{shop}"},
    },
    "clay": {"product": {"title": "{title} ручной работы | {shop}"}},
    "ink": {"product": {"title": "{title}[ by {brand}] — {price} | {shop}", "keywords": "{title}, {section}"}},
}
#: site -> what the addresses of goods and of the page about the shop were in its old shop
_OLD = {
    "tea": ("/katalog/tovar-{n}.html", "/o-nas"),
    "clay": ("/shop/item/{n}", "/info"),
    "ink": ("/pens?id={n}", "/us"),
}


def fill_seo() -> None:
    """Call once, when the goods are there."""
    for site, kinds in PATTERNS.items():
        for kind, fields in kinds.items():
            set_rule(site, kind_key(kind), fields)
        set_rule(site, ROBOTS, {"extra": "Clean-param: utm_source&utm_medium&utm_campaign /" if site != "ink" else ""})
        _feeds(site)
        _old_addresses(site)
    about = "Кто мы, как доставляем и как вернуть чай, который не понравился."
    # The article was taken down since: the robot that looks for broken links has something to find
    set_rule("tea", page_key("about"), {"description": about, "original_source": "/stati/istoriya-lavki"})


def fill_words() -> None:
    """Patterns in a further language and of a section; call once the shops speak their languages."""
    english = {"title": "{title}[ by {brand}], {price} | {shop}", "description": "{title}: {price}. {text:120}"}
    set_rule("tea", language_key("en", kind_key("product")), english)
    shelf = Category.objects.filter(site="tea", parent=None).order_by("position").first()
    if shelf is not None:
        fields = {"title": "{title}[ — {brand}]: {section} | {shop}"}
        set_rule("tea", section_key(shelf.pk.hex, "product"), fields)


def fill_edition_feeds() -> None:
    """Feeds of a language and region; call once the shops have them."""
    moscow = {"language": "ru", "region": "msk"}
    save_feed("tea", "market-msk", kind="yml", title="Яндекс.Маркет, Москва", choice=moscow)
    save_feed("tea", "merchant-en", kind="google", title="Google Merchant, English", choice={"language": "en"})


def _feeds(site: str) -> None:
    save_feed(site, "market", kind="yml", title="Яндекс.Маркет", choice={"in_stock_only": True})
    label = {"custom_label_0": "{section}"}
    save_feed(site, "merchant", kind="google", title="Google Merchant", choice={"min_price": 100}, fields=label)


def _old_addresses(site: str) -> None:
    item, about = _OLD[site]
    slugs = Listing.objects.filter(site=site).order_by("position").values_list("slug", flat=True)[:5]
    rows = [Wanted(item.format(n=number), f"/p/{slug}") for number, slug in enumerate(slugs, 101)]
    set_redirects(site, [*rows, Wanted(about, "/about")], cause=Redirect.Cause.FILE, by=BY)
