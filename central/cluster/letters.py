"""Who is told of a silent node and of a realm that is down, and in which words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from babel.dates import format_datetime
from django.contrib.auth.models import User
from django.utils import translation

from central.cluster.models import Node, RealmOutage, Silence
from central.cluster.realm_health import BACK as UP_AGAIN
from central.cluster.realm_health import DOWN
from central.cluster.realm_words import REALM_WORDS
from central.cluster.silence import BACK, SILENT, watch
from central.ui.notices import Letter, Reader, composes
from central.ui.scope import ALL, visible_sites
from central.ui.screens import may
from node.config import config


@composes(SILENT)
def of_silence(about: str) -> Letter | None:
    """None when the node spoke again or was revoked before anybody was told."""
    silence = _silence(about)
    return None if silence is None or silence.ended_at else _letter(silence)


@composes(BACK)
def of_return(about: str) -> Letter | None:
    silence = _silence(about)
    return None if silence is None else _letter(silence)


def _silence(about: str) -> Silence | None:
    return Silence.objects.select_related("node").filter(pk=UUID(about)).first()


def _letter(silence: Silence) -> Letter:
    node = silence.node
    return Letter(readers=_readers(node), words=lambda language: _words(silence, node, language))


def _words(silence: Silence, node: Node, language: str) -> dict[str, Any]:
    return {
        "node": node.name,
        "node_id": node.pk,
        "sites": ", ".join(site.name for site in node.sites.all()),
        "heard_at": _moment(silence.heard_at, language),
        "back_at": _moment(silence.ended_at, language),
        "minutes": watch().silent_after_minutes,
        "node_url": f"{config().base_url}/nodes/{node.pk}",
        "colour": "#a85f00",
    }


# --- realms --------------------------------------------------------------------------------------------------------


@composes(DOWN)
def of_outage(about: str) -> Letter | None:
    """None when the realm answered again before anybody was told."""
    outage = RealmOutage.objects.filter(pk=UUID(about)).first()
    return None if outage is None or outage.ended_at else _outage_letter(outage)


@composes(UP_AGAIN)
def of_recovery(about: str) -> Letter | None:
    outage = RealmOutage.objects.filter(pk=UUID(about)).first()
    return None if outage is None else _outage_letter(outage)


def _outage_letter(outage: RealmOutage) -> Letter:
    return Letter(readers=_staff_who_see_realms(), words=lambda language: _outage_words(outage, language))


def _outage_words(outage: RealmOutage, language: str) -> dict[str, Any]:
    with translation.override(language or "en"):
        holds, without = (str(words) for words in REALM_WORDS[outage.realm])
    return {
        "realm": outage.realm,
        "holds": holds,
        "without": without,
        "began_at": _moment(outage.began_at, language),
        "ended_at": _moment(outage.ended_at, language),
        "realm_url": f"{config().base_url}/realms/{outage.realm}",
        "colour": "#a85f00",
    }


def _staff_who_see_realms() -> dict[str, Reader]:
    return {
        f"staff-{user.pk}": Reader(user.email, _language(user), user.get_full_name())
        for user in User.objects.filter(is_active=True).exclude(email="").order_by("pk")
        if may(user, "see_realms")
    }


# -------------------------------------------------------------------------------------------------------------------


def _moment(moment: datetime | None, language: str) -> str:
    return f"{format_datetime(moment, 'd MMM yyyy, HH:mm', locale=language or 'en')} UTC" if moment else ""


def _readers(node: Node) -> dict[str, Reader]:
    """Staff who see nodes and this node's sites, and its operator unless he is one of them. Keys name nobody."""
    sites = {site.pk for site in node.sites.all()}
    found = {
        f"staff-{user.pk}": Reader(user.email, _language(user), user.get_full_name())
        for user in User.objects.filter(is_active=True).exclude(email="").order_by("pk")
        if may(user, "see_nodes") and _sees(user, sites)
    }
    known = {reader.email.casefold() for reader in found.values()}
    if node.operator_email and node.operator_email.casefold() not in known:
        found["operator"] = Reader(node.operator_email, node.operator_language or "en")
    return found


def _sees(user: User, sites: set[str]) -> bool:
    seen = visible_sites(user)
    return seen is ALL or bool(seen & sites)


def _language(user: User) -> str:
    return str(getattr(getattr(user, "profile", None), "language", "") or "en")
