"""Every change of sites, nodes and rates. Each is one transaction of the realm `cluster`, published to the edges."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from central.cluster.checks import check_editions, check_prices, check_site
from central.cluster.errors import BadField, JoinRefused, NameTaken, UnknownGroup, UnknownNode, UnknownSite
from central.cluster.events import EpochEnded, LanguagesChanged
from central.cluster.inheritance import INHERITABLE, TEXTS, locks_on, parents_of, set_own, settle, value_of
from central.cluster.keys import central_public_key, sealing_keys, sign_as_central
from central.cluster.models import Invite, Node, NodeHealth, Rate, Site, SiteGroup
from central.cluster.trees import below, check_parent
from central.ui import live
from infra.crypto.signing import b64, unb64, verify
from node.acting import Actor, named
from node.realms import CLUSTER, acting_inside, atomic, following, on_commit
from sync.contracts.documents import MediaDoc
from sync.contracts.join import AdoptRequest, JoinAnswer, JoinRequest, JoinToken
from sync.events import record_event
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
    "unpaid_minutes",
    "pages",
    "detection",
)
#: what no edge reads
_UNPUBLISHED = {"group", "parent", "inherits", "locks", "unpaid_minutes"}


# --- sites -------------------------------------------------------------------------------------------------------


def register_site(site_id: str, *, by: str, **fields: Any) -> Site:
    """Add a shop. `fields` are those of `edit_site`.

    Raises `NameTaken`, `BadField`, `UnknownNode`, `UnknownGroup`, `UnknownSite` (no such parent).
    """
    with named(by), atomic(CLUSTER):
        sites = lock_sites()
        if site_id in sites:
            raise NameTaken(f"a site with the id '{site_id}' exists already; choose another", site=site_id)
        site = sites[site_id] = Site(id=site_id)
        _give(site, fields, sites)
        if site.parent is not None:
            for name in site.inherits:  # a new site's own value, should it ever be wanted, is as its parent's
                set_own(site, name, value_of(site, name) or value_of(site.parent, name))
        check_site(site)
        settle(site, sites)
        check_prices(site, sites)
        site.save(force_insert=True)
        _publish_site(site, _snapshot(site))
    return site


def edit_site(site_id: str, *, by: str, **fields: Any) -> Site:
    """Change some fields of a shop: columns of `Site`, with ids for `node`, `group` and `parent` ("" for none).

    One text alone is "texts.phone".

    A setting that is taken from the parent becomes the site's own when it is given another value, unless `inherits`
    says otherwise; what a site above locks waits. The sites below follow where what stands for them has changed.
    Unchanged values write nothing.
    """
    with named(by), atomic(CLUSTER):
        sites = lock_sites()
        if site_id not in sites:
            raise UnknownSite(site_id)
        touched = [sites[one] for one in (site_id, *below(site_id, parents_of(sites)))]
        was = {site.pk: _snapshot(site) for site in touched}
        site = touched[0]
        had_colour = site.colour
        _give(site, fields, sites)
        check_site(site, had_colour=had_colour)
        for one in touched:
            settle(one, sites)
            check_prices(one, sites)
            if _speaks_or_lives_elsewhere(one, was[one.pk]):
                check_editions(one, sites.values())
            with nullcontext() if one is site else following(f"site:{site_id}", realm=CLUSTER):
                _save(one, was[one.pk])
    return site


def set_media(site_id: str, media: MediaDoc) -> bool:
    """Say where a shop's files come from; False when it is so already. Raises `UnknownSite`."""
    with atomic(CLUSTER):
        site = Site.objects.select_for_update().filter(pk=site_id).first()
        if site is None:
            raise UnknownSite(site_id)
        said = msgspec.to_builtins(media)
        if site.media == said:
            return False
        site.media = said
        site.ver += 1
        site.save(update_fields=["media", "ver"])
        record_state(f"site:{site.cart_group}", site.id, site.ver, realm=CLUSTER)
        return True


def end_previews(site_id: str, *, by: str) -> None:
    """From now on nobody who opened the shop as staff sees it live; he has to open it again. Raises `UnknownSite`."""
    with named(by), atomic(CLUSTER):
        site = Site.objects.select_for_update().filter(pk=site_id).first()
        if site is None:
            raise UnknownSite(site_id)
        site.previews_ended_at = timezone.now()
        site.ver += 1
        site.save(update_fields=["previews_ended_at", "ver"])
        record_state(f"site:{site.cart_group}", site.id, site.ver, realm=CLUSTER)


