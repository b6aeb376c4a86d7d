"""The demo's imports: a supplier's price list that was written, a dealer's with refused rows, and one to look at."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from central.catalog.importing import runs
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.importing.sources import make_source
from central.catalog.models import Offer
from central.exchange.actions import make_key
from sync.contracts.money import minor_digits

SITE = "tea"
HEADER = ["Артикул", "Название", "Цена"]


def fill_imports() -> None:
    """Two sources of the tea shop with three runs, and a key of a 1C that never called."""
    offers = Offer.objects.filter(site=SITE, variant__options="").select_related("variant", "listing")
    goods = [
        (one.variant.sku, one.listing.title, one.price / 10 ** minor_digits(one.currency))
        for one in offers.order_by("variant__sku")[:12]
    ]
    supplier = make_source("Чайный склад", [SITE], by="manager", fields=["price"], is_master=True, makes_new=False)
    _run(supplier, "прайс-октябрь.csv", [(sku, title, f"{price:.2f}") for sku, title, price in goods], is_written=True)
    dealer = make_source("Посредник", [SITE], by="manager", fields=["price"], makes_new=False)
    rows = [(sku, title, f"{price + 10:.2f}") for sku, title, price in goods[:3]]
    rows += [("X-100", "Чай, которого нет в каталоге", "120.00"), (goods[3][0], goods[3][1], "по запросу")]
    _run(dealer, "остатки посредника.csv", rows, is_written=True)
    rows = [(sku, title, f"{price * 1.05:.0f}") for sku, title, price in goods[:6]]
    _run(supplier, "прайс-ноябрь.csv", rows, is_written=False)
    make_key("1С склада", sites=[SITE], source=supplier.pk, gives_people=False, by="admin")


def _run(source: ImportSource, name: str, rows: Iterable[tuple[str, str, str]], *, is_written: bool) -> ImportRun:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    run = runs.take_file(source, name, [text.getvalue().encode()], by="manager")
    runs.find_changes(run.pk)
    runs.do_run(run.pk)
    if is_written:
        runs.write_changes(run.pk)
        runs.do_run(run.pk)
    return run
