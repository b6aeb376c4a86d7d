"""Two records, one person: merging them, taking a merge back, and deciding doubts.

merge   the orders of `gone` become those of `kept`; `gone` stays as a sign-post, found by what it was found by
undo    both are as they were; what came in between goes to the one whose phone or mail it was given with
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from central.people import hooks
from central.people.actions import FIELDS, locked, set_phone, survivor, write_changed
from central.people.errors import ErasedCustomer, MergeNotLast, StaleCustomer, TwoAccounts, UnknownDoubt, UnknownMerge
from central.people.events import CustomersParted
from central.people.models import Customer, Doubt, Merge, OrderContact
from central.people.queries import email_index, phone_index, phone_indexes
from node.acting import named
from node.realms import CUSTOMERS, atomic
from sync.events import record_event

Values = dict[str, str]

_INDEXES = ("phone_index", "claimed_index", "email_index")


@dataclass
class Before:
    """What a merge found, and what it made of the one who was kept; ids in hex. Stored encrypted."""

    gone: Values
    kept: Values
    #: whose the phone was beyond doubt, of the two
    had_phone: list[str]
    orders: list[str]
    followers: list[str]
    doubts: list[int]
    became: Values = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)


def merge_customers(
    gone: UUID, into: UUID, *, take: Collection[str] = (), by: str = "", seen: Mapping[UUID, int] | None = None
) -> Customer:
    """Two customers are one person: the orders of `gone` become those of `into`, and so do all that come later.

    `take`: those of `FIELDS` whose value of `gone` is to stay; the other value goes to the sign-post, so that both are
    found by. What `into` lacks it takes over in any case. An account signs in with the mail of its record: that
    stays whatever is asked; of two accounts that of `into` stays and the other is closed. `seen`: versions on the
    page. Told again it changes nothing. Raises `UnknownCustomer`, `ErasedCustomer`, `StaleCustomer`.
    """
    with named(by), atomic(CUSTOMERS):
        left, kept = _locked_pair(gone, into)
        if left.pk == kept.pk:
            return kept
        for one in (left, kept):
            if one.erased_at:
                raise ErasedCustomer(one.pk)
            if seen and seen.get(one.pk, one.ver) != one.ver:
                raise StaleCustomer(one.pk, seen[one.pk], one.ver)
        before = _before(left, kept)
        wanted = _to_take(left, kept, take)
        before.told = hooks.run_merged(left, kept)
        _swap(left, kept, wanted)
        OrderContact.objects.filter(customer=left).update(customer=kept)
        _between(left, kept).update(state=Doubt.State.SAME, decided_by=by)
        followers = list(Customer.objects.select_for_update().filter(merged_into=left).order_by("pk"))
        for one in followers:
            one.merged_into = kept
            write_changed(one, "merged_into")
        left.merged_into = kept
        write_changed(left, "merged_into", *_INDEXES, *wanted)
        write_changed(kept, *_INDEXES, *wanted)
        before.became = _values(kept)
        Merge.objects.create(gone=left, kept=kept, by=by, before=json.dumps(asdict(before), ensure_ascii=False))
    return kept


def undo_merge(merge_id: int, *, by: str = "") -> Customer:
    """They are two people after all; returns who is there again. The last merge of a customer is the first to go back.

    Of the one who was kept, a value that was changed since stays. Raises `UnknownMerge`, `MergeNotLast`,
    `ErasedCustomer`, and what `hooks` raise, such as a mail that has a new account by now.
    """
    with named(by), atomic(CUSTOMERS):
        merge = Merge.objects.filter(pk=merge_id, undone_at=None).first()
        if merge is None:
            raise UnknownMerge(merge_id)
        both = {pk: locked(pk) for pk in sorted({merge.gone_id, merge.kept_id})}
        gone, kept = both[merge.gone_id], both[merge.kept_id]
        if not Merge.objects.select_for_update().filter(pk=merge_id, undone_at=None).exists():
            raise UnknownMerge(merge_id)
        if kept.erased_at or not merge.before:
            raise ErasedCustomer(kept.pk)
        later = Merge.objects.filter(Q(gone=kept) | Q(kept=kept), pk__gt=merge.pk, undone_at=None)
        if later.exists():
            raise MergeNotLast("a later merge of this customer is taken back first", customer=str(kept.pk))
        orders = _part(gone, kept, Before(**json.loads(merge.before)), merge, by)
        merge.undone_at, merge.undone_by = timezone.now(), by
        merge.before = ""  # kept no longer than it is needed for
        merge.save(update_fields=["undone_at", "undone_by", "before"])
        event = CustomersParted(gone=gone.pk.hex, kept=kept.pk.hex, orders=[order.hex for order in orders])
        record_event(event, realm=CUSTOMERS)
    return gone


def decide_apart(doubt_id: int, *, by: str) -> Doubt:
    """A person has looked: these are two people. Raises `UnknownDoubt`."""
    return _decide(doubt_id, Doubt.State.OPEN, Doubt.State.APART, by)


def doubt_again(doubt_id: int, *, by: str) -> Doubt:
    """Take `decide_apart` back. Raises `UnknownDoubt`."""
    return _decide(doubt_id, Doubt.State.APART, Doubt.State.OPEN, by)


def _decide(doubt_id: int, was: Doubt.State, becomes: Doubt.State, by: str) -> Doubt:
    with atomic(CUSTOMERS):
        doubt = Doubt.objects.select_for_update().filter(pk=doubt_id, state=was).first()
        if doubt is None:
            raise UnknownDoubt(doubt_id)
        doubt.state, doubt.decided_by = becomes, by
        doubt.save(update_fields=["state", "decided_by"])
    return doubt


def decide_same(doubt_id: int, *, by: str) -> Merge:
    """A person has looked: these are one. The one who can sign in is kept, else the elder.

    Raises `UnknownDoubt`, `TwoAccounts`, and what `merge_customers` raises.
    """
    with atomic(CUSTOMERS):
        doubt = Doubt.objects.select_related("customer", "other").filter(pk=doubt_id, state=Doubt.State.OPEN).first()
        if doubt is None:
            raise UnknownDoubt(doubt_id)
        left, kept = _locked_pair(doubt.customer_id, doubt.other_id)
        if left.pk == kept.pk:
            raise UnknownDoubt(doubt_id)
        if not (hooks.is_free(left) or hooks.is_free(kept)):
            raise TwoAccounts("both have an account; choose on the merge's screen which one stays")
        if kept_first((left, kept)) == left:
            left, kept = kept, left
        merge_customers(left.pk, kept.pk, by=by)
        return Merge.objects.filter(gone=left, kept=kept, undone_at=None).latest("pk")


def kept_first(pair: tuple[Customer, Customer]) -> Customer:
    """Which of two is the one to keep when nobody has said: who can sign in, else the elder."""
    return min(pair, key=lambda one: (hooks.is_free(one), one.created_at, one.pk))


def mail_is_settled(gone: Customer, kept: Customer) -> Customer | None:
    """Whose e-mail stays because an account signs in by it; None: whichever a person chooses."""
    return kept if not hooks.is_free(kept) else gone if not hooks.is_free(gone) else None


# --- inside a merge ------------------------------------------------------------------------------------------------


def _locked_pair(gone: UUID, into: UUID) -> tuple[Customer, Customer]:
    # In order of their ids: two merges at one moment wait for each other instead of locking each other out.
    found = {pk: locked(pk) for pk in sorted({gone, into})}
    return survivor(found[gone]), survivor(found[into])


def _values(customer: Customer) -> Values:
    return {name: getattr(customer, name) or "" for name in FIELDS}


def _before(left: Customer, kept: Customer) -> Before:
    return Before(
        gone=_values(left),
        kept=_values(kept),
        had_phone=[one.pk.hex for one in (left, kept) if one.phone_index is not None],
        orders=[pk.hex for pk in left.contacts.values_list("pk", flat=True)],
        followers=[pk.hex for pk in left.merged.values_list("pk", flat=True)],
        doubts=list(_between(left, kept).values_list("pk", flat=True)),
    )


def _between(one: Customer, other: Customer) -> Any:
    """The open doubts that such a merge decides: those of their sign-posts too."""
    sides = [Customer.objects.filter(Q(pk=side.pk) | Q(merged_into=side)).values("pk") for side in (one, other)]
    crossed = Q(customer__in=sides[0], other__in=sides[1]) | Q(customer__in=sides[1], other__in=sides[0])
    return Doubt.objects.filter(crossed, state=Doubt.State.OPEN)


def _to_take(left: Customer, kept: Customer, take: Collection[str]) -> set[str]:
    """The fields that change sides: asked for, or lacking here; an account's e-mail is not a matter of choice."""
    if unknown := set(take) - set(FIELDS):
        raise KeyError(*sorted(unknown))
    wanted = {name for name in FIELDS if getattr(left, name) and (name in take or not getattr(kept, name))}
    settled = mail_is_settled(left, kept)
    return wanted if settled is None else wanted - {"email"} | ({"email"} if settled == left else set())


