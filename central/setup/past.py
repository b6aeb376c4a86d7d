"""Orders of the last ninety days, by people who are made up. Nobody is written to, and no stock moves."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
from django.utils import timezone

from central.catalog.models import Offer
from central.cluster.models import Site
from central.orders.duplicates import note_pairs
from central.orders.person_index import index_customers
from central.orders.receiving import PastMove, PastOrder, write_past_orders
from central.people.actions import PastContact, keep_past_contacts
from central.setup.people import WORKERS, Shopper, account_holders, shopper
from central.setup.shops import PLACES, RATES
from infra.crypto.keys import ensure_central_keys
from infra.crypto.sealing import seal_to_all
from node.config import config
from node.realms import ORDERS, atomic
from sync.contracts.cart import CartDelta, LineKey
from sync.contracts.codec import pack
from sync.contracts.money import MICROS, Money
from sync.contracts.orders import OrderLine, Person, PlacedOrder, SealedPerson, person_info
from sync.core import cart as core

DAYS = 90
COUNT = 330

#: how far an order of some age (hours) has come: status -> weight
_STATUSES: tuple[tuple[float, dict[str, int]], ...] = (
    (6, {"new": 8, "confirmed": 2}),
    (30, {"new": 2, "confirmed": 5, "packed": 4, "cancelled": 1}),
    (96, {"confirmed": 1, "packed": 3, "sent": 6, "delivered": 3, "cancelled": 1}),
    (240, {"sent": 3, "delivered": 12, "cancelled": 2}),
    (1e9, {"delivered": 40, "returned": 2, "cancelled": 5}),
)
_WAYS = {
    "new": (),
    "confirmed": ("confirmed",),
    "packed": ("confirmed", "packed"),
    "sent": ("confirmed", "packed", "sent"),
    "delivered": ("confirmed", "packed", "sent", "delivered"),
    "returned": ("confirmed", "packed", "sent", "returned"),
    "cancelled": ("cancelled",),
}
#: hours from one status to the next, at least and at most
_PACE = {"confirmed": (0.3, 5), "packed": (1, 12), "sent": (2, 20), "delivered": (14, 60), "returned": (40, 200)}
_SOURCES: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {}), ("", {}), ("https://search.example.com/", {}), ("https://maps.example.org/", {}),
    ("https://news.example.com/", {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "autumn"}),
    ("https://social.example.org/", {"utm_source": "social", "utm_medium": "post"}),
)  # fmt: skip
_COMMENTS = {
    "ru": (
        "Позвоните за час, пожалуйста.",
        "Оставьте у соседки.",
        "Это подарок: без чека внутри.",
        "Домофон не работает.",
    ),
    "en": ("Please ring once.", "It is a gift: no receipt inside.", "Leave it with the neighbour."),
}
_NOTES = ("Дозвонились со второго раза.", "Просит привезти вечером.", "Упаковать отдельно.", "Checked the address.")


@dataclass(frozen=True)
class _Good:
    """What a line is made of."""

    site: str
    variant: UUID
    sku: str
    options: str
    options_title: str
    title: str
    price: int
    currency: str
    ver: int


@dataclass(frozen=True)
class _Past:
    placed: PlacedOrder
    person: Person
    label: str
    received_at: datetime
    moves: Sequence[PastMove]


class PastOrders:
    """Makes the same kind of past on every machine; only ids, seals and the days it ends on differ."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or timezone.now()
        self.random = Random("past orders")  # noqa: S311 - not a secret
        self.sites = {site.pk: site for site in Site.objects.filter(pk__in=PLACES)}
        self.rates = {(base, quote): micros for base, quote, micros in RATES}
        self.goods = _goods()
        self.keys = ensure_central_keys(config().home)
        self.numbers = dict.fromkeys(PLACES, 0)
        self.account_mails = {holder.email for holder in account_holders()}

    def write(self, count: int = COUNT) -> int:
        """Customers in one transaction of their realm, then orders in one of theirs; returns how many."""
        past = list(self._orders(count))
        twice = self._sold_twice(past)
        past += twice[1:]
        customers = keep_past_contacts(
            [PastContact(UUID(one.placed.id), one.person, one.placed.site, one.label, one.received_at) for one in past]
        )
        write_past_orders(
            [PastOrder(one.placed, customers[UUID(one.placed.id)], one.received_at, one.moves) for one in past]
        )
        index_customers(customers.values())
        with atomic(ORDERS):
            note_pairs([], [{one.placed.id for one in twice}])
        return len(past)

    def _sold_twice(self, past: list[_Past]) -> list[_Past]:
        """The newest tea order, which nobody has touched, and the same basket sold by its sister shop, cut off."""
        at = max((at for at, one in enumerate(past) if one.placed.site == "tea"), default=None)
        if at is None:
            return []
        # What happened to it depends on the hour: it waits for a decision at any
        first = past[at] = replace(past[at], moves=[])
        after = timedelta(seconds=95)
        self.numbers["clay"] += 1
        order_id, site = _uuid7_at(self.now - timedelta(minutes=2)), self.sites["clay"]
        placed = msgspec.structs.replace(
            first.placed,
            id=order_id.hex,
            number=f"CLAY-P-{self.numbers['clay']:06d}",
            site=site.pk,
            edge=PLACES[site.pk][0],
            placed_at=first.placed.placed_at + int(after.total_seconds() * 1000),
            person=self._sealed(first.person, order_id),
        )
        return [first, _Past(placed, first.person, site.label, first.received_at + timedelta(minutes=3), [])]

    def _orders(self, count: int) -> Iterator[_Past]:
        for placed_at in sorted(self._moments(count)):
            site = self.sites[self.random.choices(("tea", "clay", "ink"), (46, 30, 24))[0]]
            yield self._order(site, placed_at)

    def _moments(self, count: int) -> Iterator[datetime]:
        """More of late than long ago, by day more than by night."""
        for _ in range(count):
            ago = DAYS * (1 - self.random.random() ** 0.7)
            moment = self.now - timedelta(days=ago)
            hour = min(23.9, max(0.1, self.random.gauss(15.5, 4)))
            moment = moment.replace(hour=int(hour), minute=self.random.randrange(60), second=self.random.randrange(60))
            yield min(moment, self.now - timedelta(minutes=self.random.uniform(3, 200)))

    def _order(self, site: Site, placed_at: datetime) -> _Past:
        order_id = _uuid7_at(placed_at)
        who = self._shopper(site)
        lines = [self._line(good, site.currency) for good in self._basket(site.pk)]
        delivery = self.random.choices(site.deliveries, (35, 65))[0]
        payment = self.random.choices(site.payments, (40, 60))[0]
        person = self._person(who, delivery["needs_address"])
        referer, utm = self.random.choice(_SOURCES)
        goods_total, cart = sum(line.charged for line in lines), secrets.token_hex(16)
        node, ms = PLACES[site.pk][0], int(placed_at.timestamp() * 1000)
        self.numbers[site.pk] += 1
        placed = PlacedOrder(
            id=order_id.hex,
            # "P": an edge never gives out such a number, its own counter begins at 1
            number=f"{site.pk.upper()}-P-{self.numbers[site.pk]:06d}",
            site=site.pk,
            edge=node,
            cart=cart,
            placed_at=ms,
            currency=site.currency,
            lines=lines,
            delivery=delivery["code"],
            delivery_title=delivery["title"],
            delivery_price=delivery["price"],
            payment=payment["code"],
            payment_provider=payment["provider"],
            goods_total=goods_total,
            total=goods_total + delivery["price"],
            person=self._sealed(person, order_id),
            taken=CartDelta(cart=cart, delta=core.encode(core.EMPTY)),
            consent_at=ms - 4_000,
            consent_text="demo",
            referer=referer,
            utm=dict(utm),
            seconds_on_site=self.random.randrange(40, 1500),
        )
        received_at = placed_at + timedelta(seconds=self.random.uniform(0.2, 3))
        return _Past(placed, person, site.label, received_at, list(self._moves(site.pk, received_at)))

    def _shopper(self, site: Site) -> Shopper:
        """Some come again and again, a few buy in a shop of another language."""
        language = site.language if self.random.random() < 0.93 else {"ru": "en", "en": "ru"}[site.language]
        most = 150 if language == "ru" else 70
        return shopper(1 + int(most * self.random.random() ** 1.6), language=language)

    def _person(self, who: Shopper, needs_address: bool) -> Person:
        says = self.random.random() < 0.2
        return Person(
            name=who.name,
            phone=who.phone,
            email=who.email if self.random.random() < 0.85 or who.email in self.account_mails else "",
            address=who.address if needs_address else "",
            comment=self.random.choice(_COMMENTS[who.language]) if says else "",
            language=who.language,
        )

    def _basket(self, site: str) -> list[_Good]:
        """Mostly of its own shop; three in ten hold goods of the sister shops too."""
        goods = self.random.sample(self.goods[site], self.random.choices((1, 2, 3, 4), (40, 32, 18, 10))[0])
        if self.random.random() < 0.3:
            others = [other for other in PLACES if other != site]
            for other in self.random.sample(others, self.random.choices((1, 2), (75, 25))[0]):
                goods.append(self.random.choice(self.goods[other]))
        return goods

    def _line(self, good: _Good, currency: str) -> OrderLine:
        units = self.random.choices((1, 2, 3, 6), (70, 20, 7, 3))[0]
        rate = MICROS if good.currency == currency else self.rates[good.currency, currency]
        return OrderLine(
            key=LineKey(good.site, good.sku, good.options),
            variant=good.variant.hex,
            title=good.title,
            options_title=good.options_title,
            units=units,
            price=good.price,
            currency=good.currency,
            price_ver=good.ver,
            charged=Money(good.price, good.currency).times(units).converted(currency, rate).amount,
            rate_micros=rate,
            rate_ver=0 if rate == MICROS else 1,
        )

    def _sealed(self, person: Person, order: UUID) -> SealedPerson:
        sealed = seal_to_all(self.keys.public_sealing_keys(), pack(person), info=person_info(order.hex))
        return SealedPerson(key_id=self.keys.current_sealing_id, sealed=sealed)

    def _moves(self, site: str, at: datetime) -> Iterator[PastMove]:
        age = (self.now - at) / timedelta(hours=1)
        weights = next(weights for most, weights in _STATUSES if age <= most)
        end = self.random.choices(list(weights), list(weights.values()))[0]
        workers = [one for one in WORKERS if site == "tea" or one != "operator"]
        for to in _WAYS[end]:
            least, most = _PACE.get(to, (0.2, 30))
            at += timedelta(hours=self.random.uniform(least, most))
            if at >= self.now:
                return  # it has not come that far yet
            note = self.random.choice(_NOTES) if self.random.random() < 0.08 else ""
            yield PastMove(to=to, by=self.random.choice(workers), at=at, note=note)


def _goods() -> dict[str, list[_Good]]:
    found: dict[str, list[_Good]] = {site: [] for site in PLACES}
    offers = Offer.objects.filter(site__in=PLACES, is_active=True).select_related("variant", "listing")
    for offer in offers.order_by("card_key"):
        variant, listing = offer.variant, offer.listing
        found[offer.site].append(
            _Good(
                offer.site, variant.pk, variant.sku, variant.options, offer.options_title, listing.title, offer.price,
                offer.currency, offer.ver,
            )
        )  # fmt: skip
    return found


def _uuid7_at(moment: datetime) -> UUID:
    """A UUIDv7 of a moment that has passed."""
    value = int(moment.timestamp() * 1000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
