"""Every change of sites, nodes and rates. Each is one transaction of the realm `cluster`, published to the edges."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.utils import timezone

from central.cluster.documents import host_of
from central.cluster.errors import BadField, JoinRefused, NameTaken, UnknownGroup, UnknownNode, UnknownSite
from central.cluster.keys import central_public_key, sealing_keys, sign_as_central
from central.cluster.models import Invite, Node, NodeHealth, Rate, Site, SiteChange, SiteGroup
from infra.crypto.signing import b64, unb64, verify
from node.realms import CLUSTER, atomic
from sync.contracts.documents import DeliveryMethod, PaymentMethod
from sync.contracts.join import JoinAnswer, JoinRequest, JoinToken
from sync.outbox import record_state

INVITE_MINUTES = 60

_EDITABLE = (
    "name",
    "label",
    "colour",
    "origin",
    "extra_hosts",
    "language",
    "currency",
    "theme",
    "cart_group",
    "is_active",
    "texts",
    "deliveries",
    "payments",
)


# --- sites -------------------------------------------------------------------------------------------------------


def register_site(site_id: str, *, by: str, node: str = "", group: str = "", **fields: Any) -> Site:
    """Add a shop. `fields` are the editable ones of `Site`.

    Raises `NameTaken`, `BadField`, `UnknownNode`, `UnknownGroup`.
    """
    with atomic(CLUSTER):
        if Site.objects.filter(pk=site_id).exists():
            raise NameTaken(f"a site with the id '{site_id}' exists already; choose another", site=site_id)
        site = Site(id=site_id, **{name: fields[name] for name in _EDITABLE if name in fields})
        site.node, site.group = _node_or_none(node), _group_or_none(group)
        _check_site(site)
        site.save(force_insert=True)
        SiteChange.objects.create(site=site, by=by, was={}, became=_snapshot(site))
        _publish_site(site)
    return site


def edit_site(site_id: str, *, by: str, **fields: Any) -> Site:
    """Change some fields of a shop; `node` (an id or "") moves it to another edge, `group` to another group.

    Unchanged values write nothing.
    """
    with atomic(CLUSTER):
        site = Site.objects.select_for_update().filter(pk=site_id).first()
        if site is None:
            raise UnknownSite(site_id)
        was, old_group, old_node = _snapshot(site), site.cart_group, site.node_id
        for name in _EDITABLE:
            if name in fields:
                setattr(site, name, fields[name])
        if "node" in fields:
            site.node = _node_or_none(fields["node"])
        if "group" in fields:
            site.group = _group_or_none(fields["group"])
        _check_site(site)
        became = _snapshot(site)
        changed = [name for name in became if became[name] != was[name]]
        if not changed:
            return site
        site.ver += 1
        site.save()
        SiteChange.objects.create(
            site=site, by=by, was={name: was[name] for name in changed}, became={name: became[name] for name in changed}
        )
        if old_group != site.cart_group:
            record_state(f"site:{old_group}", site.id, site.ver, realm=CLUSTER, deleted=True)
        _publish_site(site)
        if old_node and old_node != site.node_id:
            _publish_node(Node.objects.get(pk=old_node), also_group=site.cart_group)
    return site


def _check_site(site: Site) -> None:
    wrong: dict[str, str] = {}
    site.origin = site.origin.rstrip("/")
    site.currency = site.currency.upper()
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", site.origin):
        wrong["origin"] = "must be like https://shop.example, without a path"
    if not re.fullmatch(r"[A-Z]{3}", site.currency):
        wrong["currency"] = "must be an ISO 4217 code such as EUR"
    for name, kind in (("deliveries", DeliveryMethod), ("payments", PaymentMethod)):
        try:
            msgspec.convert(getattr(site, name), list[kind])  # type: ignore[valid-type]
        except msgspec.ValidationError as error:
            wrong[name] = str(error)
    taken = Site.objects.exclude(pk=site.pk)
    for host in (host_of(site.origin), *site.extra_hosts):
        # One address, one content: a host name leads to exactly one shop of the cluster.
        if any(host in (host_of(other.origin), *other.extra_hosts) for other in taken):
            wrong["origin"] = f"the host name {host} belongs to another site"
    try:
        site.clean_fields(exclude={"node", "group"})
    except ValidationError as error:
        wrong |= {name: " ".join(texts) for name, texts in error.message_dict.items()}
    if wrong:
        raise BadField(wrong)


def _snapshot(site: Site) -> dict[str, Any]:
    return {name: getattr(site, name) for name in _EDITABLE} | {
        "node": site.node_id or "",
        "group": site.group_id or "",
    }


def _node_or_none(node_id: str) -> Node | None:
    if not node_id:
        return None
    found = Node.objects.filter(pk=node_id).first()
    if found is None:
        raise UnknownNode(node_id)
    return found


def _group_or_none(group_id: str) -> SiteGroup | None:
    if not group_id:
        return None
    found = SiteGroup.objects.filter(pk=group_id).first()
    if found is None:
        raise UnknownGroup(group_id)
    return found


def _publish_site(site: Site) -> None:
    record_state(f"site:{site.cart_group}", site.id, site.ver, realm=CLUSTER)
    if site.node_id:
        _publish_node(Node.objects.get(pk=site.node_id))


def _publish_node(node: Node, *, also_group: str = "") -> None:
    node.ver += 1
    node.save(update_fields=["ver"])
    groups = set(Site.objects.filter(node=node).values_list("cart_group", flat=True))
    for group in groups | ({also_group} - {""}):
        record_state(f"node:{group}", node.id, node.ver, realm=CLUSTER)


# --- nodes -------------------------------------------------------------------------------------------------------


def invite_node(
    node_id: str,
    *,
    name: str,
    sites: list[str],
    by: str,
    central_url: str,
    minutes: int = INVITE_MINUTES,
    operator_email: str = "",
) -> str:
    """Make a one-time join token for an edge that will serve `sites`; returns its text, which is shown only now.

    Inviting a node that has joined before is how a lost disk is replaced: its epoch rises when it joins.
    """
    secret = secrets.token_urlsafe(24)
    with atomic(CLUSTER):
        node, is_new = Node.objects.get_or_create(pk=node_id, defaults={"name": name or node_id})
        if is_new:
            try:
                node.clean_fields()
            except ValidationError as error:
                raise BadField({key: " ".join(texts) for key, texts in error.message_dict.items()}) from error
        if node.state == Node.State.REVOKED:
            raise NameTaken(f"node '{node_id}' was revoked; choose another id", node=node_id)
        if operator_email:
            node.operator_email = operator_email
            node.save(update_fields=["operator_email"])
        for site_id in sites:
            edit_site(site_id, by=by, node=node_id)
        invite = Invite.objects.create(
            node=node,
            secret_hash=_hash(secret),
            expires_at=timezone.now() + timedelta(minutes=minutes),
            created_by=by,
        )
    return JoinToken(url=central_url, invite=invite.id.hex, secret=secret, central_key=b64(central_public_key())).text()


def join_node(request: JoinRequest) -> JoinAnswer:
    """Take a new edge in. The same key may repeat a broken join; any other key is refused. Raises `JoinRefused`."""
    _check_signature(request)
    with atomic(CLUSTER):
        invite = _lock_invite(request)
        node = Node.objects.select_for_update().get(pk=invite.node_id)
        if node.state == Node.State.REVOKED:
            raise JoinRefused("node_revoked", f"node '{node.id}' was revoked; invite it under another id")
        if not invite.used_by:
            invite.used_by, invite.used_at = request.sign_key, timezone.now()
            invite.save(update_fields=["used_by", "used_at"])
            node.sign_key, node.seal_key = request.sign_key, request.seal_key
            node.epoch += 1
            node.state, node.joined_at = Node.State.JOINED, timezone.now()
            node.save()
            _publish_node(node)
        return _answer(node, request)


def _check_signature(request: JoinRequest) -> None:
    try:
        sign_key, signature, seal_key = unb64(request.sign_key), unb64(request.signature), unb64(request.seal_key)
    except ValueError:
        sign_key = signature = seal_key = b""
    if len(sign_key) != 32 or len(seal_key) != 32 or not verify(sign_key, signature, request.signed_part()):
        raise JoinRefused("bad_signature", "the request is not signed by the key it names; run `rialto join` again")


def _lock_invite(request: JoinRequest) -> Invite:
    try:
        invite = Invite.objects.select_for_update().filter(pk=request.invite).first()
    except (ValidationError, ValueError):
        invite = None
    if invite is None or not hmac.compare_digest(bytes(invite.secret_hash), _hash(request.secret)):
        raise JoinRefused("unknown_token", "central does not know this join token; ask for a new one")
    if invite.used_by and invite.used_by != request.sign_key:
        raise JoinRefused("token_used", "this join token was used by another node; ask for a new one")
    if not invite.used_by and invite.expires_at < timezone.now():
        raise JoinRefused("token_expired", "this join token has expired; ask for a new one")
    return invite


def _answer(node: Node, request: JoinRequest) -> JoinAnswer:
    answer = JoinAnswer(
        node=node.id,
        name=node.name,
        epoch=node.epoch,
        sites=sorted(site.id for site in node.sites.all()),
        central_key=b64(central_public_key()),
        sealing_keys=sealing_keys(),
        asked_by=request.sign_key,
    )
    return msgspec.structs.replace(answer, signature=b64(sign_as_central(answer.signed_part())))


def revoke_node(node_id: str, *, by: str) -> Node:
    """Shut a node out: the hub closes its link within seconds, sisters refuse its hops. Repeating changes nothing."""
    with atomic(CLUSTER):
        node = Node.objects.select_for_update().filter(pk=node_id).first()
        if node is None:
            raise UnknownNode(node_id)
        if node.state != Node.State.REVOKED:
            node.state, node.revoked_at, node.revoked_by = Node.State.REVOKED, timezone.now(), by
            node.save()
            Invite.objects.filter(node=node, used_by="").update(expires_at=timezone.now())
            _publish_node(node)
    return node


def heard_from(node_id: str, *, version: str, backlog: int, lag: int, detail: Mapping[str, Any]) -> None:
    """Write down a heartbeat. One row, overwritten: the last one is all that is asked for."""
    NodeHealth.objects.update_or_create(
        node_id=node_id,
        defaults={
            "heard_at": timezone.now(),
            "version": version[:40],
            "backlog": backlog,
            "lag": lag,
            "detail": dict(detail),
        },
    )


def _hash(secret: str) -> bytes:
    # The secret is 192 random bits, so a plain hash is enough: there is nothing to guess.
    return hashlib.sha256(secret.encode()).digest()


# --- rates -------------------------------------------------------------------------------------------------------


def set_rate(base: str, quote: str, micros: int, *, by: str) -> Rate:
    """Publish what one whole unit of `base` costs in `quote`, in micro-units; the same value again writes nothing."""
    if micros <= 0 or base == quote:
        raise BadField({"rate": "two different currencies and a rate above zero are needed"})
    with atomic(CLUSTER):
        rate, is_new = Rate.objects.select_for_update().get_or_create(
            base=base, quote=quote, defaults={"micros": micros, "changed_by": by}
        )
        if not is_new:
            if rate.micros == micros:
                return rate
            rate.micros, rate.ver, rate.changed_at, rate.changed_by = micros, rate.ver + 1, timezone.now(), by
            rate.save()
        record_state("rate:all", f"{base}/{quote}", rate.ver, realm=CLUSTER)
    return rate
