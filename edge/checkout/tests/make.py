"""A shop with a cart, ready to check out; each test says only what it is about."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from edge.checkout.summary import Quote
from edge.rights import lease
from edge.rights import service as rights
from edge.shopper.session import cookie_name, new_handle
from infra.crypto.keys import CentralKeys
from infra.crypto.signing import b64, public_of, sign
from sync.contracts.codec import pack
from sync.contracts.documents import (
    CardDoc,
    DeliveryMethod,
    PaymentMethod,
    RateDoc,
    SealingKeyDoc,
    SiteDoc,
    card_key,
)
from sync.contracts.join import JoinAnswer, JoinRequest, JoinToken
from sync.contracts.stock import GrantDoc
from sync.store.edge.models import Document

TEA = SiteDoc(
    id="tea",
    name="Чабрец",
    label="Чай",
    colour="#0b7285",
    origin="http://tea.localhost",
    hosts=["tea.localhost", "testserver"],  # the second is what Django's test client calls itself
    language="ru",
    currency="RUB",
    theme="tea",
    group="main",
    node="a",
    deliveries=[
        DeliveryMethod(code="pickup", title="Самовывоз", price=0, needs_address=False),
        DeliveryMethod(code="courier", title="Курьер", price=300_00, needs_address=True),
    ],
    payments=[
        PaymentMethod(code="cash", title="Наличными", provider="cash_on_delivery", needs_central=False),
        PaymentMethod(code="card", title="Картой", provider="pretend_card", needs_central=True),
    ],
)
INK = SiteDoc(
    id="ink",
    name="Inkwell",
    label="Ink",
    colour="#364fc7",
    origin="http://ink.localhost",
    hosts=["ink.localhost"],
    language="en",
    currency="EUR",
    theme="ink",
    group="main",
    node="c",
)

ASSAM = CardDoc(
    site="tea",
    sku="assam",
    options="",
    variant="1" * 32,
    title="Ассам",
    options_title="",
    slug="assam",
    price=350_00,
    currency="RUB",
)
PEN = CardDoc(
    site="ink",
    sku="pen",
    options="nib=F",
    variant="2" * 32,
    title="Pen",
    options_title="F",
    slug="pen",
    price=19_99,
    currency="EUR",
)
#: nobody's: plainly made up, so that a search of the disk finds them or nothing
NAME, PHONE, EMAIL = "Аделаида Выдуманная", "+7 000 765-43-21", "adelaida@example.org"
ADDRESS, COMMENT = "Небывалая улица, 17", "звонить трижды"
TYPED = {
    "name": NAME,
    "phone": PHONE,
    "email": EMAIL,
    "delivery": "courier",
    "address": ADDRESS,
    "payment": "cash",
    "comment": COMMENT,
    "consent": "yes",
}
CART = "c" * 32


def put(topic: str, key: str, doc: Any, ver: int = 1) -> None:
    Document.objects.update_or_create(topic=topic, key=key, defaults={"ver": ver, "body": pack(doc)})


def put_card(card: CardDoc, ver: int = 1) -> None:
    put("card:main", card_key(card.site, card.sku, card.options), card, ver)


def replicate(keys: CentralKeys) -> None:
    """What central publishes to this edge."""
    for site in (TEA, INK):
        put("site:main", site.id, site)
    for card in (ASSAM, PEN):
        put_card(card)
    put("rate:all", "EUR/RUB", RateDoc(base="EUR", quote="RUB", micros=100_000_000, ver=7))
    for name, public in keys.public_sealing_keys().items():
        doc = SealingKeyDoc(id=name, public=b64(public), is_current=name.isdecimal())
        put("sealing_key:all", name, doc)


def grant(variant: str, units: int, name: str = "a") -> GrantDoc:
    return GrantDoc(id=name * 32, edge="a", epoch=1, variant=variant, units=units, ttl_s=86400)


def give(*grants: GrantDoc) -> None:
    rights.add_grants(grants, lease.boottime_ms())


async def cookie(cart: str) -> str:
    """The Cookie header of a browser whose handle leads to `cart`."""
    handle, _ = await new_handle(TEA, cart)
    return f"{cookie_name(TEA)}={handle}"


def token(central: bytes) -> str:
    return JoinToken(url="http://desk.localhost", invite="i", secret="s", central_key=b64(public_of(central))).text()


def answer_as_central(central: bytes, node: str, epoch: int = 1) -> Any:
    """What central's `/_join` answers."""

    def answer(request: JoinRequest) -> JoinAnswer:
        made = JoinAnswer(
            node=node,
            name=node.upper(),
            epoch=epoch,
            sites=["tea"],
            central_key=b64(public_of(central)),
            sealing_keys=[],
            asked_by=request.sign_key,
        )
        signature = b64(sign(central, made.signed_part()))
        return JoinAnswer(**{name: getattr(made, name) for name in made.__struct_fields__} | {"signature": signature})

    return answer


def hidden_quote(html: str) -> str:
    found = re.search(r'name="quote" value="([^"]+)"', html)
    assert found, html
    return unescape(found[1])


def quote_on(html: str) -> Quote:
    return Quote.parse(hidden_quote(html))
