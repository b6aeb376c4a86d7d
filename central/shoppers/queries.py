"""Reads of accounts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from central.carts.owners import Owner
from central.cluster.documents import origins_of
from central.cluster.models import Site
from central.people.models import Customer
from central.people.queries import email_indexes
from central.shoppers.errors import BadAsk, BadGrant
from central.shoppers.models import Account, Grant, IdSession

#: how long a session at the id domain lasts untouched
SESSION_LIFE: Final = timedelta(days=90)
#: browsers forget a site that only redirects; so a sign-in without a page needs an interaction not longer ago
SILENT_FOR: Final = timedelta(days=45)

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_RETURN = "/account/return"
_STATE = re.compile(r"[A-Za-z0-9_.~-]{16,128}")


@dataclass(frozen=True)
class SiteLook:
    """What an id page shows of the shop that sent its shopper."""

    id: str
    name: str
    colour: str
    origin: str
    language: str
    email: str = ""


@dataclass(frozen=True)
class Ask:
    """A shop's request for a sign-in, checked."""

    site: SiteLook
    node: str
    redirect_uri: str
    state: str
    challenge: str

    @property
    def origin(self) -> str:
        """Of the shop's, the one that asks: its languages and regions may have their own."""
        return self.redirect_uri.removesuffix(_RETURN)


def return_address(origin: str) -> str:
    """The one address of a shop to which a code may be sent."""
    return f"{origin}{_RETURN}"


def checked_ask(client: str, redirect_uri: str, state: str, challenge: str, method: str) -> Ask:
    """Raises `BadAsk` for anything that none of our shops has sent; nothing is redirected then."""
    site = Site.objects.filter(pk=client, is_active=True, node__isnull=False).first()
    if site is None or redirect_uri not in map(return_address, origins_of(site)):
        raise BadAsk("no shop of ours asks so", client=client)
    if not _STATE.fullmatch(state) or not _CHALLENGE.fullmatch(challenge) or method != "S256":
        raise BadAsk("the request of the shop is incomplete", client=client)
    return Ask(_look(site), str(site.node_id), redirect_uri, state, challenge)


def site_look(site_id: str) -> SiteLook:
    """Also when the shop, or the realm of the shops, is away: then under our own name."""
    try:
        site = Site.objects.filter(pk=site_id).first()
    except DatabaseError:
        site = None
    return _look(site) if site else SiteLook("", "Rialto", "#206bc4", "", "")


def _look(site: Site) -> SiteLook:
    return SiteLook(site.pk, site.name, site.colour, site.origin, site.language, str(site.texts.get("email", "")))


def shops_by_id(sites: Iterable[str]) -> dict[str, SiteLook]:
    return {site.pk: _look(site) for site in Site.objects.filter(pk__in=list(sites))}


def hash_of(token: str) -> bytes:
    # 256 random bits: a plain hash cannot be searched.
    return hashlib.sha256(token.encode()).digest()


def account_by_email(email: str) -> Account | None:
    """The open account that signs in by this address."""
    accounts = Account.objects.select_related("customer").filter(email_index__in=email_indexes(email))
    return accounts.filter(is_closed=False).first()


def account_of(customer: Customer) -> Account | None:
    return Account.objects.filter(customer=customer).first()


def session_by(token: str) -> IdSession | None:
    """The open session of a cookie, account and customer included."""
    if not token:
        return None
    found = IdSession.objects.select_related("account__customer").filter(hash=hash_of(token), ended_at=None).first()
    if found is None or found.account.is_closed or timezone.now() - found.interacted_at > SESSION_LIFE:
        return None
    return found


def may_be_silent(session: IdSession) -> bool:
    return timezone.now() - session.interacted_at < SILENT_FOR


def open_sessions(account: Account) -> list[IdSession]:
    """Browsers, newest first."""
    after = timezone.now() - SESSION_LIFE
    return list(account.sessions.filter(ended_at=None, interacted_at__gt=after).order_by("-interacted_at"))


def open_grants(account: Account) -> list[Grant]:
    """Shops the customer is signed in at."""
    return list(account.grants.filter(ended_at=None, used_at__isnull=False).order_by("-created_at"))


def good_grant(grant: str, node: str) -> Grant:
    """A grant that is good at this edge, account and customer included. Raises `BadGrant`."""
    try:
        key = UUID(hex=grant)
    except ValueError:
        raise BadGrant("no_grant") from None
    found = Grant.objects.select_related("account__customer").filter(pk=key, node=node, ended_at=None).first()
    if found is None or found.used_at is None or found.account.is_closed:
        raise BadGrant("ended")
    return found


def ended_grants(grants: Iterable[str], node: str) -> list[str]:
    """Those of `grants` that are not good at this edge any more, or never were."""
    keys = {}
    for each in grants:
        try:
            keys[UUID(hex=each)] = each
        except ValueError:
            continue
    good = Grant.objects.filter(pk__in=keys, node=node, ended_at=None, used_at__isnull=False, account__is_closed=False)
    return sorted(set(grants) - {keys[key] for key in good.values_list("pk", flat=True)})


def first_name(customer: Customer) -> str:
    """What to call the person in a header."""
    return customer.name.split()[0][:30] if customer.name.split() else ""


def owners_of_carts(carts: Collection[str]) -> dict[str, Owner]:
    """Whose these carts are: cart -> owner, of those that are an account's."""
    accounts = Account.objects.filter(cart__in=list(carts)).select_related("customer")
    return {
        account.cart: Owner(
            account.customer_id, account.customer.name, reverse("clients-card", args=[account.customer_id])
        )
        for account in accounts
    }
