"""Every change of keys; each is one transaction of the realm `cluster`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from central.accounts.models import GroupRight
from central.accounts.scope import ALL, visible_sites
from central.api.errors import BadKey, TooMuchGiven, UnknownKey
from central.api.keys import hash_of, new_key
from central.api.models import ApiKey, KeyDay, RememberedCall
from central.api.queries import keys_visible_to
from central.api.rights import TITLES
from central.ui import sites as site_looks
from central.ui.screens import may
from node.realms import CLUSTER, atomic

#: how long an answer is remembered for its Idempotency-Key
CALLS_KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Wanted:
    """A key as its maker asks for it. `sites` and `groups` are ids; `all_sites` means those to come as well."""

    name: str
    rights: Collection[str]
    all_sites: bool = False
    sites: Collection[str] = ()
    groups: Collection[str] = ()
    addresses: Collection[str] = ()
    expires_at: datetime | None = None


def make_key(maker: Any, wanted: Wanted) -> tuple[ApiKey, str]:
    """A new key and its whole text, which nobody can see again. Raises `BadKey`, `TooMuchGiven`."""
    _check(wanted)
    _check_given(maker, wanted)
    prefix, text = new_key()
    with atomic(CLUSTER):
        key = ApiKey.objects.create(
            name=wanted.name.strip(),
            prefix=prefix,
            hash=hash_of(text),
            rights=sorted(set(wanted.rights)),
            sees_all_sites=wanted.all_sites,
            sites=sorted(set(wanted.sites)),
            groups=sorted(set(wanted.groups)),
            addresses=sorted(set(wanted.addresses)),
            made_by=maker.username,
            expires_at=wanted.expires_at,
        )
    return key, text


def revoke_key(key_id: UUID, by: Any) -> ApiKey:
    """The key is refused from its next call on; again: nothing. Raises `UnknownKey`, also for one he may not see."""
    with atomic(CLUSTER):
        key = keys_visible_to(by, ApiKey.objects.select_for_update()).filter(pk=key_id).first()
        if key is None:
            raise UnknownKey("there is no such key among those you may see", key=str(key_id))
        if key.revoked_at is None:
            key.revoked_at, key.revoked_by = timezone.now(), by.username
            key.save(update_fields=["revoked_at", "revoked_by"])
    return key


def note_use(key: ApiKey, *, is_write: bool, is_refused: bool) -> None:
    """Count a call of a key, and remember the minute of it."""
    now = timezone.now()
    column = "refused" if is_refused else "writes" if is_write else "reads"
    with atomic(CLUSTER):
        if key.last_used_at is None or now - key.last_used_at >= timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now.replace(second=0, microsecond=0))
        today = KeyDay.objects.filter(key=key, day=now.date())
        if not today.update(**{column: F(column) + 1}):
            KeyDay.objects.get_or_create(key=key, day=now.date())
            today.update(**{column: F(column) + 1})


def forget_old_calls() -> int:
    """Drop the answers that no repeat is owed any more."""
    with atomic(CLUSTER):
        return RememberedCall.objects.filter(began_at__lt=timezone.now() - CALLS_KEPT).delete()[0]


def _check(wanted: Wanted) -> None:
    if not wanted.name.strip() or len(wanted.name.strip()) > 80:
        raise BadKey("name", "a key needs a name of 80 signs at most")
    if not wanted.rights:
        raise BadKey("rights", "a key with no right can do nothing")
    if unknown := sorted(set(wanted.rights) - set(TITLES)):
        raise BadKey("rights", f"the API knows no right {', '.join(unknown)}")
    if not (wanted.all_sites or wanted.sites or wanted.groups):
        raise BadKey("sites", "a key with no site sees nothing")
    if wanted.expires_at is not None and wanted.expires_at <= timezone.now():
        raise BadKey("expires_at", "this moment is over")
    for one in wanted.addresses:
        try:
            ip_network(one, strict=False)
        except ValueError:
            raise BadKey("addresses", f"'{one}' is not an address or a network") from None


def _check_given(maker: Any, wanted: Wanted) -> None:
    """Nobody gives what he does not hold himself."""
    if lacking := sorted(right for right in wanted.rights if not may(maker, right)):
        raise TooMuchGiven(f"you do not hold {', '.join(lacking)} yourself", rights=lacking)
    seen = visible_sites(maker)
    known = set(site_looks.looks(None))
    if unknown := sorted(set(wanted.sites) - known):
        raise BadKey("sites", f"there is no site {', '.join(unknown)}")
    if unknown := sorted(set(wanted.groups) - set(site_looks.groups(None))):
        raise BadKey("sites", f"there is no group {', '.join(unknown)}")
    if seen is ALL:
        return
    # A group may get sites later: only who holds the group itself may give it.
    held = set(GroupRight.objects.filter(user_id=maker.pk).values_list("group", flat=True))
    if wanted.all_sites or set(wanted.groups) - held or set(wanted.sites) - set(seen):
        raise TooMuchGiven("you do not see all of these sites yourself")
