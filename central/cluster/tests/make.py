"""Plain builders; a test names only what matters to it."""

from __future__ import annotations

from typing import Any

import msgspec
from django.apps import apps

from central.cluster import actions
from central.cluster.models import Site
from infra.crypto.sealing import new_sealing_key, sealing_public_of
from infra.crypto.signing import b64, new_signing_key, public_of, sign
from sync.contracts.join import JoinRequest, JoinToken


def make_site(site_id: str = "tea", **fields: Any) -> Site:
    defaults: dict[str, Any] = {
        "name": site_id.title(),
        "label": site_id,
        "colour": "#0b7285",
        "origin": f"https://{site_id}.example",
        "currency": "RUB",
        "theme": "tea",
    }
    return actions.register_site(site_id, by="tests", **(defaults | fields))


def changes_of(site_id: str) -> list[Any]:
    """What the database wrote of a site's changes, oldest first."""
    history = apps.get_model("history", "Change").objects.using("default")  # an app of the same floor
    return list(history.filter(record_kind="cluster.site", record_key=site_id).order_by("pk"))


def invite(node: str = "a", sites: tuple[str, ...] = ("tea",), **more: Any) -> JoinToken:
    text = actions.invite_node(
        node, name=node, sites=list(sites), by="tests", central_url="http://central.example", **more
    )
    return JoinToken.parse(text)


def make_request(token: JoinToken, private: bytes | None = None) -> JoinRequest:
    private = private or new_signing_key()
    request = JoinRequest(
        invite=token.invite,
        secret=token.secret,
        sign_key=b64(public_of(private)),
        seal_key=b64(sealing_public_of(new_sealing_key())),
        version="1",
    )
    return msgspec.structs.replace(request, signature=b64(sign(private, request.signed_part())))
