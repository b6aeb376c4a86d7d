"""Documents central publishes and edges keep: what a shop is, what it sells, who its sisters are.

A document travels as a *state* entry: the log carries a pointer (topic, key, version), the body is read at send
time. Topic names carry the audience: `product:tea` is the products of site `tea`, `card:main` the line cards of
cart group `main`. Money is an integer in minor units beside its currency (ISO 4217).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

# --- realm `cluster` ---------------------------------------------------------------------------------------------


class DeliveryMethod(Struct, frozen=True, kw_only=True):
    """A way to bring the goods: `pickup` or `courier`, at a flat price in the site's currency."""

    code: str
    title: str
    price: int
    needs_address: bool
    note: str = ""


class PaymentMethod(Struct, frozen=True, kw_only=True):
    """A way to pay. `needs_central`: cut off, it turns into "accepted, a pay link follows"."""

    code: str
    title: str
    provider: str
    needs_central: bool
    note: str = ""


class PagesDoc(Struct, frozen=True, kw_only=True):
    """How a shop's pages lie as files. `excluded`: patterns of addresses, each with all below it."""

    is_on: bool = True
    lifetime_minutes: int = 0  # made anew after so long though nothing changed; 0: never
    making: Literal["all", "asked"] = "all"  # the robot makes every page, or those somebody asked for
    renewal: Literal["at_once", "asked"] = "at_once"  # a changed page is made anew at once, or when it is asked for
    excluded: list[str] = []
    excluded_sections: list[str] = []  # slugs of shelves: their pages, and those of the goods that stand first on them
    packs_html: bool = True  # pages go out as gzip or Brotli
    minifies_css: bool = True
    minifies_js: bool = True
    joins_css: bool = True  # what every page loads is one file
    joins_js: bool = True
    is_warmed: bool = True  # a purged page is fetched again through the CDN, so that no visitor waits for it


class MediaDoc(Struct, frozen=True, kw_only=True):
    """Where a shop's pictures and static files come from, when not from its own origin.

    `origins`: region -> scheme://host that answers now, "" for every other region; central leaves dead ones out.
    """

    origins: dict[str, str] = {}
    types: list[str] = []  # endings of file names; none: all
    sections: list[str] = []  # beginnings of addresses of the pages that use it; none: every page


class SiteWords(Struct, frozen=True, kw_only=True):
    """A shop's own words in one more language, or for one region; "" and what is missing: as without it.

    `deliveries`, `payments`: code of a way -> (title, note).
    """

    name: str = ""
    label: str = ""
    tagline: str = ""
    about: str = ""
    address: str = ""
    deliveries: dict[str, tuple[str, str]] = {}
    payments: dict[str, tuple[str, str]] = {}


class LanguageDoc(Struct, frozen=True, kw_only=True):
    """One more language of a shop, with an address of its own: an origin, or a path below the shop's origin."""

    code: str  # IETF tag in small letters: "en", "ar", "pt-br"
    name: str  # as its speakers call it: "English"
    origin: str = ""  # scheme://host[:port]; "": the shop's
    path: str = ""  # "/en"; "" with an origin of its own
    words: SiteWords = SiteWords()


class RegionDoc(Struct, frozen=True, kw_only=True):
    """A city or region as one shop serves it. What is "" or None is as in `parent`, at the top as in the shop.

    Regions are the cluster's, so prices of sister shops follow a shopper. One with neither origin nor path has no
    pages of its own; its values reach those below it.
    """

    id: str  # "msk", the same in all shops
    title: str  # in the shop's language
    titles: dict[str, str] = {}  # language -> title
    parent: str = ""
    origin: str = ""
    path: str = ""  # "/moscow"
    places: list[str] = []  # where a visitor is at home here: "RU", "RU-MOW" (ISO 3166), "524901" (GeoNames)
    phone: str = ""
    email: str = ""
    words: SiteWords = SiteWords()  # in the shop's language
    translations: dict[str, SiteWords] = {}  # language -> words
    deliveries: list[DeliveryMethod] | None = None
    payments: list[PaymentMethod] | None = None


