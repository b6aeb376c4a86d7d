"""The demo's sign-ins, shown on the sign-in page of a demo and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.module_loading import import_string
from django.utils.translation import gettext

from central.accounts.roles import TITLES
from node.config import config


@dataclass(frozen=True)
class DemoSignIn:
    login: str
    password: str
    role: str
    note: str


def demo_staff() -> list[DemoSignIn]:
    """Empty outside a demo: a node that is no demo has no `demo_control` in its settings."""
    if not config().demo_control:
        return []
    try:
        staff = import_string("central.setup.demo.STAFF")
    except ImportError:
        return []
    # The demo's notes are English; their translations stand in this app's catalogue.
    return [DemoSignIn(login, word, str(TITLES.get(role, role)), gettext(note)) for login, word, role, note in staff]
