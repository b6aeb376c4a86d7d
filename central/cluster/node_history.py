"""What happened to a node: invites, joins, silences, its end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from central.cluster.models import Node
from infra.crypto.signing import unb64


@dataclass(frozen=True)
class Happening:
    at: datetime
    text: str
    by: str = ""


def history_of(node: Node, *, limit: int = 40) -> list[Happening]:
    """Newest first."""
    found: list[Happening] = []
    for invite in node.invites.all():
        found.append(Happening(invite.created_at, _("Invited"), invite.created_by))
        if invite.used_at:
            text = _("Joined with the key %(key)s") % {"key": fingerprint(invite.used_by)}
            found.append(Happening(invite.used_at, text))
        elif invite.expires_at < timezone.now():
            found.append(Happening(invite.expires_at, _("The invite expired unused")))
    for silence in node.silences.all()[:limit]:
        found.append(Happening(silence.noticed_at, _("Fell silent, people were told")))
        if silence.ended_at and node.state != Node.State.REVOKED:
            found.append(Happening(silence.ended_at, _("Spoke again")))
    if node.revoked_at:
        found.append(Happening(node.revoked_at, _("Revoked"), node.revoked_by))
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def fingerprint(key: str) -> str:
    """The first 16 bytes of a public key's sha256, in fours: short enough to be compared aloud. "" for no key."""
    try:
        digest = hashlib.sha256(unb64(key)).hexdigest()[:32] if key else ""
    except ValueError:
        digest = ""
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
