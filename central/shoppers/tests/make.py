"""Plain builders for the tests of accounts."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

from central.people.actions import match_or_make_customer
from central.people.models import Customer
from central.shoppers import actions, codes
from central.shoppers.models import Account, Code
from central.shoppers.queries import checked_ask, return_address
from infra.crypto.signing import b64
from sync.contracts.orders import Person
from sync.contracts.shoppers import ExchangeAsk

PASSWORD = "blue kettle 42"
VERIFIER = "v" * 64
CHALLENGE = b64(hashlib.sha256(VERIFIER.encode()).digest())
STATE = "s" * 24
TEA = "http://tea.localhost"
SITES = frozenset({"tea"})


def account(email: str = "anna@example.com", name: str = "Анна Примерова", **more: Any) -> Account:
    """Signed up by the code that was sent."""
    code = actions.ask_code(
        Code.Purpose.SIGN_UP, email, address="127.0.0.1", language="ru", site="tea", name=name, password=PASSWORD
    )
    return actions.sign_up_or_in(code.pk, codes.digits_of(code.pk), address="127.0.0.1")


def bought(email: str = "anna@example.com", phone: str = "+70000000001", **more: Any) -> Customer:
    """The customer of an order that was placed without signing in."""
    person = Person(name="Анна Примерова", phone=phone, email=email, language="ru")
    return match_or_make_customer(uuid4(), person, site="tea", site_label="Tea", **more)


def query(**changes: str) -> dict[str, str]:
    """What a shop's edge puts into the address of `authorize`."""
    return {
        "client": "tea",
        "redirect_uri": return_address(TEA),
        "state": STATE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }


def code_for(account: Account) -> str:
    """The one-time code of a sign-in at the tea shop."""
    _, session = actions.open_session(account, device="Firefox · Linux")
    said = query()
    ask = checked_ask(
        said["client"], said["redirect_uri"], said["state"], said["code_challenge"], said["code_challenge_method"]
    )
    return actions.issue_code(session, ask)


def exchange(code: str, *, node: str = "a", sites: frozenset[str] = SITES, **changes: str) -> actions.Exchanged:
    values = {"site": "tea", "code": code, "verifier": VERIFIER, "redirect_uri": return_address(TEA), **changes}
    return actions.exchange(ExchangeAsk(**values), node=node, sites=sites)
