"""What the API takes and answers. Money is whole minor units beside its currency; moments are ISO 8601 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Header, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

#: PostgreSQL keeps no NUL, and no key of ours holds an unprintable sign
TEXT = r"^[^\x00]*$"
#: a version as `ETag` gave it
IfMatch = Annotated[str, Header(alias="If-Match", pattern=r'^("[0-9]{1,15}")?$', description="The ETag you saw.")]
Ver = Annotated[int | None, Field(ge=1, lt=2**53, description="The version you saw; 409 when it is another by now.")]
Cursor = Annotated[str, Query(max_length=600, pattern=TEXT, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200)]
Search = Annotated[str, Query(max_length=100, pattern=TEXT)]


def _as_a_date_time(value: object) -> object:
    # Pydantic would take "12" for twelve seconds after 1970.
    if isinstance(value, str) and "-" not in value[1:8]:
        raise ValueError("write a date and time such as 2026-01-31T08:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_as_a_date_time)]
SiteId = Annotated[str, Query(max_length=20, pattern=TEXT)]
Money = Annotated[int, Field(ge=0, le=10**12)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Problem(BaseModel):
    """Why nothing was done. `error` is a stable word; what else stands beside it names the things meant."""

    model_config = ConfigDict(extra="allow")
    error: str
    message: str


class Input(BaseModel):
    """A body: nothing unknown in it, no number written as a text."""

    model_config = ConfigDict(extra="forbid", strict=True)


# --- the key -------------------------------------------------------------------------------------------------------


class KeyOut(BaseModel):
    """Who you are. `sites`: ids, null for all."""

    name: str
    prefix: str
    rights: list[str]
    sites: list[str] | None
    expires_at: datetime | None


# --- sites ---------------------------------------------------------------------------------------------------------


class SiteOut(BaseModel):
    id: str
    name: str
    label: str
    colour: str
    origin: str
    language: str
    currency: str
    is_active: bool
    ver: int


class SitesOut(BaseModel):
    items: list[SiteOut]


class WayWordsOut(BaseModel):
    title: str
    note: str


class SiteWordsOut(BaseModel):
    """A shop's own words; what is empty is as without them. `deliveries`, `payments`: code of a way -> words."""

    name: str
    label: str
    tagline: str
    about: str
    address: str
    deliveries: dict[str, WayWordsOut]
    payments: dict[str, WayWordsOut]


class LanguageOut(BaseModel):
    """A language that a shop speaks; its own comes first, without words of its own. `url`: of its home page."""

    code: str
    name: str
    url: str
    is_own: bool
    words: SiteWordsOut


class LanguagesOut(BaseModel):
    items: list[LanguageOut]


class WayOut(BaseModel):
    """A way to deliver or to pay. `price`: of a delivery, else null."""

    code: str
    title: str
    note: str
    price: int | None


class SiteRegionOut(BaseModel):
    """What a shop is in a region. `url` is "" without pages of its own; null ways are as in the region around.

    `translations`: language -> words.
    """

    region: str
    title: str
    parent: str
    url: str
    phone: str
    email: str
    words: SiteWordsOut
    translations: dict[str, SiteWordsOut]
    deliveries: list[WayOut] | None
    payments: list[WayOut] | None


class SiteRegionsOut(BaseModel):
    items: list[SiteRegionOut]


class RegionOut(BaseModel):
    """A region of the cluster. `titles`: language -> title; `places`: ISO 3166 codes and numbers of GeoNames."""

    id: str
    title: str
    titles: dict[str, str]
    parent: str
    position: int
    places: list[str]


class RegionsOut(BaseModel):
    items: list[RegionOut]


# --- products ------------------------------------------------------------------------------------------------------


class UnitOut(BaseModel):
    """A sellable unit as one site sells it. `stock`: unsold units, null without the right to see them or when away."""

    site: str
    product: UUID
    variant: UUID
    sku: str
    options: str
    options_title: str
    title: str
    slug: str
    price: int
    old_price: int
    currency: str
    is_active: bool
    stock: int | None
    ver: int
    regional_prices: dict[str, int] = Field(description="Region -> price there; elsewhere `price`.")


class UnitsOut(BaseModel):
    items: list[UnitOut]
    next: str


class OptionWordsOut(BaseModel):
    """What the options of a unit are called in a language."""

    sku: str
    options: str
    title: str


class WordsOut(BaseModel):
    """A product in one more language. What is empty is shown as in the shop's own."""

    title: str
    text: str
    attributes: list[tuple[str, str]]
    options: list[OptionWordsOut]


