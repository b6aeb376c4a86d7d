"""Every change of accounts; each is one transaction of the realm `customers`.

What counts tries commits even when the try was wrong: such actions return after the transaction, then raise.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from central.people.actions import change_customer, customer_of_account
from central.people.models import Customer, Doubt
from central.people.queries import email_index, email_indexes
from central.shoppers import codes
from central.shoppers.errors import (
    BadGrant,
    CodeSpent,
    EmailTaken,
    TooManyTries,
    WeakPassword,
    WrongCode,
    WrongSignIn,
)
from central.shoppers.events import CodeAsked
from central.shoppers.models import Account, Code, Grant, IdSession
from central.shoppers.out import tell_out
from central.shoppers.queries import Ask, account_by_email, account_of, hash_of, site_look
from central.ui.actors import shopper
from central.ui.bulk.actions import forget_rows
from infra.crypto.normalise import email_key
from infra.crypto.signing import b64
from node.acting import named
from node.realms import CUSTOMERS, atomic, on_commit
from sync.contracts.shoppers import ExchangeAsk, ShopperOut
from sync.events import record_event

log = structlog.get_logger(__name__)

Purpose = Code.Purpose

#: how long the one-time code of a sign-in lasts on its way through the browser
GRANT_LIFE: Final = timedelta(seconds=60)


# --- codes ---------------------------------------------------------------------------------------------------------


def ask_code(
    purpose: Purpose,
    email: str,
    *,
    address: str,
    language: str,
    site: str = "",
    name: str = "",
    password: str = "",
    account: Account | None = None,
) -> Code:
    """Have a code sent to an e-mail. The same for known and unknown ones: the same rows, the same time, no hint.

    `address`: of the browser, for counting. Raises `infra.crypto.errors.NotAnEmail`, `WeakPassword`, `TooManyTries`.
    """
    email = email_key(email)
    if purpose == Purpose.SIGN_UP:
        check_strength(password, email, name)
    index = email_index(email) or b""
    codes.count("send", email=index, address=address)
    hashed = make_password(password) if purpose == Purpose.SIGN_UP else ""
    with atomic(CUSTOMERS):
        recent = Code.objects.filter(
            email_index__in=email_indexes(email), created_at__gt=timezone.now() - timedelta(hours=1)
        )
        if recent.count() >= codes.PER_HOUR:
            raise TooManyTries("too many codes for this e-mail; wait an hour", what="send")
        code = Code.objects.create(
            purpose=purpose, email=email, email_index=index, name=name, password=hashed, account=account, site=site,
            language=language,
        )  # fmt: skip
        record_event(CodeAsked(code=code.pk.hex), realm=CUSTOMERS)
    return code


def sign_up_or_in(code_id: UUID, typed: str, *, address: str) -> Account:
    """The right code opens the account it was asked for: makes it, or signs in to the one there is.

    Raises `WrongCode`, `CodeSpent`, `TooManyTries`.
    """
    with _used_code(code_id, typed, address, (Purpose.SIGN_UP, Purpose.SIGN_IN)) as code:
        account = account_by_email(code.email)
        if account is None:
            if code.purpose != Purpose.SIGN_UP:
                raise CodeSpent("there is nothing to sign in to")
            account = _new_account(code)
        _proven(account)
    return account


def reset_password(code_id: UUID, typed: str, password: str, *, address: str) -> Account:
    """A new password by a code; whoever was signed in anywhere is signed out.

    Raises `WrongCode`, `CodeSpent`, `TooManyTries`, `WeakPassword`.
    """
    code = Code.objects.filter(pk=code_id).first()
    check_strength(password, code.email if code else "", "")
    hashed = make_password(password)
    with _used_code(code_id, typed, address, (Purpose.RESET,)) as code:
        account = account_by_email(code.email)
        if account is None:
            raise CodeSpent("there is nothing to reset")
        account.password = hashed
        account.save(update_fields=["password"])
        _proven(account)
        _end_all(account)
    return account


def change_email(code_id: UUID, typed: str, *, address: str, account: Account) -> Account:
    """The new e-mail has been proven: it is the account's and the record's. Raises `EmailTaken` and as above."""
    with _used_code(code_id, typed, address, (Purpose.NEW_EMAIL,)) as code:
        if code.account_id != account.pk:
            raise CodeSpent("this code was asked for by somebody else")
        change_customer(
            account.customer_id, {"email": code.email}, by=shopper(account.customer_id), is_email_proven=True
        )
        account.refresh_from_db()
        _proven(account)
    return account


class _used_code:
    """Checks and uses a code up; the block runs in the same transaction. A wrong try is counted, then raised."""

    def __init__(self, code_id: UUID, typed: str, address: str, purposes: tuple[Purpose, ...]) -> None:
        self._id, self._typed, self._address, self._purposes = code_id, typed, address, purposes

    def __enter__(self) -> Code:
        found = Code.objects.filter(pk=self._id, purpose__in=self._purposes).first()
        if found is None:
            raise CodeSpent("there is no such code")
        codes.count("code", email=bytes(found.email_index), address=self._address)
        code = _tried(self._id, self._typed)
        with ExitStack() as stack:
            # Who has the code is the shopper, whoever he will turn out to be.
            stack.enter_context(named("shopper:code"))
            stack.enter_context(atomic(CUSTOMERS))
            if not Code.objects.filter(pk=code.pk, used_at=None).update(used_at=timezone.now()):
                raise CodeSpent("the code was used")
            self._inside = stack.pop_all()
        return code

    def __exit__(self, *error: object) -> None:
        self._inside.__exit__(*error)  # type: ignore[arg-type]


def _tried(code_id: UUID, typed: str) -> Code:
    """Count a try; the code when it was right. Raises `WrongCode`, `CodeSpent`."""
    with atomic(CUSTOMERS):
        code = Code.objects.select_for_update().get(pk=code_id)
        is_over = code.used_at or code.tries >= codes.TRIES or timezone.now() - code.created_at > codes.LIFE
        if not is_over:
            code.tries += 1
            code.save(update_fields=["tries"])
    if is_over:
        log.warning("spent_code_tried", code=code_id.hex, tries=code.tries)
        raise CodeSpent("the code is spent; ask for a new one")
    if not codes.is_right(code_id, typed):
        raise WrongCode("this is not the code", left=codes.TRIES - code.tries)
    return code


def _new_account(code: Code) -> Account:
    customer = customer_of_account(
        code.email, name=code.name, language=code.language, site=code.site, site_label=site_look(code.site).name[:30]
    )
    return Account.objects.create(
        customer=customer, email_index=code.email_index, password=code.password, language=code.language, site=code.site
    )


def _proven(account: Account) -> None:
    account.verified_at = account.verified_at or timezone.now()
    account.save(update_fields=["verified_at"])


def check_strength(password: str, email: str, name: str) -> None:
    """Raises `WeakPassword` with sentences in the language of the page."""
    try:
        validate_password(password)
    except ValidationError as error:
        raise WeakPassword(list(error.messages)) from error
    if password.casefold() in {email.casefold(), name.casefold()}:
        raise WeakPassword([])


# --- sessions ------------------------------------------------------------------------------------------------------


def sign_in(email: str, password: str, *, address: str) -> Account:
    """Raises `WrongSignIn`, whatever is wrong, after the same work; `TooManyTries`."""
    index = email_index(email)
    codes.count("password", email=index or hashlib.sha256(email.encode()).digest(), address=address)
    account = account_by_email(email)
    if account is None:
        make_password(password)  # takes as long as checking one
        raise WrongSignIn("this e-mail and password do not belong together")
    if not check_password(password, account.password) or account.verified_at is None:
        raise WrongSignIn("this e-mail and password do not belong together")
    return account


def open_session(account: Account, *, device: str) -> tuple[str, IdSession]:
    """A new session and its cookie's value. Whatever the browser held before is not used again."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    with atomic(CUSTOMERS):
        session = IdSession.objects.create(hash=hash_of(token), account=account, device=device[:80])
        Account.objects.filter(pk=account.pk).update(signed_in_at=now)
    return token, session


