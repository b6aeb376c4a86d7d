"""What this app has to say when a customer's record changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.people import hooks
from central.people.models import Customer


def register() -> None:
    hooks.on_changed("shoppers", _changed)
    hooks.on_taken("shoppers", _is_free)
    hooks.on_merged("shoppers", _merged)
    hooks.on_parted("shoppers", _parted)
    hooks.on_erased("shoppers", _erased)


def _changed(customer: Customer, fields: frozenset[str], is_email_proven: bool) -> None:
    from central.shoppers.actions import email_changed
    from central.shoppers.queries import account_of

    if "email" in fields and (account := account_of(customer)):
        email_changed(account, customer.email, is_proven=is_email_proven)


def _is_free(customer: Customer) -> bool:
    from central.shoppers.queries import account_of

    return account_of(customer) is None


def _merged(gone: Customer, kept: Customer) -> Any:
    from central.shoppers.actions import join_accounts

    return join_accounts(gone, kept)


def _parted(gone: Customer, kept: Customer, told: Any) -> bool:
    from central.shoppers.actions import part_accounts

    return part_accounts(gone, kept, told)


def _erased(customers: Sequence[Customer]) -> None:
    from central.shoppers.actions import close_account, forget_codes, forget_doubts
    from central.shoppers.queries import account_of

    forget_codes(customers)
    forget_doubts(customers)
    for one in customers:
        if account := account_of(one):
            close_account(account)
