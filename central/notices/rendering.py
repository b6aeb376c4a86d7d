"""Notices: what we write to people, one folder of templates a notice.

`templates/notices/<name>/` holds `subject.txt`, `body.txt` and `body.html`; the words are gettext's. `SAMPLES` gives
each a made-up context, so that all of them can be looked at (and are rendered by a test) in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from central.notices.errors import UnknownNotice

_ORDER: Final[dict[str, Any]] = {
    "number": "TEA-A-000042",
    "status": "Confirmed",
    "lines": [
        {"title": "Green tea", "options": "100 g", "units": 2, "sum": "9.80 €", "label": "Tea", "pending": 0},
        {"title": "Cup", "options": "", "units": 1, "sum": "12.00 €", "label": "Clay", "pending": 1},
    ],
    "is_mixed": True,
    "delivery_title": "Courier",
    "delivery": "3.00 €",
    "total": "24.80 €",
    "is_pending": True,
    "state_url": "https://shop.example.com/order/0123456789abcdef",
    "phone": "+1 202 555 0143",
    "colour": "#0b7285",
}

_STAFF: Final[dict[str, Any]] = {
    "login": "ann",
    "url": "https://central.example.com/welcome/MQ/0123456789abcdef",
    "desk": "https://central.example.com",
}

_NODE: Final[dict[str, Any]] = {
    "node": "Tea edge",
    "node_id": "a",
    "sites": "Tea, Clay",
    "heard_at": "1 Feb 2031, 12:00 UTC",
    "back_at": "1 Feb 2031, 12:30 UTC",
    "minutes": 5,
    "node_url": "https://desk.example.com/nodes/a",
}

_REALM: Final = {
    "realm": "stats",
    "holds": "Visits, figures",
    "without": "Figures are not shown. Shops notice nothing.",
    "began_at": "14 Mar 2026, 09:26 UTC",
    "ended_at": "14 Mar 2026, 09:41 UTC",
    "realm_url": "https://central.example.com/realms/stats",
    "colour": "#a85f00",
}

_BOOKS: Final = {
    "rows": 3,
    "began_at": "14 Mar 2026, 09:26 UTC",
    "ended_at": "14 Mar 2026, 09:41 UTC",
    "audit_url": "https://central.example.com/stock/audit",
    "colour": "#c92a2a",
}

SAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "books_broken": _BOOKS,
    "books_mended": _BOOKS,
    "order_accepted": _ORDER,
    "order_status": _ORDER,
    "stock_found": {**_ORDER, "is_pending": False},
    "staff_invited": _STAFF,
    "staff_password": _STAFF,
    "shopper_code": {"digits": "042137", "purpose": "sign_up", "is_known": False, "minutes": 10, "colour": "#0b7285"},
    "node_back": _NODE,
    "node_silent": _NODE,
    "realm_back": _REALM,
    "realm_down": _REALM,
    "pay_link": {**_ORDER, "pay_url": "https://pay.example.com/p/0123456789abcdef"},
}


@dataclass(frozen=True)
class Notice:
    """A mail as it reads: one line, plain text, HTML."""

    subject: str
    text: str
    html: str


def notice_names() -> list[str]:
    return sorted(SAMPLES)


def language_of(wanted: str) -> str:
    """One of ours: "ru-RU" is "ru", what we do not speak is "en"."""
    short = wanted.partition("-")[0].lower()
    return short if short in {code for code, _ in settings.LANGUAGES} else "en"


def render_notice(name: str, *, language: str, site_name: str, context: Mapping[str, Any]) -> Notice:
    """Raises `UnknownNotice`."""
    if name not in SAMPLES:
        raise UnknownNotice(name)
    with translation.override(language_of(language)):
        values = {**context, "site_name": site_name, "language": language_of(language)}
        subject, text, html = (
            render_to_string(f"notices/{name}/{part}", values) for part in ("subject.txt", "body.txt", "body.html")
        )
    return Notice(subject=" ".join(subject.split()), text=_tidy(text), html=html)


def preview(name: str, *, language: str, site_name: str = "Example shop") -> Notice:
    """A notice with made-up contents. Raises `UnknownNotice`."""
    if name not in SAMPLES:
        raise UnknownNotice(name)
    return render_notice(name, language=language, site_name=site_name, context={"name": "Ann", **SAMPLES[name]})


def _tidy(text: str) -> str:
    """Template tags leave empty lines behind: at most one stays."""
    tidied: list[str] = []
    for line in (line.rstrip() for line in text.strip().splitlines()):
        if line or (tidied and tidied[-1]):
            tidied.append(line)
    return "\n".join(tidied) + "\n"