class SiteDoc(Struct, frozen=True, kw_only=True):
    """One shop. Topic `site:<group>`, key = id; every edge of the cart group holds the sites of its sisters too.

    The shop has one address space for each language and region, an edition (`sites.editions`). `language`, `origin`
    and what follows them are the main edition's; another edition is a SiteDoc too, with its own values in their place.
    """

    id: str  # short, never changes: "tea"
    name: str  # "Чайная лавка"
    label: str  # two or three words on a cart or order line
    colour: str  # "#0b7285", the label's colour
    origin: str  # scheme://host[:port], no slash at the end
    hosts: list[str]  # host names without ports, the origin's first
    language: str  # "ru" | "en"
    currency: str  # ISO 4217
    theme: str  # a folder of sites/themes
    group: str  # the cart group
    node: str  # id of the edge that has its live carts, "" when none yet
    is_active: bool = True
    tagline: str = ""
    about: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    deliveries: list[DeliveryMethod] = []
    payments: list[PaymentMethod] = []
    pages: PagesDoc = PagesDoc()
    media: MediaDoc = MediaDoc()
    languages: list[LanguageDoc] = []  # beside `language`
    regions: list[RegionDoc] = []
    #: what a first visitor gets whose browser or place asks for another edition
    detection: Literal["off", "offer", "move"] = "offer"
    #: staff previews begun before this (seconds since 1970) are over
    previews_from: int = 0
    #: of an edition: what stands before each of its paths, its region, and the main edition's origin
    base: str = ""
    region: str = ""
    home: str = ""


class NodeDoc(Struct, frozen=True, kw_only=True):
    """A sister edge: the keys to verify its hop tokens and to seal one for it. Topic `node:<group>`, key = id.

    Keys are URL-safe base64 without padding, 32 bytes each: Ed25519 (`sign_key`) and X25519 (`seal_key`).
    """

    id: str
    name: str
    sites: list[str]
    sign_key: str
    seal_key: str
    is_revoked: bool = False


class SealingKeyDoc(Struct, frozen=True, kw_only=True):
    """A public key of central's to seal personal data to (HPKE, X25519). Topic `sealing_key:all`, key = id."""

    id: str
    public: str
    is_current: bool = True


class RateDoc(Struct, frozen=True, kw_only=True):
    """How many micro-units of `quote` one unit of `base` costs. Topic `rate:all`, key = "EUR/RUB".

    1 EUR = 98.5 RUB is `micros=98_500_000`, in whole units, before minor digits.
    """

    base: str
    quote: str
    micros: int
    ver: int


class WordsDoc(Struct, frozen=True, kw_only=True):
    """The words of shops' pages themselves (buttons, labels, notes) in one language. Topic `words:all`, key = language.

    `words`: English text as gettext knows it ("context\x04text" where it has one) -> its translation, one form for
    each number that `plural` tells apart. What is missing is as the shipped translation has it, else English.
    """

    language: str
    words: dict[str, list[str]] = {}
    plural: str = "n != 1"  # as after "plural=" in a PO file


# --- realm `catalog` ---------------------------------------------------------------------------------------------


#: region -> whether something is shown there and in the regions within that say nothing; "" -> where no region says it
Reach: TypeAlias = dict[str, bool]


class CategoryWords(Struct, frozen=True, kw_only=True):
    """A shelf in one more language; "": as in the shop's own."""

    title: str = ""
    text: str = ""


class ProductWords(Struct, frozen=True, kw_only=True):
    """A product in one more language; what is missing is as in the shop's own.

    `options`: variant id -> title. `alts`: hash of a picture -> what is to be seen in it.
    """

    title: str = ""
    text: str = ""
    options: dict[str, str] = {}
    attributes: list[tuple[str, str]] = []
    alts: dict[str, str] = {}


class PictureSource(Struct, frozen=True, kw_only=True):
    """One more file of a picture, served as the picture itself is; the browser takes the one it likes best."""

    type: str  # "image/avif"
    hash: str
    ext: str
    width: int
    height: int


class Picture(Struct, frozen=True, kw_only=True):
    """A picture by content: `hash` is the sha256 of its bytes in hex; served at `/_m/<hash>.<ext>` by every node.

    `sources` stand in the order of preference, widths rising within a type; those of the picture's own type come last.
    """

    hash: str
    ext: str  # "svg" | "avif" | "webp" | "jpg" | "png" | "gif"
    width: int
    height: int
    alt: str = ""
    sources: list[PictureSource] = []

    @property
    def names(self) -> list[str]:
        """The names of all its files, each once."""
        others = (f"{one.hash}.{one.ext}" for one in self.sources)
        return list(dict.fromkeys([f"{self.hash}.{self.ext}", *others]))


