"""The checkout page and the order's page as HTML. Read off the event loop."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar, cast

from django.utils import translation
from django.utils.translation import gettext as _

from edge.cart.cards import cards_now
from edge.checkout import keep, reads
from edge.checkout.form import CONSENT_TEXT, Form
from edge.checkout.models import Order
from edge.checkout.summary import Quote, Row, Summary, quote_of
from edge.replica import sites
from sites import editions, urls
from sites.money import format_money
from sites.rendering import language_of, render_page
from sync.contracts.documents import SiteDoc, card_key
from sync.contracts.ids import uuid7
from sync.contracts.money import MICROS, Money
from sync.link import link

Render = TypeVar("Render", bound=Callable[..., Any])


def in_language_of_site(render: Render) -> Render:
    """Speak the site's language: the readers' threads do not inherit the request's."""

    @wraps(render)
    def spoken(site: SiteDoc, *args: Any, **kwargs: Any) -> Any:
        with translation.override(language_of(site)):
            return render(site, *args, **kwargs)

    return cast(Render, spoken)


@dataclass(frozen=True)
class Trouble:
    """Why the page is shown again. `left`: card key -> units that can be had; `wrong`: field -> what is wrong."""

    code: str = ""
    left: Mapping[str, int] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)


@in_language_of_site
def checkout_page(site: SiteDoc, cart: str | None, form: Form, trouble: Trouble) -> str:
    """The page for the cart as it is now. A new order id with each: what one page sends is one order."""
    summary = reads.summary_of(site, cart) if cart else Summary(site.currency, (), ())
    quote = new_quote(summary, site)
    form = _with_defaults(form, site)
    context = {
        "form": asdict(form),
        "wrong": trouble.wrong,
        "error": trouble.code,
        "message": _message(trouble),
        "rows": [_row(site, row, trouble) for row in summary.rows],
        "gone": _gone(site, summary, trouble),
        "unsold": [{"title": line.title, "units": line.units, "reason": line.reason} for line in summary.unsold],
        "foreign": [
            {
                "own": _money(site, own),
                "charged": _money(site, charged),
                "rate": _rate(own.currency, site.currency, rate.micros, site.language),
            }
            for own, charged, rate in summary.foreign
        ],
        "goods_text": format_money(summary.goods_total, site.currency, site.language),
        "deliveries": [
            {
                "code": method.code,
                "title": method.title,
                "note": method.note,
                "needs_address": method.needs_address,
                "price_text": format_money(method.price, site.currency, site.language) if method.price else _("free"),
                "total_text": format_money(summary.goods_total + method.price, site.currency, site.language),
                "is_chosen": method.code == form.delivery,
            }
            for method in site.deliveries
        ],
        "payments": [
            {
                "code": method.code,
                "title": method.title,
                "note": method.note,
                "is_later": method.needs_central and not link.is_up,
                "is_chosen": method.code == form.payment,
            }
            for method in site.payments
        ],
        "total_text": _total(site, summary, form.delivery),
        "link": "up" if link.is_up else "cut",
        "consent_text": CONSENT_TEXT,
        "quote": quote.text(),
    }
    return render_page(site, "checkout", context)


def new_quote(summary: Summary, site: SiteDoc) -> Quote:
    """What is shown, with a new order's id: what one page or one summary sends back is one order."""
    return quote_of(summary, site, order=uuid7().hex, page_key=secrets.token_hex(16))


@in_language_of_site
def sentence(site: SiteDoc, trouble: Trouble) -> str:
    """What to tell the shopper, in the language of the shop."""
    return _message(trouble)


@in_language_of_site
def order_page(site: SiteDoc, order: Order) -> str:
    """Number, lines, state. No personal data: this edge cannot read any."""
    shown = reads.shown(order)
    placed, state = shown.placed, shown.state
    return render_page(
        site,
        "order",
        {
            "number": placed.number,
            "order_id": order.pk,
            "placed_at": placed.placed_at,
            "lines": [
                {
                    "title": line.title,
                    "options_title": line.options_title,
                    "units": line.units,
                    "sum_text": format_money(line.price * line.units, line.currency, site.language),
                    "charged_text": format_money(line.charged, placed.currency, site.language) if line.rate_ver else "",
                    "site": sites.site(line.key.site),
                    "is_pending": line.pending > 0 and shown.has_pending,
                }
                for line in placed.lines
            ],
            "delivery_title": placed.delivery_title,
            "delivery_text": format_money(placed.delivery_price, placed.currency, site.language),
            "total_text": format_money(placed.total, placed.currency, site.language),
            "has_pending": shown.has_pending,
            "has_email": order.has_email,
            "is_at_central": order.is_acked or state is not None,
            "is_final": state.is_final if state else False,
            "state_title": state_title(shown.state, site.language),
            "state_code": state.status if state else "accepted",
            "pay_url": state.pay_url if state else "",
            "awaits_pay_link": _awaits_pay_link(site, shown),
            "link": "up" if link.is_up else "cut",
            "keep": "" if order.is_acked or state else base64.b64encode(keep.envelope(order)).decode(),
        },
    )


