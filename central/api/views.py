"""Screens of keys, and what the API can, for people to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from central.accounts.models import GroupRight
from central.accounts.scope import ALL, visible_sites
from central.api import actions, queries
from central.api.errors import UnknownKey
from central.api.forms import KeyForm
from central.api.lists import state_of
from central.api.reference import groups_of_calls
from central.api.rights import TITLES
from central.ui import sites as site_looks
from central.ui.screens import StaffRequest, may, screen


@screen("manage_keys", methods=["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponseBase:
    form = KeyForm(request, **_offers(request))
    if form.is_saveable():
        with form.refusals():
            key, text = actions.make_key(request.user, form.wanted)
            # Never a redirect: the text must stand in no session, address or log.
            return render(request, "api/made.html", {"key": key, "text": text, "base": request.build_absolute_uri("/")})
    return form.page(_("Make a key"), back=("keys", _("Keys of the API")))


@screen("manage_keys")
def one(request: StaffRequest, key_id: UUID) -> HttpResponseBase:
    key = queries.keys_visible_to(request.user).filter(pk=key_id).first()
    if key is None:
        raise UnknownKey("there is no such key among those you may see", key=str(key_id))
    groups = site_looks.groups(request)
    context = {
        "key": key,
        "state": state_of(key),
        "rights": [TITLES[right] for right in key.rights if right in TITLES],
        "sites": sorted(key.site_ids),
        "groups": [groups[group].title for group in key.groups if group in groups],
        "days": queries.usage_of(key),
    }
    return render(request, "api/key.html", context)


@screen("manage_keys", methods=["POST"])
def revoke(request: StaffRequest, key_id: UUID) -> HttpResponseBase:
    key = actions.revoke_key(key_id, request.user)
    messages.success(request, _("%(key)s is revoked: its next call is refused.") % {"key": key.name})
    return redirect("keys-one", key_id)


@screen(None)
def reference(request: StaffRequest) -> HttpResponseBase:
    context = {"groups": groups_of_calls(), "base": request.build_absolute_uri("/").rstrip("/")}
    return render(request, "api/reference.html", context)


def _offers(request: StaffRequest) -> dict[str, Any]:
    """What this maker may give."""
    seen = visible_sites(request.user)
    looks = [look for look in site_looks.looks(request).values() if seen is ALL or look.id in seen]
    held = set(GroupRight.objects.filter(user_id=request.user.pk).values_list("group", flat=True))
    groups = [group for group in site_looks.groups(request).values() if seen is ALL or group.id in held]
    return {
        "rights": [right for right in TITLES if may(request.user, right)],
        "sites": [(look.id, look.label) for look in looks],
        "groups": [(group.id, group.title) for group in groups],
        "gives_all": seen is ALL,
    }