def touch(session: IdSession) -> None:
    """The person has pressed something here."""
    with atomic(CUSTOMERS):
        IdSession.objects.filter(pk=session.pk).update(interacted_at=timezone.now())


def end_session(account: Account, session_id: UUID) -> None:
    """Sign one browser out, in every shop it came to from here."""
    with atomic(CUSTOMERS):
        now = timezone.now()
        account.sessions.filter(pk=session_id, ended_at=None).update(ended_at=now)
        grants = account.grants.filter(session=session_id, ended_at=None)
        ended = [grant.hex for grant in grants.values_list("pk", flat=True)]
        grants.update(ended_at=now)
        on_commit(lambda: tell_out(ShopperOut(grants=ended)), realm=CUSTOMERS)


def end_everything(account: Account) -> None:
    """Sign out of every browser and every shop; the edges hear of it at once, or within seconds."""
    with atomic(CUSTOMERS):
        _end_all(account)


def _end_all(account: Account) -> None:
    now = timezone.now()
    account.sessions.filter(ended_at=None).update(ended_at=now)
    grants = account.grants.filter(ended_at=None)
    ended = [grant.hex for grant in grants.values_list("pk", flat=True)]
    grants.update(ended_at=now)
    cart = account.cart
    on_commit(lambda: tell_out(ShopperOut(grants=ended, cart=cart)), realm=CUSTOMERS)


