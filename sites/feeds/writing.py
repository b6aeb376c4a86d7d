"""Feeds as files: Yandex.Market YML, and RSS 2.0 with the `g:` elements of Google Merchant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from sites import urls
from sites.feeds.fields import elements, pattern_of
from sites.feeds.items import Item, category_number, clean
from sites.feeds.problems import is_left_out
from sites.seo.jsonld import amount
from sites.seo.patterns import shorten
from sites.shelf import path_to
from sync.contracts.documents import CategoryDoc, FeedDoc, SiteDoc

_DECLARED: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_MOST_PARAMS: Final = 50


def write(
    site: SiteDoc, feed: FeedDoc, tree: Sequence[CategoryDoc], items: Iterable[Item], made_at: str
) -> Iterator[str]:
    """The whole file, piece by piece. `made_at`: ISO 8601 to the minute with the offset, "2027-01-31T10:00+00:00"."""
    written = (item for item in items if not is_left_out(feed, item))
    return _google(site, feed, written) if feed.kind == "google" else _yml(site, feed, tree, written, made_at)


# --- Yandex.Market ------------------------------------------------------------------------------------------------


def _yml(
    site: SiteDoc, feed: FeedDoc, tree: Sequence[CategoryDoc], items: Iterator[Item], made_at: str
) -> Iterator[str]:
    yield f"{_DECLARED}<yml_catalog date={quoteattr(made_at)}>\n<shop>\n"
    yield _tag("name", site.name[:250]) + _tag("company", site.name) + _tag("url", urls.absolute(site, urls.home()))
    yield f'<currencies><currency id="{escape(site.currency)}" rate="1"/></currencies>\n<categories>\n'
    for each in sorted(tree, key=lambda one: (len(path_to(tree, one)), one.position, one.id)):
        parent = f' parentId="{category_number(each.parent)}"' if each.parent else ""
        yield f'<category id="{category_number(each.id)}"{parent}>{escape(clean(each.title))}</category>\n'
    yield "</categories>\n<offers>\n"
    for item in items:
        yield _offer(feed, item)
    yield "</offers>\n</shop>\n</yml_catalog>\n"


def _offer(feed: FeedDoc, item: Item) -> str:
    group = f' group_id="{category_number(item.group)}"' if item.group else ""
    lines = [f'<offer id={quoteattr(item.id)} available="{"true" if item.is_in_stock else "false"}"{group}>\n']
    texts = {name: _text(feed, item, name) for name in elements("yml")}
    lines.append(_tag("name", texts.pop("name")))
    lines.append(_tag("url", item.url) + _tag("price", _plain(item.price, item.currency)))
    # The Market strikes out a price only when it is at least a twentieth dearer
    if item.old_price and (item.old_price - item.price) * 20 >= item.old_price:
        lines.append(_tag("oldprice", _plain(item.old_price, item.currency)))
    lines.append(_tag("currencyId", item.currency) + _tag("categoryId", str(category_number(item.categories[-1].id))))
    lines += [_tag("picture", picture) for picture in item.pictures]
    lines += [_tag(name, text) for name, text in texts.items() if text]
    for name, value in item.product.attributes[:_MOST_PARAMS]:
        lines.append(f"<param name={quoteattr(clean(name))}>{escape(clean(value))}</param>\n")
    return "".join([*lines, "</offer>\n"])


def _plain(price: int, currency: str) -> str:
    """ "1990", "1990.50": without a fraction where there is none."""
    text = amount(price, currency)
    whole, _, fraction = text.partition(".")
    return text if fraction.strip("0") else whole


# --- Google Merchant ----------------------------------------------------------------------------------------------


def _google(site: SiteDoc, feed: FeedDoc, items: Iterator[Item]) -> Iterator[str]:
    yield f'{_DECLARED}<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
    yield _tag("title", feed.title or site.name) + _tag("link", urls.absolute(site, urls.home()))
    yield _tag("description", site.tagline or site.name)
    for item in items:
        yield _google_item(feed, item)
    yield "</channel>\n</rss>\n"


def _google_item(feed: FeedDoc, item: Item) -> str:
    texts = {name: _text(feed, item, name) for name in elements("google")}
    pairs = [("id", item.id), ("title", texts.pop("title")), ("description", texts.pop("description"))]
    pairs += [("link", item.url), *_google_pictures(item)]
    pairs.append(("availability", "in_stock" if item.is_in_stock else "out_of_stock"))
    money = f"{amount(item.price, item.currency)} {item.currency}"
    if item.old_price:
        pairs += [("price", f"{amount(item.old_price, item.currency)} {item.currency}"), ("sale_price", money)]
    else:
        pairs.append(("price", money))
    if item.group:
        pairs.append(("item_group_id", item.group))
    pairs += [(name, text) for name, text in texts.items() if text]
    if not texts["gtin"] and not (texts["brand"] and texts["mpn"]):
        pairs.append(("identifier_exists", "no"))
    return "<item>\n" + "".join(_tag(f"g:{name}", value) for name, value in pairs) + "</item>\n"


def _google_pictures(item: Item) -> list[tuple[str, str]]:
    first, rest = item.pictures[:1], item.pictures[1:]
    return [("image_link", each) for each in first] + [("additional_image_link", each) for each in rest]


# --- both ---------------------------------------------------------------------------------------------------------


def _text(feed: FeedDoc, item: Item, name: str) -> str:
    return shorten(item.text(pattern_of(feed, name)), elements(feed.kind)[name].most)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(clean(text))}</{name}>\n"