def _swap(left: Customer, kept: Customer, wanted: set[str]) -> None:
    for name in wanted:
        mine, theirs = getattr(kept, name), getattr(left, name)
        setattr(kept, name, theirs)
        setattr(left, name, mine or theirs)
    for one in (left, kept):
        one.email_index = email_index(one.email)
    _share_phones(left, kept)


def _share_phones(left: Customer, kept: Customer) -> None:
    """Each holds the index of the phone it now has; one phone of both is the survivor's."""
    held = {bytes(one.phone_index) for one in (left, kept) if one.phone_index is not None}
    for one in (kept, left):
        index, indexes = phone_index(one.phone or ""), set(phone_indexes(one.phone or ""))
        is_his = bool(held & indexes)
        one.phone_index, one.claimed_index = (index, None) if is_his else (None, index)
        held -= indexes
    # The index is there once: give it up before the other takes it. Both are written again by the caller.
    Customer.objects.filter(pk__in=[left.pk, kept.pk]).update(phone_index=None)


# --- inside its undoing --------------------------------------------------------------------------------------------


def _part(gone: Customer, kept: Customer, before: Before, merge: Merge, by: str) -> list[UUID]:
    """Put both back; returns the orders that are `gone`'s again."""
    had_account = hooks.run_parted(gone, kept, before.told)
    was = {one.pk: _values(one) for one in (gone, kept)}
    for name in FIELDS:
        now = getattr(kept, name) or ""
        setattr(gone, name, now if name == "email" and had_account else before.gone[name])
        if now == before.became[name] or (name == "email" and had_account):
            setattr(kept, name, before.kept[name])
    _phones_apart(gone, kept, before.had_phone)
    orders = _orders_of(gone, kept, before, merge)
    for contact in OrderContact.objects.filter(pk__in=orders, customer=kept):
        contact.customer = gone
        contact.save()  # under the key of whose it is again: the other may be erased
    Doubt.objects.filter(pk__in=before.doubts, state=Doubt.State.SAME).update(state=Doubt.State.APART, decided_by=by)
    Doubt.objects.filter(customer__in=(gone, kept), other__in=(gone, kept), state=Doubt.State.OPEN).update(
        state=Doubt.State.APART, decided_by=by
    )
    for one in Customer.objects.select_for_update().filter(pk__in=before.followers, merged_into=kept).order_by("pk"):
        one.merged_into = gone
        write_changed(one, "merged_into")
    for one in (gone, kept):
        one.email_index = email_index(one.email)
        write_changed(one, *_INDEXES, *(name for name in FIELDS if (getattr(one, name) or "") != was[one.pk][name]))
    return orders