def change_password(account: Account, old: str, new: str, *, address: str, keep: IdSession) -> None:
    """Set a new password; every other browser is signed out. Raises `WrongSignIn`, `WeakPassword`, `TooManyTries`."""
    codes.count("password", email=bytes(account.email_index), address=address)
    if not check_password(old, account.password):
        raise WrongSignIn("the old password is not right")
    check_strength(new, account.customer.email, account.customer.name)
    hashed = make_password(new)
    with named(shopper(account.customer_id)), atomic(CUSTOMERS):
        account.password = hashed
        account.save(update_fields=["password"])
    for other in account.sessions.filter(ended_at=None).exclude(pk=keep.pk):
        end_session(account, other.pk)


def email_changed(account: Account, email: str, *, is_proven: bool) -> None:
    """The customer's e-mail is another one now: so is the sign-in's. Inside that change's transaction.

    Not proven (staff wrote it): the account waits for a code sent to it. Raises `EmailTaken`.
    """
    index = email_index(email)
    if index is None or _taken_by_another(email, account):
        raise EmailTaken("an account needs an e-mail that no other account has")
    account.email_index = index
    account.verified_at = timezone.now() if is_proven else None
    account.save(update_fields=["email_index", "verified_at"])


def join_accounts(gone: Customer, kept: Customer) -> dict[str, str] | None:
    """Two customers were found to be one person: one sign-in stays. Inside that transaction.

    The only account there is goes to `kept`; of two that of `kept` stays, and the other is closed: its carts and
    sessions end, its e-mail is free. Returns what `part_accounts` needs.
    """
    account = account_of(gone)
    if account is None or account.is_closed:
        return None
    if account_of(kept) is None:
        account.customer = kept
        account.save(update_fields=["customer"])
        return {"moved": account.pk.hex}
    told = {"closed": account.pk.hex, "email": gone.email, "password": account.password}
    _shut(account)
    return told


def part_accounts(gone: Customer, kept: Customer, told: dict[str, str] | None) -> bool:
    """Take `join_accounts` back; whether `kept` has lost the account to `gone`. Inside that transaction.

    Raises `EmailTaken` when somebody else has made an account with the mail of the closed one.
    """
    if not told:
        return False
    if moved := told.get("moved"):
        return bool(Account.objects.filter(pk=UUID(hex=moved), customer=kept).update(customer=gone))
    account = Account.objects.select_for_update().get(pk=UUID(hex=told["closed"]))
    # A merge of an older version told the index only.
    index = email_index(told["email"]) if "email" in told else bytes.fromhex(told["email_index"])
    is_taken = Account.objects.filter(email_index=index).exclude(pk=account.pk).exists()
    if index is None or is_taken or _taken_by_another(told.get("email", ""), account):
        raise EmailTaken("somebody has made an account with this e-mail meanwhile")
    account.is_closed, account.email_index, account.password = False, index, told["password"]
    account.save(update_fields=["is_closed", "email_index", "password"])
    return False


def _taken_by_another(email: str, account: Account) -> bool:
    return Account.objects.filter(email_index__in=email_indexes(email)).exclude(pk=account.pk).exists()


def close_account(account: Account) -> None:
    """The customer is to be forgotten: nobody signs in by this account again. Inside that transaction."""
    _shut(account)
    IdSession.objects.filter(account=account).update(device="")


