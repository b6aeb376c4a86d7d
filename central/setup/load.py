"""What benches ask of central: goods in thousands, stock, prices that change, a flood of log entries, orders taken in.

`python -m central.setup.load` runs in central's environment and answers one line of JSON for each line it reads:
`{"do": NAME, ...arguments}`. Moments are seconds of the clock that all processes of the machine share
(`time.monotonic`), so a driver can compare them with what it sees at an edge. What fails is answered by `{"error"}`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "node.settings.central")
django.setup()

from django.db import connections  # noqa: E402

from central.catalog.actions import Goods, Shop, Unit, save_goods, set_price, shop  # noqa: E402
from central.catalog.models import Listing, Offer, Variant  # noqa: E402
from central.orders.models import Order  # noqa: E402
from central.setup import load_chaos, load_imports, load_pages, load_stock  # noqa: E402
from central.stock.receipts import receive_stock  # noqa: E402
from node.realms import CATALOG, alias_of, atomic, on_commit  # noqa: E402
from sync.core.log import link_chain  # noqa: E402
from sync.outbox import record_state, record_states  # noqa: E402
from sync.store.central.log import state_of  # noqa: E402
from sync.store.central.models import SyncHead, SyncLog  # noqa: E402

BY = "bench"
BATCH = 500


def goods(site: str, count: int) -> dict[str, Any]:
    """Make `count` products with one unit each; returns the key of one line card and how many offers there are."""
    where = shop(site)
    for numbers in _parts(range(count)):
        with atomic(CATALOG):
            save_goods(where, [_product(where, number) for number in numbers], by=BY)
    offer = Offer.objects.get(site=site, variant__sku="BENCH-00000")
    return {"card": offer.card_key, "offers": Offer.objects.count()}


def _product(where: Shop, number: int) -> Goods:
    unit = Unit(f"BENCH-{number:05d}", price=10_000 + number, currency=where.currency)
    return Goods([unit], title=f"Measured thing {number:05d}", text="Made to be counted. " * 10, brand="Bench")


def prices(site: str, count: int, per_s: float) -> dict[str, Any]:
    """Change one price `count` times at a steady rate; returns (version of the card, moment of its commit) of each."""
    committed: list[float] = []
    versions: list[int] = []
    began = time.monotonic()
    for turn in range(count):
        time.sleep(max(0.0, began + turn / per_s - time.monotonic()))
        with atomic(CATALOG):
            on_commit(lambda: committed.append(time.monotonic()), realm=CATALOG)
            offer = set_price(site, "BENCH-00000", "", 20_000 + turn, by=BY)
        versions.append(offer.ver)
    return {"commits": list(zip(versions, committed, strict=True))}


def flood(entries: int) -> dict[str, Any]:
    """Publish `entries` new versions of cards and products as fast as one writer can; wait until the log has them all.

    Returns seconds until the writer was done, and until the sequencer was.
    """
    head = _head()
    began = time.monotonic()
    published = 0
    while published < entries:
        for publish in _rounds():
            published += publish(min(BATCH, entries - published))
            if published >= entries:
                break
    written = time.monotonic()
    while _head() < head + published:
        time.sleep(0.01)
    return {"entries": published, "write_s": written - began, "log_s": time.monotonic() - began}


def _rounds() -> Iterator[Callable[[int], int]]:
    cards = list(Offer.objects.order_by("pk").values_list("pk", flat=True))
    for part in _parts(cards):
        yield partial(_raise_cards, part)
    products = list(Listing.objects.order_by("pk").values_list("pk", flat=True))
    for part in _parts(products):
        yield partial(_raise_products, part)


def _raise_cards(ids: Sequence[Any], most: int) -> int:
    sql = "UPDATE catalog_offer SET ver = ver + 1 WHERE id = ANY(%s) RETURNING card_key, ver, site"
    with atomic(CATALOG):
        rows = _run(sql, ids[:most])
        groups = _groups()
        record_states([(f"card:{groups[site]}", key, ver, False) for key, ver, site in rows], realm=CATALOG)
    return len(rows)


def _raise_products(ids: Sequence[Any], most: int) -> int:
    sql = "UPDATE catalog_listing SET ver = ver + 1 WHERE id = ANY(%s) RETURNING product_id, ver, site"
    with atomic(CATALOG):
        rows = _run(sql, ids[:most])
        record_states([(f"product:{site}", key.hex, ver, False) for key, ver, site in rows], realm=CATALOG)
    return len(rows)


def _groups() -> dict[str, str]:
    if not _known_groups:
        _known_groups.update(shop(Offer.objects.values_list("site", flat=True)[0]).groups)
    return _known_groups


_known_groups: dict[str, str] = {}


def writer_cost(pairs: int, seconds: float) -> dict[str, Any]:
    """Transactions a second of one writer that changes a price, without and with publishing it, in turns."""
    [(offer, key, group)] = [
        (offer.pk, offer.card_key, _groups()[offer.site]) for offer in Offer.objects.filter(variant__sku="BENCH-00001")
    ]
    return {
        "pairs": [
            [_write_for(seconds, offer), _write_for(seconds, offer, publish=(f"card:{group}", key))]
            for _ in range(pairs)
        ]
    }


def _write_for(seconds: float, offer: UUID, publish: tuple[str, str] | None = None) -> float:
    began, done = time.monotonic(), 0
    while time.monotonic() < began + seconds:
        with atomic(CATALOG):
            row = Offer.objects.select_for_update().get(pk=offer)
            row.price += 1
            row.ver += 1
            row.save(update_fields=["price", "ver"])
            if publish:
                record_state(*publish, row.ver, realm=CATALOG)
        done += 1
    return done / (time.monotonic() - began)


def gaps() -> dict[str, Any]:
    """Read the whole log: how many numbers are missing, or have a chain that does not follow from the one before."""
    head = SyncHead.objects.using(alias_of(CATALOG)).get()
    seq, chain, wrong = head.floor, bytes(head.floor_chain), 0
    rows = SyncLog.objects.using(alias_of(CATALOG)).filter(seq__gt=seq).order_by("seq")
    for found, topic, key, ver, told in rows.values_list("seq", "topic", "key", "ver", "chain").iterator():
        wrong += found - seq - 1
        chain = link_chain(chain, found, topic, key, ver)
        wrong += chain != bytes(told)
        seq, chain = found, bytes(told)
    return {"gaps": wrong + abs(head.head - seq), "head": head.head}


def cards() -> dict[str, Any]:
    """Key -> version of every line card, to be compared with what an edge has."""
    return {"cards": dict(Offer.objects.values_list("card_key", "ver"))}


def stock(units: int) -> dict[str, Any]:
    """Receive `units` of every variant there is; returns how many variants those are."""
    variants = list(Variant.objects.values_list("pk", flat=True))
    receive_stock(dict.fromkeys(variants, units), who=BY)
    return {"variants": len(variants)}


def orders(ids: Sequence[str]) -> dict[str, Any]:
    """Those of these orders that are in central's database, and the moment of the look."""
    found = Order.objects.filter(pk__in=ids).values_list("pk", flat=True)
    return {"found": [key.hex for key in found], "at": time.monotonic()}


def _parts(whole: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (whole[start : start + BATCH] for start in range(0, len(whole), BATCH))


def _head() -> int:
    return state_of(CATALOG).head


def _run(sql: str, ids: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections[alias_of(CATALOG)].cursor() as cursor:
        cursor.execute(sql, [list(ids)])
        return list(cursor.fetchall())


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    work.__name__: work
    for work in (
        *(goods, prices, flood, writer_cost, gaps, cards, stock, orders),
        *(load_imports.take_import, load_imports.check_import, load_imports.write_import),
        *(load_imports.import_state, load_imports.written),
        *(load_stock.units_of, load_stock.told_by_edges),
        *(load_pages.page_goods, load_pages.reprice),
        *(load_pages.join_cdn, load_pages.pages_changed, load_pages.waiting_purges),
        *(load_chaos.scarce, load_chaos.receive, load_chaos.cancel, load_chaos.books, load_chaos.carts),
    )
}


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # logs would stand between them
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = COMMANDS[asked.pop("do")](**asked)
        except Exception as error:  # a database that is down, say: whoever asked is told, and may ask again
            connections.close_all()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
