"""What upper floors have to say when a customer changes: the shop accounts stand above this app and ask to be told.

Each runs inside the change's transaction: what it raises undoes the change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from central.people.models import Customer

#: (customer, names of the changed fields, whether a new e-mail among them is proven)
Changed = Callable[[Customer, frozenset[str], bool], None]
#: whether a customer is free to be taken by a new account
Free = Callable[[Customer], bool]

#: (the customer who is gone, whom he became) -> what taking it back needs, as JSON
Merged = Callable[[Customer, Customer], Any]
#: (who is there again, who was kept, what `Merged` has told) -> whether the account of the second went to the first
Parted = Callable[[Customer, Customer, Any], bool]
#: the customer and all who were merged into him, before anything of them is forgotten
Erased = Callable[[Sequence[Customer]], None]

_changed: dict[str, Changed] = {}
_free: dict[str, Free] = {}
_merged: dict[str, Merged] = {}
_parted: dict[str, Parted] = {}
_erased: dict[str, Erased] = {}


def on_changed(name: str, hook: Changed) -> None:
    _changed[name] = hook


def on_taken(name: str, hook: Free) -> None:
    """`hook(customer)` is False when the customer has an account."""
    _free[name] = hook


def run_changed(customer: Customer, fields: frozenset[str], is_email_proven: bool) -> None:
    for hook in _changed.values():
        hook(customer, fields, is_email_proven)


def is_free(customer: Customer) -> bool:
    return all(hook(customer) for hook in _free.values())


def on_merged(name: str, hook: Merged) -> None:
    _merged[name] = hook


def on_parted(name: str, hook: Parted) -> None:
    _parted[name] = hook


def on_erased(name: str, hook: Erased) -> None:
    _erased[name] = hook


def run_merged(gone: Customer, kept: Customer) -> dict[str, Any]:
    """What each hook has told, by its name."""
    return {name: hook(gone, kept) for name, hook in _merged.items()}


def run_parted(gone: Customer, kept: Customer, told: Mapping[str, Any]) -> bool:
    """Whether an account moved from `kept` back to `gone`."""
    # Each of them is asked, whatever the first one says.
    moved = [hook(gone, kept, told.get(name)) for name, hook in _parted.items()]
    return any(moved)


def run_erased(customers: Sequence[Customer]) -> None:
    for hook in _erased.values():
        hook(customers)
