"""What a CDN may purge pages by: short tags of what a page is and shows.

A tag is a letter and eleven hex digits: `s` the site, `k` the site's pages of one kind, `c` a category of the site, `p`
a product. A page has them from the coarsest to the finest. The header is kept below 8 kB: servers in between cut or
refuse long ones. A page with more gets coarser tags instead, never a part of the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from sites.urls import Address

#: bytes that the value of a `Cache-Tag` header may have
MOST_BYTES: Final = 8_000
#: letters of tags, the finest first: what is dropped first when there are too many
FINEST: Final = "pck"
#: letters of those that central purges by, the finest first: what a web server in front of an edge can say of a file
PURGED: Final = "ks"


def page_tags(site: str, kind: str, *, categories: Iterable[str] = (), products: Iterable[str] = ()) -> tuple[str, ...]:
    """The tags of a page: `kind` as in `sites.urls.Address`; names of the categories and products that it is about."""
    tags = [site_tag(site), kind_tag(site, kind)]
    tags += [category_tag(site, one) for one in categories]
    tags += [product_tag(site, one) for one in products]
    return fitting(dict.fromkeys(tags))


def of_address(site: str, address: Address) -> tuple[str, ...]:
    """What the address alone tells, so that a page has the same tags wherever its bytes come from."""
    return page_tags(
        site,
        address.kind,
        categories=[address.slug] if address.kind == "category" else (),
        products=[address.slug] if address.kind == "product" else (),
    )


def site_tag(site: str) -> str:
    return _tag("s", site)


def kind_tag(site: str, kind: str) -> str:
    return _tag("k", site, kind)


def category_tag(site: str, category: str) -> str:
    return _tag("c", site, category)


def product_tag(site: str, product: str) -> str:
    return _tag("p", site, product)


def fitting(tags: Iterable[str]) -> tuple[str, ...]:
    """All of the tags, or without those of the finest sorts, so that the header stays below `MOST_BYTES`."""
    kept = tuple(tags)
    for finest in FINEST:
        if len(header(kept)) <= MOST_BYTES:
            break
        kept = tuple(tag for tag in kept if not tag.startswith(finest))
    return kept


def header(tags: Iterable[str]) -> bytes:
    """The value of `Cache-Tag`."""
    return ",".join(tags).encode("ascii")


def _tag(letter: str, *parts: str) -> str:
    # U+001F parts them: "a" + "bc" is not "ab" + "c".
    return letter + blake2b("\x1f".join(parts).encode(), digest_size=6).hexdigest()[:11]
