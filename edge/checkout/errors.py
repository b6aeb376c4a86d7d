"""Why a checkout did not end in an order. Nothing was lost: the cart and what was typed are as they were.

    CheckoutError
    ├── BadForm          422  a field is wrong or missing
    ├── BadRequest       400  not JSON, or not of the form a script sends
    ├── UnknownOrder     404  no order of this shop has this secret
    ├── BadQuote         400  the page that was sent is not one of ours
    ├── CartChanged      409  the cart is not what the page showed
    ├── PriceChanged     409  a price, rate or delivery price is not what the page showed
    ├── NotEnough        409  central has no more units; the cart was corrected to what is left
    ├── OrderIdReused    409  this order was placed already, with other contents
    ├── NotReady         503  this edge does not know central's key yet
    └── CheckoutFailed   500  something of ours broke; what it was is in the log, by type and place only

None of them carries anything the shopper typed: an error ends in logs.
"""

from __future__ import annotations

import logging

from node.errors import RialtoError

logger = logging.getLogger(__name__)


class CheckoutError(RialtoError):
    code = "checkout"


class BadForm(CheckoutError):
    code = "bad_form"
    status = 422


class BadRequest(CheckoutError):
    code = "bad_request"


class UnknownOrder(CheckoutError):
    code = "unknown_order"
    status = 404


class BadQuote(CheckoutError):
    code = "bad_quote"


class CartChanged(CheckoutError):
    code = "cart_changed"
    status = 409


class PriceChanged(CheckoutError):
    code = "price_changed"
    status = 409


class NotEnough(CheckoutError):
    """`data["left"]`: key as text -> units that can be had now."""

    code = "not_enough"
    status = 409


class OrderIdReused(CheckoutError):
    code = "order_id_reused"
    status = 409


class NotReady(CheckoutError):
    code = "not_ready"
    status = 503


class CheckoutFailed(CheckoutError):
    code = "checkout_failed"
    status = 500


def log_failure(error: Exception) -> None:
    """The type of an error and where it was raised. Not its text: it may repeat what was typed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    logger.error("checkout failed: %s at %s", type(error).__name__, where)
