"""A pretend card provider: it keeps charges, signs its messages and moves no money. For trying, demos and tests.

It behaves as a real one would be seen from here: its state is its own (a SQLite file in the node's home), it is told a
card number on its own page, and it reports by a signed message. Any card number pays but `REFUSED_CARD`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from infra.crypto.keys import ensure_key, keys_dir
from infra.payments.protocol import (
    Callback,
    Charge,
    Opened,
    ProviderSettings,
    Refused,
    Settlement,
    Unavailable,
    check,
)

#: this card has no money, whoever uses it
REFUSED_CARD = "4000000000000002"
PAID_CARD = "4242424242424242"
PAY_PATH = "/pay/pretend/"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS charge (
    ref TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL, label TEXT NOT NULL, return_url TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'waiting'
);
CREATE TABLE IF NOT EXISTS refund (
    key TEXT PRIMARY KEY, ref TEXT NOT NULL REFERENCES charge (ref), amount INTEGER NOT NULL CHECK (amount > 0)
);
"""


class PretendCard:
    is_online = True

    def __init__(self, settings: ProviderSettings) -> None:
        self._file = settings.home / "pretend-card.sqlite3"
        self._base_url = settings.base_url
        folder = keys_dir(settings.home)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._secret = ensure_key(folder / "pretend-card", lambda: secrets.token_bytes(32))

    def create(self, charge: Charge) -> Opened:
        check(charge)
        with self._database() as database:
            database.execute(
                "INSERT INTO charge (ref, key, amount, currency, label, return_url) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO NOTHING",
                (
                    secrets.token_hex(16),
                    charge.key,
                    charge.amount,
                    charge.currency,
                    charge.label,
                    charge.return_url,
                ),
            )
            ref, amount, currency = database.execute(
                "SELECT ref, amount, currency FROM charge WHERE key = ?", (charge.key,)
            ).fetchone()
        if (amount, currency) != (charge.amount, charge.currency):
            raise Refused("this key was used for other money", key=charge.key)
        return Opened(ref=ref, pay_url=f"{self._base_url}{PAY_PATH}{ref}")

    def charge(self, ref: str) -> Charge:
        """What the provider's own page shows. Raises `Refused` for a charge it does not know."""
        with self._database() as database:
            row = database.execute(
                "SELECT key, amount, currency, label, return_url FROM charge WHERE ref = ?", (ref,)
            ).fetchone()
        if row is None:
            raise Refused("the pretend provider knows no such charge", ref=ref)
        return Charge(*row)

    def pay(self, ref: str, card_number: str) -> Callback:
        """The shopper's card, typed on the provider's page; returns the message the provider then posts.

        The number is looked at and forgotten. Paid stays paid, whatever is typed later.
        """
        digits = "".join(sign for sign in card_number if sign.isdecimal())
        if not 12 <= len(digits) <= 19:
            raise Refused("this is not a card number", ref=ref)
        state = "refused" if digits == REFUSED_CARD else "paid"
        with self._database() as database:
            database.execute("UPDATE charge SET state = ? WHERE ref = ? AND state <> 'paid'", (state, ref))
        return self.message(ref)

    def message(self, ref: str) -> Callback:
        """The signed message about a charge as it stands. Raises `Refused` for one it does not know."""
        with self._database() as database:
            row = database.execute(
                "SELECT ref, key, state, amount, currency FROM charge WHERE ref = ?", (ref,)
            ).fetchone()
        if row is None:
            raise Refused("the pretend provider knows no such charge", ref=ref)
        body = msgspec.json.encode(Settlement(*row))
        return Callback(body=body, signature=self._sign(body))

    def settle(self, callback: Callback) -> Settlement:
        if not hmac.compare_digest(self._sign(callback.body).encode(), callback.signature.encode()):
            raise Refused("the message is not signed by the provider")
        return msgspec.json.decode(callback.body, type=Settlement)

    def refund(self, ref: str, *, key: str, amount: int, currency: str) -> None:
        with self._database() as database:
            row = database.execute("SELECT state, amount, currency FROM charge WHERE ref = ?", (ref,)).fetchone()
            if row is None or row[0] != "paid" or row[2] != currency or amount <= 0:
                raise Refused("nothing was paid that could be given back", ref=ref)
            done = database.execute("SELECT ref, amount FROM refund WHERE key = ?", (key,)).fetchone()
            if done is not None:
                if done != (ref, amount):
                    raise Refused("this key was used for another refund", key=key)
                return
            (refunded,) = database.execute(
                "SELECT coalesce(sum(amount), 0) FROM refund WHERE ref = ?", (ref,)
            ).fetchone()
            if refunded + amount > row[1]:
                raise Refused("more than was paid cannot be given back", ref=ref, refunded=refunded)
            database.execute("INSERT INTO refund (key, ref, amount) VALUES (?, ?, ?)", (key, ref, amount))

    def _sign(self, body: bytes) -> str:
        return hmac.digest(self._secret, body, hashlib.sha256).hex()

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(self._file, timeout=5, isolation_level=None)
            try:
                database.executescript(_SCHEMA)
                database.execute("BEGIN IMMEDIATE")
                yield database
                database.execute("COMMIT")
            finally:
                database.close()  # without a commit this rolls back
        except sqlite3.OperationalError as error:
            raise Unavailable("the pretend provider's file does not answer") from error