class ProductOut(BaseModel):
    """A product as one site shows it. `translations`: language -> words."""

    id: UUID
    site: str
    title: str
    slug: str
    text: str
    brand: str
    attributes: list[tuple[str, str]]
    is_active: bool
    units: list[UnitOut]
    translations: dict[str, WordsOut]
    shown_in: dict[str, bool] = Field(
        description="Its own rule: region -> whether it is shown there and in the regions within that say nothing; "
        '"" -> where no region says it. {}: everywhere. Its shelves may hide it all the same.'
    )
    ver: int


Sku = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]+$")]
Options = Annotated[str, Field(max_length=200, pattern=TEXT, description='Canonical: "colour=red;size=L".')]
Title = Annotated[str, Field(min_length=1, max_length=300, pattern=TEXT)]
Text = Annotated[str, Field(max_length=50_000, pattern=TEXT)]
Brand = Annotated[str, Field(max_length=120, pattern=TEXT)]
Word = Annotated[str, Field(max_length=200, pattern=TEXT)]


Tag = Annotated[str, Field(max_length=16, pattern=TEXT)]
Region = Annotated[str, Field(max_length=20, pattern=TEXT)]
Pairs = Annotated[list[Annotated[list[Word], Field(min_length=2, max_length=2)]], Field(max_length=100)]


class OptionWordsIn(Input):
    """What the options of a unit are called; an empty title takes it away."""

    sku: Sku
    options: Options = ""
    title: Word


class WordsIn(Input):
    """Words in one more language. What is left out stays; what is empty is taken away."""

    title: Annotated[str, Field(max_length=300, pattern=TEXT)] | None = None
    text: Text | None = None
    attributes: Pairs | None = None
    options: Annotated[list[OptionWordsIn], Field(max_length=100)] = []


Translations = Annotated[dict[Tag, WordsIn], Field(max_length=50, description="Language -> words.")]


class UnitIn(Input):
    sku: Sku
    options: Options = ""
    options_title: Annotated[str, Field(max_length=200, pattern=TEXT)] = ""
    price: Money
    old_price: Money = 0
    regional_prices: Annotated[dict[Region, Money], Field(max_length=200, description="Region -> price there.")] = {}


class ProductIn(Input):
    """A new product; units that the site sells already are refused."""

    site: Annotated[str, Field(max_length=20, pattern=TEXT)]
    title: Title
    text: Text = ""
    brand: Brand = ""
    attributes: Pairs = []
    translations: Translations = {}
    units: Annotated[list[UnitIn], Field(min_length=1, max_length=100)]


class ProductChange(Input):
    """What is left out stays."""

    site: Annotated[str, Field(max_length=20, pattern=TEXT)]
    title: Title | None = None
    text: Text | None = None
    brand: Brand | None = None
    translations: Translations = {}
    ver: Ver = None


class PriceIn(Input):
    """With `region` the price there, null for as in the region around, or in the shop."""

    site: Annotated[str, Field(max_length=20, pattern=TEXT)]
    sku: Sku
    options: Options = ""
    region: Region = ""
    price: Money | None
    old_price: Money | None = None
    ver: Ver = None


class ShownIn(Input):
    """`regions`: as `shown_in` of a product, the whole rule; {} shows it everywhere."""

    site: Annotated[str, Field(max_length=20, pattern=TEXT)]
    regions: Annotated[dict[Region, bool], Field(max_length=200)]
    ver: Ver = None


class StockIn(Input):
    """`warehouse`: a code, to correct what lies there; without it all warehouses together are corrected."""

    site: Annotated[str, Field(max_length=20, pattern=TEXT)]
    sku: Sku
    options: Options = ""
    units: Annotated[int, Field(ge=0, le=1_000_000_000)]
    warehouse: Annotated[str, Field(max_length=20, pattern=TEXT)] = ""


class WarehouseOut(BaseModel):
    """`position`: units are taken from the lowest first."""

    code: str
    name: str
    address: str
    phone: str
    hours: str
    is_pickup: bool
    is_active: bool
    position: int


class WarehousesOut(BaseModel):
    items: list[WarehouseOut]


class StockHereOut(BaseModel):
    """Of one unit in one warehouse: `free` is what nobody has, `at_shops` what shops hold to sell."""

    warehouse: str
    free: int
    at_shops: int
    sold: int


class StockOut(BaseModel):
    """`waiting`: units sold that are not there yet, over all warehouses."""

    variant: UUID
    waiting: int
    items: list[StockHereOut]


# --- orders --------------------------------------------------------------------------------------------------------


class LineOut(BaseModel):
    """A line keeps its own price and currency; `charged` is the whole line in the order's currency."""

    position: int
    site: str
    sku: str
    options: str
    variant: UUID
    title: str
    options_title: str
    units: int
    price: int
    currency: str
    charged: int
    pending: int


