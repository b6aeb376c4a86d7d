"""Files made to harm: each is refused with what is wrong and what to do, in little memory; nothing is written."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.catalog.errors import ImportRefused
from central.catalog.importing import archives, unroll
from central.catalog.importing.run import Options, import_files
from central.catalog.models import Product
from central.catalog.tests.files import archive, laughs, lying_archive, workbook
from central.catalog.tests.make import DATABASES, make_site

pytestmark = pytest.mark.django_db(databases=DATABASES)

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
GOODS = "<goods><item><sku>T1</sku><title>{}</title><price>10</price></item></goods>"


@pytest.fixture(autouse=True)
def shop(node_home: Path) -> Iterator[None]:
    """In little memory: a bomb that goes off is an error of the test, not the end of the machine."""
    make_site("tea", "RUB")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def refused(tmp_path: Path, name: str, data: str | bytes) -> str:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(ImportRefused) as caught:
        import_files([path], "tea", Options())
    assert not Product.objects.exists()
    return str(caught.value)


def test_an_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the key of the house")
    dtd = f'<!DOCTYPE goods [<!ENTITY x SYSTEM "file://{secret}">]>'

    why = refused(tmp_path, "goods.xml", DECLARATION + dtd + GOODS.format("&x;"))

    assert "declares a DTD" in why
    assert "save it without the DOCTYPE" in why
    assert "key of the house" not in why


@pytest.mark.parametrize(
    "body",
    [
        GOODS.format("&a11;"),
        '<goods all="&a11;"><item/></goods>',
        '<goods><item><sku no="&a11;">1</sku></item></goods>',
    ],
    ids=["in a text", "in an attribute of the root", "in an attribute"],
)
def test_a_million_laughs_are_not_laughed(tmp_path: Path, body: str) -> None:
    why = refused(tmp_path, "goods.xml", DECLARATION + laughs() + body)

    assert "without the DOCTYPE" in why or "without entities and DOCTYPE" in why


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("deep.xml", "<goods>" + "<a>" * 5_000 + "</a>" * 5_000 + "</goods>", "nested more than 256 deep"),
        ("cut.xml", GOODS.format("Sencha")[:-20], "was cut short on its way"),
        ("tongue.xml", (DECLARATION + GOODS.format("Чай")).encode("cp1251"), "not in the encoding the file names"),
        ("no.xml", DECLARATION.replace("UTF-8", "klingon") + GOODS.format("Tea"), "not in the encoding"),
        ("undeclared.xml", GOODS.format("&tea;"), "names an entity"),
        ("long.xml", GOODS.format("x" * 11_000_000), "4 MB without an end|longer than 10 MB"),
        pytest.param(
            "noise.xml",
            "<goods>" + "<b>1</b>" * 600_000 + "</goods>",
            "holds no <b>|without an end|no column holds",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_xml_that_is_none_says_what_is_wrong(tmp_path: Path, name: str, data: str | bytes, why: str) -> None:
    assert re.search(why, refused(tmp_path, name, data))


def test_a_workbook_that_says_it_is_too_large_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unroll, "MAX_WORKBOOK", 50_000_000)
    bomb = archive({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b"\0" * 60_000_000})

    why = refused(tmp_path, "bomb.xlsx", bomb)

    assert "would unpack to more than 50 MB" in why
    assert "split it" in why


def test_a_workbook_that_lies_about_its_size_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unroll, "MAX_WORKBOOK", 50_000_000)
    bomb = tmp_path / "bomb.xlsx"
    bomb.write_bytes(lying_archive("xl/workbook.xml", 60_000_000, 1_000))

    assert "would unpack to more than 50 MB" in refused(tmp_path, "lies.xlsx", bomb.read_bytes())


def test_a_workbook_cut_short_says_so(tmp_path: Path) -> None:
    whole = workbook([["sku", "title", "price"], ["T1", "Sencha", 10]])

    assert "cut short on its way; send it again" in refused(tmp_path, "cut.xlsx", whole[: len(whole) // 2])


def test_a_workbook_of_rubbish_is_the_child_s_trouble(tmp_path: Path) -> None:
    rubbish = archive({"xl/workbook.xml": b"<<<", "[Content_Types].xml": b"no"})

    assert "is no sheet that can be read" in refused(tmp_path, "rubbish.xlsx", rubbish)


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml", "a/../../evil.xml", "..\\evil.xml", "C:\\evil.xml"])
def test_a_name_that_leads_out_of_the_archive_unpacks_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "goods.zip"
    path.write_bytes(archive({"good.xml": b"<x/>", name: b"<x/>"}))

    with pytest.raises(ImportRefused, match="names a file outside of itself"):
        archives.unpack(path, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_an_archive_is_unpacked_flat_each_file_below_its_number(tmp_path: Path) -> None:
    path = tmp_path / "goods.zip"
    path.write_bytes(archive({"a/import.xml": b"1", "b/import.xml": b"2"}))

    found = archives.unpack(path, tmp_path / "out")

    assert [(one.relative_to(tmp_path / "out").as_posix(), one.read_bytes()) for one in found] == [
        ("0/import.xml", b"1"),
        ("1/import.xml", b"2"),
    ]