class CategoryDoc(Struct, frozen=True, kw_only=True):
    """A shelf of a site. Topic `category:<site>`, key = id (UUID hex)."""

    id: str
    site: str
    slug: str
    title: str
    parent: str = ""
    position: int = 0
    text: str = ""
    picture: Picture | None = None
    translations: dict[str, CategoryWords] = {}  # language -> words
    shown: Reach = {}


class VariantDoc(Struct, frozen=True, kw_only=True):
    """A sellable unit: (sku, options). `id` is the variant's UUID hex, the key of its stock."""

    id: str
    sku: str
    options: str  # canonical: "size=L;colour=red", "" when there are none
    options_title: str  # as a shopper reads it: "L, red"
    price: int
    old_price: int = 0
    barcode: str = ""  # GTIN, or one of the shop's own
    prices: dict[str, int] = {}  # region -> price there and below it


class ProductDoc(Struct, frozen=True, kw_only=True):
    """A product as one site shows it. Topic `product:<site>`, key = id (UUID hex)."""

    id: str
    site: str
    slug: str
    title: str
    categories: list[str]
    currency: str
    variants: list[VariantDoc]
    pictures: list[Picture] = []
    text: str = ""  # plain text, paragraphs parted by an empty line
    brand: str = ""
    attributes: list[tuple[str, str]] = []
    position: int = 0
    changed: str = ""  # the day of the last change, "2027-01-31"
    translations: dict[str, ProductWords] = {}  # language -> words
    shown: Reach = {}


class CardDoc(Struct, frozen=True, kw_only=True):
    """A line card: all an edge needs to show and sell one unit of any sister shop, about 200 bytes.

    Topic `card:<group>`, key = `card_key(site, sku, options)`.
    """

    site: str
    sku: str
    options: str
    variant: str
    title: str
    options_title: str
    slug: str
    price: int
    currency: str
    picture: Picture | None = None
    is_on_sale: bool = True
    prices: dict[str, int] = {}  # region -> price there and below it
    titles: dict[str, tuple[str, str]] = {}  # language -> (title, options_title)
    shown: Reach = {}


class LevelDoc(Struct, frozen=True, kw_only=True):
    """How much there is of a unit, in a word: "in", "low" or "out". Topic `level:<site>`, key = variant (UUID hex)."""

    level: str


class SeoDoc(Struct, frozen=True, kw_only=True):
    """Rules for heads of pages. Topic `seo:<site>`; keys are made in `sites.seo.rules`, "robots" is for robots.txt.

    `fields`: the name of a field -> a pattern, or in a key of one page the value itself.
    """

    site: str
    key: str
    fields: dict[str, str]


class RedirectDoc(Struct, frozen=True, kw_only=True):
    """An old address and where it leads. Topic `redirect:<site>`, key = `source`.

    `source`: a path as it reads, unquoted, with "?" and the query when that is part of it. `target`: a path of the
    shop, quoted, or an https address.
    """

    site: str
    source: str
    target: str
    status: int = 301


class FeedDoc(Struct, frozen=True, kw_only=True):
    """A feed of goods, served at `/feeds/<name>.xml` of one edition. Topic `feed:<site>`, key = `name`.

    Categories and products are ids (UUID hex); prices are minor units, `max_price` 0 = no limit. `fields`: the name of
    an element -> the pattern of its text, "" leaves it out.
    """

    site: str
    name: str
    kind: str  # "yml" | "google"
    title: str = ""
    categories: list[str] = []  # with all below them; [] = all
    without_categories: list[str] = []
    without_products: list[str] = []
    only_products: list[str] = []
    in_stock_only: bool = False
    min_price: int = 0
    max_price: int = 0
    fields: dict[str, str] = {}
    #: of the edition it tells of, at whose addresses it lives: "" is the shop's own language, no region
    language: str = ""
    region: str = ""


def card_key(site: str, sku: str, options: str = "") -> str:
    """The key of a line card; U+001F parts the three because a sku may hold any printable sign."""
    return f"{site}\x1f{sku}\x1f{options}"


# --- realm `orders` ----------------------------------------------------------------------------------------------


class OrderStateDoc(Struct, frozen=True, kw_only=True):
    """What the shopper may see of an order's life. Topic `order_state:<edge node id>`, key = order id (UUID hex)."""

    id: str
    number: str
    status: str  # a code: "new", "confirmed", ...
    titles: dict[str, str]  # language -> the status in words
    is_final: bool
    changed_at: int  # ms since 1970
    pay_url: str = ""  # set once central has made a pay link
    pending_units: int = 0  # units that still wait for stock