class OrderOut(BaseModel):
    """`lines`: those of your sites; `total` is of the whole order."""

    id: UUID
    number: str
    site: str
    status: str
    status_group: str
    placed_at: datetime
    received_at: datetime
    changed_at: datetime
    currency: str
    goods_total: int
    delivery: str
    delivery_price: int
    payment: str
    total: int
    pending_units: int
    lines: list[LineOut]
    ver: int


class OrdersOut(BaseModel):
    items: list[OrderOut]
    next: str


class ContactOut(BaseModel):
    """What the shopper gave with the order; only for keys that may see customers."""

    name: str
    phone: str
    email: str
    address: str
    comment: str


class OrderCardOut(OrderOut):
    """`note` and `contact` are null without the right to see customers. `moves`: statuses it may go to now."""

    note: str | None
    contact: ContactOut | None
    moves: list[str]
    hidden_lines: int


class OrderLineIn(Input):
    """`site`: of a sister shop, when it is not the order's. `price`: of a unit, for keys that may set it."""

    sku: Sku
    options: Options = ""
    units: Annotated[int, Field(ge=1, le=999)]
    site: Annotated[str, Field(max_length=20, pattern=TEXT)] = ""
    price: Money | None = None


class BuyerIn(Input):
    """Who gets it. A phone without a country code is read as of the shop's country."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
    phone: Annotated[str, Field(min_length=1, max_length=40, pattern=TEXT)]
    email: Annotated[str, Field(max_length=254, pattern=TEXT)] = ""
    address: Annotated[str, Field(max_length=300, pattern=TEXT)] = ""
    comment: Annotated[str, Field(max_length=1000, pattern=TEXT)] = ""


class OrderIn(Input):
    """`delivery`, `payment`: codes of the shop's ways. `consent`: the buyer has agreed that his data is worked with."""

    site: Annotated[str, Field(max_length=20, pattern=TEXT)]
    lines: Annotated[list[OrderLineIn], Field(min_length=1, max_length=100)]
    buyer: BuyerIn
    delivery: Annotated[str, Field(max_length=40, pattern=TEXT)]
    payment: Annotated[str, Field(max_length=40, pattern=TEXT)]
    consent: Literal[True]


class StatusIn(Input):
    to: Annotated[str, Field(min_length=1, max_length=30, pattern=TEXT)]
    note: Annotated[str, Field(max_length=2000, pattern=TEXT)] = ""
    ver: Ver = None


class NoteIn(Input):
    note: Annotated[str, Field(max_length=5000, pattern=TEXT)]
    ver: Ver = None


class StatusOut(BaseModel):
    code: str
    group: str
    title: dict[str, str]
    is_final: bool


class StatusesOut(BaseModel):
    items: list[StatusOut]


def seen_ver(ver: int | None, if_match: str) -> int | None:
    """The version the caller saw, from the body or the header."""
    return ver if ver is not None else int(if_match.strip('"')) if if_match else None


class FindingOut(BaseModel):
    """`code` names the kind, `about` the node or realm it is about."""

    code: str
    about: str
    text: str


class StreamHealthOut(BaseModel):
    realm: str
    backlog: int | None
    behind: int | None
    behind_s: float | None
    acked_s: float | None


class PagesHealthOut(BaseModel):
    failed: int
    late_s: float
    wrong: int
    wrong_s: float | None


class CacheKindOut(BaseModel):
    name: str
    near: int
    far: int
    made: int


class CacheOut(BaseModel):
    """A node's program cache. `near`, `far`: found in memory, in the store; `made`: found nowhere."""

    backend: str
    error: str
    entries: int | None
    bytes: int | None
    errors: int
    kinds: list[CacheKindOut]


class NodeHealthOut(BaseModel):
    node: str
    name: str
    light: str
    version: str
    heard_s: float | None
    parked: int | None
    pages: PagesHealthOut | None
    rights: int | None
    frozen: int | None
    streams: list[StreamHealthOut]
    cache: CacheOut | None


class RealmHealthOut(BaseModel):
    realm: str
    is_up: bool
    head: int | None
    waiting: int | None
    set_aside: int | None
    failed: int | None
    queued: int | None


class BooksOut(BaseModel):
    breaches: int
    checked_s: float | None


class HealthOut(BaseModel):
    nodes: list[NodeHealthOut]
    realms: list[RealmHealthOut] | None
    books: BooksOut | None
    duplicates: int | None
    pending: int | None
    failures: int | None
    cache: CacheOut | None
    findings: list[FindingOut]
