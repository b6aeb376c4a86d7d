"""The card of one cart; the list is declared in `lists.py`."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from central.carts.lists import shopper
from central.carts.owners import owners_of
from central.carts.queries import carts_visible_to, contents_of
from central.ui.screens import StaffRequest, may, screen


@screen("see_carts")
def card(request: StaffRequest, ref: UUID) -> HttpResponse:
    """A cart by the name that screens use; one without a line of the person's sites is not there."""
    cart: Any = carts_visible_to(request.user).filter(ref=ref).first()
    if cart is None:
        raise Http404
    cart.contents = contents_of([cart], request.user)[cart.pk]
    cart.owner = owners_of([cart.pk]).get(cart.pk)
    cart.is_named = may(request.user, "see_customers")
    by_site = sorted(cart.contents.lines, key=lambda line: line.key.site)
    groups = [(site, list(lines)) for site, lines in groupby(by_site, key=lambda line: line.key.site)]
    context = {"cart": cart, "contents": cart.contents, "groups": groups, "shopper": shopper(cart)}
    return render(request, "carts/card.html", context)