@in_language_of_site
def order_json(site: SiteDoc, shown: reads.Shown) -> dict[str, Any]:
    """The live part of the order's page."""
    order, state = shown.order, shown.state
    return {
        "id": order.pk,
        "state": state.status if state else "accepted",
        "title": state_title(state, site.language),
        "is_final": state.is_final if state else False,
        "is_at_central": order.is_acked or state is not None,
        "pay_url": state.pay_url if state else "",
        "has_pending": shown.has_pending,
    }


def state_title(state: Any, language: str) -> str:
    if state is None:
        return _("Accepted by the shop")
    return str(state.titles.get(language) or state.titles.get("en") or state.status)


def _awaits_pay_link(site: SiteDoc, shown: reads.Shown) -> bool:
    method = next((one for one in site.payments if one.code == shown.placed.payment), None)
    is_settled = shown.state is not None and (bool(shown.state.pay_url) or shown.state.is_final)
    return method is not None and method.needs_central and not is_settled


def _with_defaults(form: Form, site: SiteDoc) -> Form:
    """The first way is chosen when none is, so that the total on the page is a true one."""
    deliveries = [method.code for method in site.deliveries]
    payments = [method.code for method in site.payments]
    return replace(
        form,
        delivery=form.delivery if form.delivery in deliveries else next(iter(deliveries), ""),
        payment=form.payment if form.payment in payments else next(iter(payments), ""),
    )


def _message(trouble: Trouble) -> str:
    """In the shopper's language; the page is rendered under it."""
    match trouble.code:
        case "price_changed":
            return _("A price has changed since you opened this page. Look at the new total and confirm again.")
        case "cart_changed":
            return _("Your cart has changed since you opened this page. Look at it and confirm again.")
        case "not_enough":
            return _("Somebody was faster: there are fewer left than you wanted. We corrected your cart.")
        case "order_id_reused":
            return _("The order on that page has been placed already. This is a new one.")
        case "not_ready":
            return _("This shop is just starting and cannot take orders yet. Try again in a minute.")
        case "bad_form":
            return _("Look at the fields marked below.")
        case "bad_request":
            return _("The shop does not understand what was sent.")
        case "unknown_order":
            return _("There is no such order in this shop.")
        case "bad_quote":
            return _("That page was out of date. Look at your order and confirm again.")
        case "":
            return ""
        case _:
            return _("Something went wrong, and your order was not placed. Nothing is lost: try again.")


def _row(site: SiteDoc, row: Row, trouble: Trouble) -> dict[str, Any]:
    home = sites.site(row.key.site)
    shop = editions.nearest(home, site) if home else None
    return {
        "title": row.card.title,
        "options_title": row.card.options_title,
        "picture": row.card.picture,
        "units": row.units,
        "price_text": format_money(row.card.price, row.card.currency, site.language),
        "sum_text": _money(site, row.sum),
        "charged_text": format_money(row.charged, site.currency, site.language) if row.rate.ver else "",
        "site": shop,
        "url": urls.absolute(shop, urls.product(row.card.slug)) if shop else "",
        "left": trouble.left.get(card_key(row.key.site, row.key.sku, row.key.options)),
    }


def _gone(site: SiteDoc, summary: Summary, trouble: Trouble) -> list[str]:
    """Titles of what has just turned out to be sold out."""
    shown = {card_key(row.key.site, row.key.sku, row.key.options) for row in summary.rows}
    gone = [key for key, units in trouble.left.items() if not units and key not in shown]
    return [card.title for _, card in cards_now(f"card:{site.group}", gone).values()] if gone else []


def _total(site: SiteDoc, summary: Summary, delivery: str) -> str:
    price = next((method.price for method in site.deliveries if method.code == delivery), 0)
    return format_money(summary.goods_total + price, site.currency, site.language)


def _money(site: SiteDoc, money: Money) -> str:
    return format_money(money.amount, money.currency, site.language)


def _rate(base: str, quote: str, micros: int, language: str) -> str:
    """ "1 EUR = 98.5 RUB"; the words of the rate, not an amount to pay."""
    value = f"{micros / MICROS:.4f}".rstrip("0").rstrip(".")
    return f"1 {base} = {value.replace('.', ',') if language == 'ru' else value} {quote}"
