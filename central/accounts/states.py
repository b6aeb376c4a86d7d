"""Whether a person may sign in, as lists and cards show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class State:
    code: str
    title: Promise
    tone: str
    condition: Q


_NEVER: Final = Q(last_login=None)

STATES: Final = (
    State("active", _("May sign in"), "green", Q(is_active=True) & ~_NEVER),
    State("invited", _("Not signed in yet"), "amber", Q(is_active=True) & _NEVER),
    State("off", _("Switched off"), "grey", Q(is_active=False)),
)


def state_of(user: User) -> State:
    code = "off" if not user.is_active else "invited" if user.last_login is None else "active"
    return next(state for state in STATES if state.code == code)


def in_states(codes: list[str]) -> Q:
    """The people in one of the states."""
    found = Q(pk=None)
    for state in STATES:
        if state.code in codes:
            found |= state.condition
    return found