def forget_codes(customers: Sequence[Customer]) -> None:
    """Codes hold the e-mail they were sent to. Inside the transaction that forgets these customers."""
    indexes = [index for one in customers for index in email_indexes(one.email)]
    Code.objects.filter(Q(email_index__in=indexes) | Q(account__customer__in=customers)).delete()


def forget_doubts(customers: Sequence[Customer]) -> None:
    """A row of these is a pair of people, so what a bulk run has told of it lies under no person's key."""
    doubts = Doubt.objects.filter(Q(customer__in=customers) | Q(other__in=customers)).values_list("pk", flat=True)
    forget_rows(CUSTOMERS, "doubts", map(str, doubts))


def _shut(account: Account) -> None:
    _end_all(account)
    account.is_closed, account.password = True, ""
    account.email_index = secrets.token_bytes(32)  # the mail is free for a new account
    account.save(update_fields=["is_closed", "password", "email_index"])


# --- sign-in at a shop ---------------------------------------------------------------------------------------------


def issue_code(session: IdSession, ask: Ask) -> str:
    """A one-time code for the shop that asks: bound to it, its edge, the address it goes to and the edge's secret."""
    code = secrets.token_urlsafe(32)
    with atomic(CUSTOMERS):
        Grant.objects.create(
            account=session.account, session=session, site=ask.site.id, node=ask.node, code_hash=hash_of(code),
            redirect_uri=ask.redirect_uri, challenge=ask.challenge,
        )  # fmt: skip
    return code


@dataclass(frozen=True)
class Exchanged:
    grant: Grant
    account: Account


def exchange(ask: ExchangeAsk, *, node: str, sites: frozenset[str]) -> Exchanged:
    """The edge's half of a sign-in. Raises `BadGrant`: unknown_code, used, expired, foreign, wrong_verifier.

    A code that comes a second time may have been stolen: what the first one gave is taken back.
    """
    with atomic(CUSTOMERS):
        found = Grant.objects.select_for_update(of=("self",)).select_related("account__customer", "session")
        grant = found.filter(code_hash=hash_of(ask.code)).first()
        wrong = _wrong(grant, ask, node, sites)
        if grant is not None and wrong == "used":
            Grant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=timezone.now())
            on_commit(lambda: tell_out(ShopperOut(grants=[grant.pk.hex])), realm=CUSTOMERS)
        elif grant is not None and wrong != "foreign":
            # One try, right or wrong: whoever has a code without its verifier has stolen it.
            grant.used_at = timezone.now()
            grant.ended_at = timezone.now() if wrong else None
            grant.save(update_fields=["used_at", "ended_at"])
    if wrong or grant is None:
        log.warning("sign_in_refused", why=wrong, node=node, site=ask.site)
        raise BadGrant(wrong)
    return Exchanged(grant, grant.account)


def _wrong(grant: Grant | None, ask: ExchangeAsk, node: str, sites: frozenset[str]) -> str:
    if grant is None:
        return "unknown_code"
    if grant.node != node or grant.site != ask.site or ask.site not in sites:
        return "foreign"
    if grant.used_at is not None:
        return "used"
    if timezone.now() - grant.created_at > GRANT_LIFE:
        return "expired"
    if grant.redirect_uri != ask.redirect_uri:
        return "foreign_address"
    challenge = b64(hashlib.sha256(ask.verifier.encode()).digest())
    if not secrets.compare_digest(challenge.encode(), grant.challenge.encode()):
        return "wrong_verifier"
    return "ended" if grant.session.ended_at or grant.account.is_closed else ""


def leave(grant_id: UUID, node: str, *, everywhere: bool) -> None:
    """Somebody signed out at a shop: his sign-in there ends, and the browser's at the id domain; or all there are.

    Repeating changes nothing.
    """
    with atomic(CUSTOMERS):
        grant = Grant.objects.select_related("account").filter(pk=grant_id, node=node).first()
        if grant is None:
            return
        now = timezone.now()
        Grant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=now)
        # Else the next one at this browser would be a click away from coming in as this person.
        IdSession.objects.filter(pk=grant.session_id, ended_at=None).update(ended_at=now)
        if everywhere:
            _end_all(grant.account)
