"""Idempotency-Key: a call that is sent again is answered again, and done once.

reserve -> do -> keep. A call that died half way leaves its reservation, and after a minute a repeat takes it over:
every action behind the API is safe to do again (a price set twice is one price, a product is not made twice).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from central.api.errors import BadCall, KeyReused, UnderWay
from central.api.models import ApiKey, RememberedCall
from node.realms import CLUSTER, atomic

METHODS = ("POST", "PATCH")
#: longer than any call may take
GIVEN_UP = timedelta(seconds=60)
_KEPT_HEADERS = ("Content-Type", "ETag", "Location")


def remembered(request: HttpRequest, key: ApiKey, answer: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """The answer to a call under its Idempotency-Key. Raises `BadCall`, `KeyReused`, `UnderWay`."""
    name = request.headers["Idempotency-Key"]
    if not (0 < len(name) <= 100 and name.isascii() and name.isprintable()):
        raise BadCall("an Idempotency-Key is 1 to 100 printable signs")
    row = _reserve(key, name, _hash_of(request))
    if row.status is not None:
        return _again(row)
    try:
        made = answer(request)
    except BaseException:
        row.delete()
        raise
    if made.status_code >= 500 or made.status_code == 429:
        row.delete()  # nothing was done, or nobody knows: the next try does it
    else:
        _keep(row, made)
    return made


def _reserve(key: ApiKey, name: str, call: bytes) -> RememberedCall:
    with atomic(CLUSTER):
        row, is_new = RememberedCall.objects.select_for_update().get_or_create(
            key=key, name=name, defaults={"call_hash": call}
        )
        if is_new:
            return row
        if bytes(row.call_hash) != call:
            raise KeyReused("this Idempotency-Key was used for another call")
        if row.status is None:
            if timezone.now() - row.began_at < GIVEN_UP:
                raise UnderWay("the first call with this Idempotency-Key is still being worked on")
            row.began_at = timezone.now()
            row.save(update_fields=["began_at"])
        return row


def _keep(row: RememberedCall, made: HttpResponse) -> None:
    row.status, row.body = made.status_code, made.content.decode()
    row.headers = {name: made[name] for name in _KEPT_HEADERS if name in made}
    row.save(update_fields=["status", "body", "headers"])


def _again(row: RememberedCall) -> HttpResponse:
    made = HttpResponse(row.body, status=row.status)
    for name, value in row.headers.items():
        made[name] = value
    made["Idempotency-Replayed"] = "true"
    return made


def _hash_of(request: HttpRequest) -> bytes:
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.blake2b(head + request.body, digest_size=32).digest()
