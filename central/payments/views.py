"""What shoppers and providers call. Neither signs in: a page is known by its ref, a message by its signature."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from central.payments.actions import settle_payment
from central.payments.providers import provider_named
from central.ui.screens import open_to_all
from infra.payments.pretend import PAID_CARD, REFUSED_CARD, PretendCard
from infra.payments.protocol import Callback, Charge, PaymentError, Refused
from node.errors import RialtoError
from sites.money import format_money

PRETEND = "pretend_card"
MAX_BODY = 64 * 1024


@csrf_exempt  # another machine calls, with a signature and no cookie
@require_POST
@open_to_all
def provider_says(request: HttpRequest, provider: str) -> JsonResponse:
    """A provider's message: 200 taken, else the code of what is wrong with it."""
    try:
        if len(request.body) > MAX_BODY:
            raise Refused("the message is too long")
        payment = settle_payment(provider, Callback(request.body, request.headers.get("X-Signature", "")))
    except RialtoError as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=error.status)
    return JsonResponse({"state": payment.state})


@csrf_exempt  # the pretend provider's own page, as on a host of its own: no cookie means anything here
@require_http_methods(["GET", "POST"])
@never_cache
@open_to_all
def pretend_page(request: HttpRequest, ref: str) -> HttpResponse:
    """Where a shopper types a card number that moves no money."""
    card = provider_named(PRETEND)
    assert isinstance(card, PretendCard)  # noqa: S101
    try:
        charge = card.charge(ref)
    except Refused:
        return render(request, "payments/pretend.html", {"charge": None}, status=404)
    if request.method != "POST":
        return _page(request, charge)
    try:
        payment = settle_payment(PRETEND, card.pay(ref, request.POST.get("card", "")))
    except PaymentError as error:
        return _page(request, charge, status=error.status, is_wrong=True)
    return _page(request, charge, state=payment.state)


def _page(
    request: HttpRequest, charge: Charge, *, status: int = 200, state: str = "", is_wrong: bool = False
) -> HttpResponse:
    language = str(getattr(request, "LANGUAGE_CODE", "en"))[:2]
    context = {
        "charge": charge,
        "amount": format_money(charge.amount, charge.currency, language),
        "state": state,
        "is_wrong": is_wrong,
        "paid_card": PAID_CARD,
        "refused_card": REFUSED_CARD,
    }
    return render(request, "payments/pretend.html", context, status=status)
