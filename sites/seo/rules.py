"""Which fields a page's head has, which tokens its patterns know, and what is shipped.

A field's value is looked for in this order: the page's own value, taken as it is; the patterns of its section, the
nearest first; those of its kind; those of all kinds; what is shipped. The documents of topic `seo:<site>` hold all
but the last, under the keys made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sites.seo.patterns import ATTRIBUTE, BadPattern, check

Kind = Literal["home", "about", "category", "product"]
KINDS: Final[tuple[Kind, ...]] = ("home", "about", "category", "product")
#: patterns for pages of every kind
EVERY: Final = "every"
ROBOTS: Final = "robots"

#: fields of a head, in the order of the form
TEXTS: Final = ("title", "h1", "breadcrumb", "description", "keywords", "news_keywords", "copyright", "author")
ADDRESSES: Final = ("canonical", "original_source", "image")
CHOICES: Final = ("standout", "rating", "robots", "unavailable_after", "expires")
FIELDS: Final = (*TEXTS, *ADDRESSES, *CHOICES)
#: of whole sites: they prove to a search engine whose the site is
VERIFICATIONS: Final = ("google_verification", "yandex_verification", "bing_verification")
#: the last part of an address, when a page gets its first one
ALIAS: Final = "alias"

RATINGS: Final = ("general", "0+", "6+", "12+", "16+", "18+", "adult")
ROBOT_WORDS: Final = (
    "all",
    "index",
    "noindex",
    "follow",
    "nofollow",
    "none",
    "noarchive",
    "nosnippet",
    "noimageindex",
    "notranslate",
    "noodp",
    "noyaca",
)
ROBOT_LIMITS: Final = ("max-snippet", "max-image-preview", "max-video-preview")

_COMMON: Final = ("shop", "tagline", "domain", "phone", "address", "language")
_PRODUCT: Final = ("title", "brand", "sku", "price", "old_price", "currency", "section", "sections", "text")
TOKENS: Final[dict[Kind, tuple[str, ...]]] = {
    "home": (*_COMMON, "title", "text"),
    "about": (*_COMMON, "title", "text"),
    "category": (*_COMMON, "title", "section", "sections", "text", "count", "page"),
    "product": (*_COMMON, *_PRODUCT, ATTRIBUTE),
}
#: what an address may be made of
ALIAS_TOKENS: Final[dict[Kind, tuple[str, ...]]] = {
    "home": (),
    "about": (),
    "category": ("title", "section"),
    "product": ("title", "brand", "sku"),
}
#: the parts of a breadcrumb stand between these
CRUMB_SPLIT: Final = ">"
CRUMB_TOKENS: Final = ("home", "sections", "title", "section", "brand", "shop", "page")

#: shipped: each says most in the first sixty signs, which is what a list of results shows
SHIPPED: Final[dict[str, dict[str, str]]] = {
    EVERY: {
        "h1": "{title}",
        "description": "{text|title:180}",
        "copyright": "{shop}",
        "robots": "max-image-preview:large",
    },
    "home": {"title": "{shop}[ — {tagline}]", "description": "{tagline|text|shop:180}", "breadcrumb": ""},
    "about": {"title": "{title} — {shop}", "h1": "{shop}", "breadcrumb": "{home} > {title}"},
    "category": {
        "title": "{title}[ ({page})] — {shop}",
        "breadcrumb": "{home} > {sections} > {title}",
        ALIAS: "{title}",
    },
    "product": {
        "title": "{title}[ — {brand}] | {shop}",
        "breadcrumb": "{home} > {sections} > {title}",
        ALIAS: "{title}",
    },
}

Rules = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Found:
    """A field's value before it is filled, and the key it was found under; "" = shipped."""

    value: str
    key: str


def kind_key(kind: str) -> str:
    """The patterns of a kind of pages, or of `EVERY` kind."""
    return f"kind:{kind}"


def section_key(category: str, kind: str) -> str:
    """The patterns of pages of a kind in a section and below it."""
    return f"section:{category}:{kind}"


def page_key(kind: str, id_: str = "") -> str:
    """The own values of one page; home and about have no id."""
    return f"page:{kind}:{id_}" if id_ else f"page:{kind}"


def language_key(language: str, key: str) -> str:
    """The words of a rule in one more language of the shop; `key` alone is the shop's own."""
    return f"{language}/{key}"