def _phones_apart(gone: Customer, kept: Customer, had_phone: list[str]) -> None:
    """Give each the index of his phone; of one phone that both have, to the one who had it."""
    gone.merged_into = None
    gone.save(update_fields=["merged_into"])  # no sign-post any more, from which a phone could be taken
    both = Customer.objects.filter(pk__in=[gone.pk, kept.pk])
    both.update(phone_index=None, claimed_index=None)
    for one in sorted((gone, kept), key=lambda one: one.pk.hex not in had_phone):
        set_phone(one, one.phone or "")
        both.filter(pk=one.pk).update(phone_index=one.phone_index, claimed_index=one.claimed_index)


def _orders_of(gone: Customer, kept: Customer, before: Before, merge: Merge) -> list[UUID]:
    """Those he brought, and those since that were given with his phone or mail and with nothing of the other's."""
    found = [UUID(hex=order) for order in before.orders]
    his, others = _known_by(gone), _known_by(kept)
    since = OrderContact.objects.filter(customer=kept, created_at__gt=merge.at).exclude(pk__in=found)
    for contact in since:
        given = {index for index in (phone_index(contact.phone), email_index(contact.email)) if index}
        if given & his and not given & others:
            found.append(contact.pk)
    return found


def _known_by(customer: Customer) -> set[bytes]:
    indexes = (phone_index(customer.phone or ""), email_index(customer.email or ""))
    return {index for index in indexes if index}