def lock_sites() -> dict[str, Site]:
    """All of them: a change may reach down a tree, and two changes at once must not close a circle in it."""
    return {site.pk: site for site in Site.objects.select_for_update().order_by("pk")}


def _give(site: Site, fields: Mapping[str, Any], sites: dict[str, Site]) -> None:
    if "node" in fields:
        site.node = _node_or_none(fields["node"])
    if "group" in fields:
        site.group = _group_or_none(fields["group"])
    if "parent" in fields:
        site.parent = _parent_or_none(site, fields["parent"], sites)
    for name in ("inherits", "locks"):
        if name in fields:
            setattr(site, name, sorted(set(fields[name]) & set(INHERITABLE)))
    locked = locks_on(site, sites)
    for name, value in _spread(site, fields):
        is_inherited = bool(site.parent_id) and name in site.inherits
        if name not in INHERITABLE:
            setattr(site, name, value)
        elif name not in locked and not is_inherited:
            set_own(site, name, value)
        elif value != value_of(site, name):  # the same value given again says nothing
            set_own(site, name, value)
            if "inherits" not in fields:
                site.inherits = [one for one in site.inherits if one != name]


def _spread(site: Site, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The editable fields, each text for itself; texts this version does not know are put in place whole."""
    for name in dict.fromkeys((*_EDITABLE, *INHERITABLE)):
        if name in fields and name != "texts":
            yield name, fields[name]
    if "texts" in fields:
        unknown = {name: text for name, text in fields["texts"].items() if name not in TEXTS}
        site.texts = unknown | {name: site.texts[name] for name in TEXTS if name in site.texts}
        for name in TEXTS:
            yield f"texts.{name}", fields["texts"].get(name, "")


def _save(site: Site, was: dict[str, Any]) -> None:
    became = _snapshot(site)
    changed = [name for name in became if became[name] != was[name]]
    if not changed:
        site.save(update_fields=["kept"])
        return
    site.ver += 1
    site.save()
    if set(changed) - _UNPUBLISHED:
        _publish_site(site, was)
    if "language" in changed:
        record_event(LanguagesChanged(site=site.pk), realm=CLUSTER)
    on_commit(lambda: live.nudge(live.SITES, sites=[site.pk], keys=[site.pk]), realm=CLUSTER)


def _speaks_or_lives_elsewhere(site: Site, was: Mapping[str, Any]) -> bool:
    return any(was[name] != getattr(site, name) for name in ("language", "origin", "extra_hosts"))


def _snapshot(site: Site) -> dict[str, Any]:
    own = {name: getattr(site, name) for name in (*_EDITABLE, "inherits", "locks")}
    return own | {"node": site.node_id or "", "group": site.group_id or "", "parent": site.parent_id or ""}


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


def _parent_or_none(site: Site, parent_id: str, sites: dict[str, Site]) -> Site | None:
    if not parent_id:
        return None
    if parent_id not in sites:
        raise UnknownSite(parent_id)
    check_parent(site.pk, parent_id, parents_of(sites))
    return sites[parent_id]


def _publish_site(site: Site, was: Mapping[str, Any]) -> None:
    """Tell the edges of a site that stands as it is now and stood as `was`."""
    old_group, old_node = was["cart_group"], was["node"]
    if old_group != site.cart_group:
        record_state(f"site:{old_group}", site.id, site.ver, realm=CLUSTER, deleted=True)
    record_state(f"site:{site.cart_group}", site.id, site.ver, realm=CLUSTER)
    for node in Node.objects.filter(pk__in={old_node, site.node_id or ""} - {""}):
        _publish_node(node, also_groups={old_group, site.cart_group})


def _publish_node(node: Node, *, also_groups: Iterable[str] = ()) -> None:
    node.ver += 1
    node.save(update_fields=["ver"])
    groups = set(Site.objects.filter(node=node).values_list("cart_group", flat=True))
    for group in sorted(groups | set(also_groups)):
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
    operator_language: str = "",
) -> str:
    """Make a one-time join token for an edge that will serve `sites`; returns its text, which is shown only now.

    Inviting a node that has joined before is how a lost disk is replaced: its epoch rises when it joins.
    """
    secret = secrets.token_urlsafe(24)
    with named(by), atomic(CLUSTER):
        node, is_new = Node.objects.get_or_create(pk=node_id, defaults={"name": name or node_id})
        if is_new:
            try:
                node.clean_fields()
            except ValidationError as error:
                raise BadField({key: " ".join(texts) for key, texts in error.message_dict.items()}) from error
        if node.state == Node.State.REVOKED:
            raise NameTaken(f"node '{node_id}' was revoked; choose another id", node=node_id)
        if operator_email:
            node.operator_email, node.operator_language = operator_email, operator_language
            node.save(update_fields=["operator_email", "operator_language"])
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
            _end_epoch(node)
            node.epoch, node.adopted_by = node.epoch + 1, ""
            node.state, node.joined_at = Node.State.JOINED, timezone.now()
            with acting_inside(Actor(f"edge:{node.pk}"), realm=CLUSTER):
                node.save()
            _publish_node(node)
        return _answer(node, request.sign_key)


def adopt_disk(request: AdoptRequest) -> JoinAnswer:
    """Give a node's disk an epoch of its own. Whoever asks again in the same words gets the same answer.

    The node's key is the right to ask: whoever has it speaks for the node anyway, and with another disk than before
    only by shutting that one out. Raises `JoinRefused`.
    """
    asking = hashlib.sha256(request.signed_part()).hexdigest()
    with atomic(CLUSTER):
        node = Node.objects.select_for_update().filter(pk=request.node).first()
        if node is None or not node.sign_key or not _is_signed_by(node, request):
            raise JoinRefused("unknown_node", "central knows no node of that name and key; join it with an invite")
        if node.state == Node.State.REVOKED:
            raise JoinRefused("node_revoked", f"node '{node.id}' was revoked; invite it under another id")
        if node.adopted_by != asking:
            if request.epoch != node.epoch:
                raise JoinRefused("stale_epoch", "another disk speaks for this node by now; join with a new invite")
            _end_epoch(node)
            node.epoch, node.adopted_by = node.epoch + 1, asking
            with acting_inside(Actor(f"edge:{node.pk}"), realm=CLUSTER):
                node.save()
        return _answer(node, node.sign_key)


def _is_signed_by(node: Node, request: AdoptRequest) -> bool:
    try:
        signature = unb64(request.signature)
    except ValueError:
        return False
    return request.sign_key == node.sign_key and verify(unb64(node.sign_key), signature, request.signed_part())


def end_epoch(node_id: str, epoch: int) -> None:
    """The node's disk shows a past that is not the one central knows: it speaks for the node no more."""
    with atomic(CLUSTER):
        node = Node.objects.select_for_update().filter(pk=node_id, epoch=epoch).exclude(dead_epoch=epoch).first()
        if node is not None:
            node.dead_epoch = epoch
            node.save(update_fields=["dead_epoch"])
            _end_epoch(node)


def _end_epoch(node: Node) -> None:
    if node.epoch:
        record_event(EpochEnded(node=node.pk, epoch=node.epoch), realm=CLUSTER)


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


def _answer(node: Node, asked_by: str) -> JoinAnswer:
    answer = JoinAnswer(
        node=node.id,
        name=node.name,
        epoch=node.epoch,
        sites=sorted(site.id for site in node.sites.all()),
        central_key=b64(central_public_key()),
        sealing_keys=sealing_keys(),
        asked_by=asked_by,
    )
    return msgspec.structs.replace(answer, signature=b64(sign_as_central(answer.signed_part())))


def revoke_node(node_id: str, *, by: str) -> Node:
    """Shut a node out: the hub closes its link within seconds, sisters refuse its hops. Repeating changes nothing."""
    with named(by), atomic(CLUSTER):
        node = Node.objects.select_for_update().filter(pk=node_id).first()
        if node is None:
            raise UnknownNode(node_id)
        if node.state != Node.State.REVOKED:
            node.state, node.revoked_at, node.revoked_by = Node.State.REVOKED, timezone.now(), by
            node.save()
            Invite.objects.filter(node=node, used_by="").update(expires_at=timezone.now())
            _publish_node(node)
            _end_epoch(node)
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
        raise BadField({"rate": _("two different currencies and a rate above zero are needed")})
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