def in_language(language: str, rules: Rules) -> dict[str, dict[str, str]]:
    """Rules as a page in one more language takes them: its own words, and of the shop's rules all but the words.

    A pattern in another language would stand in the midst of a page's own; what is shipped speaks every language.
    """
    found: dict[str, dict[str, str]] = {}
    for key, fields in rules.items():
        if "/" not in key:
            found.setdefault(key, {}).update({name: value for name, value in fields.items() if name not in TEXTS})
    for key, fields in rules.items():
        spoken, slash, plain = key.partition("/")
        if slash and spoken == language:
            found.setdefault(plain, {}).update(fields)
    return found


def keys_for(kind: Kind, id_: str, sections: Sequence[str]) -> list[str]:
    """The keys a page reads, the nearest first. `sections` go from the top down."""
    inside = [section_key(each, kind) for each in reversed(sections)]
    return [page_key(kind, id_), *inside, kind_key(kind), kind_key(EVERY)]


def look_up(field: str, kind: str, rules: Rules, keys: Iterable[str]) -> Found:
    for key in keys:
        if value := rules.get(key, {}).get(field, ""):
            return Found(value, key)
    shipped = SHIPPED.get(kind, {})
    return Found(shipped[field] if field in shipped else SHIPPED[EVERY].get(field, ""), "")


def tokens_of(field: str, kind: str) -> tuple[str, ...]:
    """The tokens a pattern of this field may use; what is for every kind knows what all kinds know."""
    kinds = KINDS if kind == EVERY else (kind,)
    if field == ALIAS:
        sets = [ALIAS_TOKENS[one] for one in kinds]  # type: ignore[index]
    elif field == "breadcrumb":
        sets = [CRUMB_TOKENS]
    else:
        sets = [TOKENS[one] for one in kinds]  # type: ignore[index]
    return tuple(name for name in sets[0] if all(name in each for each in sets))


def check_field(field: str, kind: str, value: str, *, is_own: bool = False) -> None:
    """Raises `BadPattern` for a value that no page can use. Own values are taken as they are, patterns are filled."""
    if not value:
        return
    if field in VERIFICATIONS:
        if not value.replace("-", "").replace("_", "").isalnum():
            raise BadPattern("a verification code has letters, digits, '-' and '_' alone: paste the code, not the tag")
    elif field == "rating":
        _one_of(value, RATINGS)
    elif field == "standout":
        _one_of(value, ("yes",))
    elif field == "robots":
        _check_robots(value)
    elif field in ("unavailable_after", "expires"):
        _check_day(value)
    elif field in ADDRESSES and is_own:
        _check_address(value)
    elif field == "breadcrumb":
        _check_crumbs(value, kind)
    elif not is_own:
        check(value, tokens_of(field, kind))
    elif len(value) > 1_000:
        raise BadPattern("this has at most 1000 signs")
    if field in ADDRESSES and not is_own:
        raise BadPattern("an address belongs to one page: set it on the page itself")


def _one_of(value: str, words: Sequence[str]) -> None:
    if value not in words:
        raise BadPattern(f"'{value}' is none of: {', '.join(words)}")


def _check_robots(value: str) -> None:
    for word in (part.strip() for part in value.split(",")):
        name, _, number = word.partition(":")
        if name in ROBOT_LIMITS:
            is_right = number in ("none", "standard", "large") if name == "max-image-preview" else _is_limit(number)
            if not is_right:
                raise BadPattern(f"'{word}' has no limit that robots know; one is max-image-preview:large")
        elif word not in ROBOT_WORDS:
            raise BadPattern(f"robots know no '{word}'; they know: {', '.join((*ROBOT_WORDS, *ROBOT_LIMITS))}")


def _is_limit(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _check_day(value: str) -> None:
    parts = value.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not all(part.isascii() and part.isdigit() for part in parts):
        raise BadPattern("a day is written as 2027-01-31")
    year, month, day = map(int, parts)
    if not (year > 1990 and 1 <= month <= 12 and 1 <= day <= _days(year, month)):
        raise BadPattern(f"there is no day {value}")


def _days(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _check_address(value: str) -> None:
    is_own_path = value.startswith("/") and not value.startswith("//")
    if not (is_own_path or value.startswith("https://")) or not value.isprintable() or " " in value:
        raise BadPattern("an address begins with / (of this shop) or with https://, and has no spaces")


def _check_crumbs(value: str, kind: str) -> None:
    for part in value.split(CRUMB_SPLIT):
        text = part.strip()
        if not text:
            raise BadPattern(f"a part between two '{CRUMB_SPLIT}' is empty")
        check(text, CRUMB_TOKENS)
        if text != "{sections}" and "{sections}" in text:
            raise BadPattern(f"{{sections}} is a part of its own: {{home}} {CRUMB_SPLIT} {{sections}} {CRUMB_SPLIT} …")
