"""The way of a file over the screens: upload, mapping, changes, writing, refused rows, and whose it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from central.catalog.importing import runs
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.models import Listing, Offer, Product
from central.ui.tests import cast
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"])

FILE = "Артикул,Название,Цена,Остаток\nT1,Сенча,199.50,5\nT2,Ассам,дорого,3\n"


@pytest.fixture(autouse=True)
def world(node_home: Path) -> None:
    for site in ("tea", "clay"):
        cast.site(site)


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def upload(client: Any, text: str = FILE, name: str = "goods.csv", **more: Any) -> ImportRun:
    form = {"file": SimpleUploadedFile(name, text.encode()), "source": "", "title": "Чайный дом", "sites": ["tea"]}
    answer = client.post("/imports/new", {**form, **more})
    assert answer.status_code == 302, answer.content.decode()
    return ImportRun.objects.latest("created_at")


def mapped(client: Any, run: ImportRun) -> ImportRun:
    fields = {"column-0": "sku", "column-1": "title", "column-2": "price", "column-3": "stock"}
    assert client.post(f"/imports/{run.pk}/mapping", fields).status_code == 302
    return worked(run)


def worked(run: ImportRun) -> ImportRun:
    run_due(["catalog"])
    run.refresh_from_db()
    return run


def test_a_file_is_mapped_looked_at_and_written(ada: Any) -> None:
    run = upload(ada)
    page = ada.get(f"/imports/{run.pk}").content.decode()
    assert "Сенча · Ассам" in page
    assert '<option value="sku" selected>' in page

    run = mapped(ada, run)

    page = ada.get(f"/imports/{run.pk}").content.decode()
    assert (run.state, run.counts) == ("ready", {"read": 2, "created": 1, "refused": 1})
    assert Product.objects.count() == 0
    assert "Write 1 change" in page
    assert "price: “дорого” is no amount" in page

    ada.post(f"/imports/{run.pk}/act", {"do": "write"})
    run = worked(run)

    assert (run.state, run.counts) == ("done", {"read": 2, "created": 1, "refused": 1})
    assert Offer.objects.get().price == 19_950


def test_the_mapping_is_kept_for_the_next_file(ada: Any) -> None:
    run = mapped(ada, upload(ada, FILE.replace("Название", "Как зовут")))

    assert run.source.mapping["columns"]["title"] == "Как зовут"
    again = upload(ada, FILE.replace("Название", "Как зовут"), source=str(run.source_id))
    assert again.source == run.source
    assert '<option value="title" selected>' in ada.get(f"/imports/{again.pk}").content.decode()


def test_a_mapping_that_was_wrong_is_said_again(ada: Any) -> None:
    run = mapped(ada, upload(ada))

    ada.post(f"/imports/{run.pk}/act", {"do": "map"})

    run.refresh_from_db()
    assert (run.state, run.counts) == ("draft", {})
    ada.post(f"/imports/{run.pk}/mapping", {"column-0": "sku", "column-1": "title", "column-3": "price"})
    assert worked(run).counts == {"read": 2, "created": 2}


def test_only_changes_are_shown_with_what_was_and_what_becomes(ada: Any) -> None:
    run = mapped(ada, upload(ada))
    ada.post(f"/imports/{run.pk}/act", {"do": "write"})
    worked(run)

    next_run = mapped(ada, upload(ada, FILE.replace("199.50", "210"), source=str(run.source_id)))

    (line,) = [one for one in runs.lines_of(runs.report_of(next_run, is_dry=True))[0] if one["outcome"] == "updated"]
    assert line["changes"] == {"price": [19_950, 21_000]}
    page = ada.get(f"/imports/{next_run.pk}").content.decode()
    assert "199.50" in page
    assert "210" in page


def test_refused_rows_come_as_a_file_that_can_be_brought_in_again(ada: Any) -> None:
    run = mapped(ada, upload(ada))

    text = b"".join(ada.get(f"/imports/{run.pk}/refused").streaming_content).decode("utf-8-sig")

    assert text.splitlines()[0] == "line,reason,Артикул,Название,Цена,Остаток"
    assert text.splitlines()[1].startswith("3,price: 'дорого' is no amount,T2,Ассам,")
    mended = upload(ada, text.replace(",T2,Ассам,дорого", ",T2,Ассам,250"), source=str(run.source_id))
    ada.post(f"/imports/{mended.pk}/mapping", {"column-2": "sku", "column-3": "title", "column-4": "price"})
    assert worked(mended).counts == {"read": 1, "created": 1}


def test_a_file_that_cannot_be_read_says_why_and_writes_nothing(ada: Any) -> None:
    run = upload(
        ada, '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "bad.xml"
    )

    page = ada.get(f"/imports/{run.pk}").content.decode()

    assert "declares a DTD" in page
    assert "root:" not in page


def test_a_file_that_says_it_has_ten_gigabytes_is_not_taken(ada: Any) -> None:
    answer = ada.generic(
        "POST", "/imports/new", b"x", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=10**10
    )

    assert answer.status_code == 413
    assert ImportRun.objects.count() == 0


def test_a_run_stops_behind_its_batch_and_goes_on(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from central.catalog.importing import feeds

    monkeypatch.setattr(feeds, "BATCH", 1)
    run = mapped(ada, upload(ada, "sku,title,price\nA,Tea A,1\nB,Tea B,2\nC,Tea C,3\n"))
    ada.post(f"/imports/{run.pk}/act", {"do": "write"})
    asked = iter([True, True, False])
    runs.do_run(run.pk, still_mine=lambda: next(asked))  # killed behind the second batch
    assert sorted(Listing.objects.values_list("title", flat=True)) == ["Tea A", "Tea B"]
    ada.post(f"/imports/{run.pk}/act", {"do": "stop"})
    assert worked(run).state == "stopped"

    ada.post(f"/imports/{run.pk}/act", {"do": "write"})
    run = worked(run)

    assert (run.state, run.counts) == ("done", {"read": 3, "created": 3})
    assert len(runs.lines_of(runs.report_of(run, is_dry=False))[0]) == 3


def test_another_s_source_and_run_are_not_there() -> None:
    run = upload(cast.signed_in(cast.staff("ada", "admin")))
    client = cast.signed_in(cast.staff("eva", "manager", sites=["clay"]))

    assert "Чайный дом" not in client.get("/imports").content.decode()
    assert "Чайный дом" not in client.get("/imports/sources").content.decode()
    for address in (f"/imports/{run.pk}", f"/imports/{run.pk}/refused", f"/imports/sources/{run.source_id}"):
        assert client.get(address).status_code == 404
    assert client.post(f"/imports/{run.pk}/act", {"do": "write"}).status_code == 404


def test_a_source_of_two_sites_is_not_for_who_sees_one(ada: Any) -> None:
    upload(ada, sites=["tea", "clay"])

    assert (
        "Чайный дом" not in cast.signed_in(cast.staff("eva", "manager", sites=["tea"])).get("/imports").content.decode()
    )


def test_a_new_source_cannot_name_a_site_of_others(ada: Any) -> None:
    client = cast.signed_in(cast.staff("eva", "manager", sites=["clay"]))
    form = {"file": SimpleUploadedFile("a.csv", b"sku\n1\n"), "source": "", "title": "X", "sites": ["tea"]}

    assert client.post("/imports/new", form).status_code == 422
    assert ImportSource.objects.count() == 0


def test_an_operator_imports_nothing() -> None:
    client = cast.signed_in(cast.staff("olga", "operator"))

    assert [client.get(path).status_code for path in ("/imports", "/imports/new", "/imports/sources")] == [403] * 3


def test_reasons_are_said_in_the_language_of_the_page(ada: Any) -> None:
    run = mapped(ada, upload(ada))

    page = ada.get(f"/imports/{run.pk}", headers={"Accept-Language": "ru"}).content.decode()

    assert "цена: «дорого» — не сумма" in page
