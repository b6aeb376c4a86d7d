"""The rules of an import, on files made here."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import asdict
from pathlib import Path

import pytest

from central.catalog.actions import set_price
from central.catalog.errors import ImportRefused
from central.catalog.importing import reading, run
from central.catalog.importing.run import Options, import_files
from central.catalog.models import Category, Listing, Media, Offer, Product, ProductPicture, Variant
from central.catalog.tests.make import DATABASES, forget_pointers, make_site, pointers, svg
from central.cluster.errors import UnknownSite
from central.stock.queries import stock_of
from central.stock.receipts import set_stock
from node.errors import WrongUse

pytestmark = pytest.mark.django_db(databases=DATABASES)

HEADER = "sku,title,category,price,stock\n"


class Desk:
    """Writes files and imports them into one shop; keeps what was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told = ""

    def write(self, text: str | bytes, name: str = "goods.csv") -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def bring(self, *files: str | bytes | Path, site: str = "tea", **options: object) -> dict[str, int]:
        paths = [
            file if isinstance(file, Path) else self.write(file, f"goods-{number}.csv")
            for number, file in enumerate(files)
        ]
        lines: list[str] = []
        try:
            counts = import_files(paths, site, Options(**options), tell=lines.append)  # type: ignore[arg-type]
        finally:
            self.told = "\n".join(lines)
        return asdict(counts)


@pytest.fixture
def desk(tmp_path, node_home):
    make_site("tea", "RUB")
    folder = tmp_path / "files"
    folder.mkdir()
    return Desk(folder)


def prices() -> dict[tuple[str, str], int]:
    return {(o.variant.sku, o.variant.options): o.price for o in Offer.objects.select_related("variant")}


def stocks() -> dict[str, int]:
    variants = {variant.pk: variant.sku + variant.options for variant in Variant.objects.all()}
    return {variants[pk]: stock.total for pk, stock in stock_of(variants).items()}


def counted(read=0, created=0, updated=0, unchanged=0, refused=0) -> dict[str, int]:
    return {"read": read, "created": created, "updated": updated, "unchanged": unchanged, "refused": refused}


# --- what a file may look like ------------------------------------------------------------------------------------

TWO = "sku,title,category,price,stock\nT1,Сенча,Чай > Зелёный,199.50,5\nT2,Ассам,Чай > Чёрный,250,0\n"


@pytest.mark.parametrize(
    "file",
    [
        TWO,
        TWO.replace("\n", "\r\n"),
        TWO.encode("utf-8-sig"),
        TWO.encode("cp1251"),
        TWO.encode("utf-16"),
        TWO.replace(",", ";").replace("199.50", "199,50"),
        TWO.replace(",", "\t"),
        TWO.replace(",", " , ").replace("\n", "  \n"),
        TWO.replace("sku,title,category,price,stock", "Артикул,Название,Категория,Цена,Остаток"),
        TWO.replace("199.50", '"199,50 ₽"').replace("250", "250 руб."),
        TWO.replace("\n", "\n,,,,\n\n"),
        TWO.partition("\n")[2],
        "T1,T1,Чай > Зелёный,Сенча,199.50,5\nT2,T2,Чай > Чёрный,Ассам,250.00,0\n",
    ],
    ids=[
        "plain", "crlf", "bom", "cp1251", "utf-16", "semicolons", "tabs", "padded", "russian header", "money signs",
        "blank rows", "no header", "no header, sku twice",
    ],
)  # fmt: skip
def test_a_file_reads_the_same_however_it_is_written(desk, file):
    counts = desk.bring(file)

    assert counts == counted(read=2, created=2)
    assert prices() == {("T1", ""): 19_950, ("T2", ""): 25_000}
    assert stocks() == {"T1": 5, "T2": 0}
    listing = Listing.objects.get(title="Сенча")
    (category,) = listing.categories.all()
    assert (category.title, category.parent.title) == ("Зелёный", "Чай")
    assert Category.objects.count() == 3


def test_a_run_repeated_changes_nothing(desk):
    file = desk.write(HEADER + "T1,Sencha,Tea > Green,10.00,5\nT2,Assam,Tea > Black,12.00,7\nT1,Again,Tea,1,1\n")
    assert desk.bring(file) == counted(read=3, created=2, refused=1)
    forget_pointers()

    counts = desk.bring(file)

    assert counts == counted(read=3, unchanged=2, refused=1)
    assert pointers() == []
    assert stocks() == {"T1": 5, "T2": 7}


def test_a_run_repeated_does_not_bring_back_what_was_sold(desk):
    file = desk.write(HEADER + "T1,Sencha,Tea,10.00,5\n")
    desk.bring(file)
    set_stock(Variant.objects.get().pk, 2, who="a sale")

    assert desk.bring(file) == counted(read=1, unchanged=1)

    assert stocks() == {"T1": 2}


def test_a_new_figure_in_the_file_sets_the_stock(desk):
    desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n")

    assert desk.bring(HEADER + "T1,Sencha,Tea,10.00,9\n") == counted(read=1, updated=1)

    assert stocks() == {"T1": 9}


@pytest.mark.parametrize("changed", ["T1,Gyokuro,Tea,10.00,5", "T1,Sencha,Herbs,10.00,5", "T1,Sencha,Tea,11.00,5"])
def test_a_row_that_says_something_new_is_updated(desk, changed):
    desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\nT2,Assam,Tea,12.00,7\n")

    counts = desk.bring(HEADER + changed + "\nT2,Assam,Tea,12.00,7\n")

    assert counts == counted(read=2, updated=1, unchanged=1)


def test_an_empty_cell_changes_nothing(desk):
    desk.bring("sku,title,description,category,price\nT1,Sencha,Good.,Tea,10.00\n")

    assert desk.bring("sku,title,description,category,price\nT1,,,,\n") == counted(read=1, refused=1)
    assert desk.bring("sku,title,description,category,price\nT1,Sencha,,,\n") == counted(read=1, unchanged=1)

    assert Listing.objects.get().text == "Good."


def test_a_file_without_titles_updates_prices(desk):
    desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n")

    counts = desk.bring("sku;price\nT1;8,50\nT9;3\n")

    assert counts == counted(read=2, updated=1, refused=1)
    assert prices() == {("T1", ""): 850}


def test_no_currency_is_the_site_s(desk):
    make_site("ink", "EUR")

    desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n", site="ink")
    desk.bring("sku,title,price,currency\nP1,Pen,10.00,usd\n", site="ink")

    assert dict(Offer.objects.values_list("variant__sku", "currency")) == {"T1": "EUR", "P1": "USD"}


# --- variants -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "units"),
    [
        (  # the product row is no unit: it has variants, and neither options nor a stock of its own
            "title,sku,options,price,stock\nSencha,T1,,10.00,\n,,weight=50 g,,5\n,,weight=100 g,18.00,6\n",
            {("T1", "weight=50 g"): 1_000, ("T1", "weight=100 g"): 1_800},
        ),
        (  # no price of its own
            "title,sku,options,price\nSencha,,,\n,T1,weight=50 g,10.00\n,T2,weight=100 g,18.00\n",
            {("T1", "weight=50 g"): 1_000, ("T2", "weight=100 g"): 1_800},
        ),
        (  # the product row is the first variant
            "title,sku,options,price,stock\nSencha,T1,weight=50 g,10.00,5\n,T1,weight=100 g,18.00,6\n",
            {("T1", "weight=50 g"): 1_000, ("T1", "weight=100 g"): 1_800},
        ),
        (  # it has a stock: it is sold itself
            "title,sku,options,price,stock\nSencha,T1,,10.00,9\n,T1,weight=100 g,18.00,6\n",
            {("T1", ""): 1_000, ("T1", "weight=100 g"): 1_800},
        ),
        (  # variants that differ by sku alone
            "title,sku,price\nSencha,T1,10.00\n,T2,18.00\n",
            {("T1", ""): 1_000, ("T2", ""): 1_800},
        ),
        (  # the title repeated
            "title,sku,options,price\nSencha,T1,weight=50 g,10.00\nSencha,T1,weight=100 g,18.00\n",
            {("T1", "weight=50 g"): 1_000, ("T1", "weight=100 g"): 1_800},
        ),
        (  # a column for each option, in any order
            "title,sku,Colour,Size,price\nShirt,S,red,L,10.00\n,S,red,M,10.00\n",
            {("S", "colour=red;size=L"): 1_000, ("S", "colour=red;size=M"): 1_000},
        ),
        (  # as Shopify writes it
            "Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n"
            "sencha,Sencha,Good.,Uji,Weight,50 g,T1,10.00,\nsencha,,,,,100 g,T2,18.00,\nsencha,,,,,,,,back.jpg\n",
            {("T1", "weight=50 g"): 1_000, ("T2", "option=100 g"): 1_800},
        ),
        (  # variants name their product
            "sku,parent,name,options,price\nP,,Sencha,,\n"
            "T1,P,Sencha 50,weight=50 g,10.00\nT2,P,Sencha 100,weight=100 g,18\n",
            {("T1", "weight=50 g"): 1_000, ("T2", "weight=100 g"): 1_800},
        ),
        (  # a weight is an option where there are rows of variants
            "title,sku,weight,price\nSencha,T1,50 g,10.00\n,T1,100 g,18.00\n",
            {("T1", "weight=50 g"): 1_000, ("T1", "weight=100 g"): 1_800},
        ),
    ],
)  # fmt: skip
def test_variant_rows_lie_below_their_product(desk, file, units):
    counts = desk.bring(file)

    assert counts == counted(read=2, created=2)
    assert prices() == units
    assert Product.objects.count() == 1
    assert desk.bring(file) == counted(read=2, unchanged=2)


def test_a_variant_without_a_product_above_it_is_refused(desk):
    counts = desk.bring("title,sku,price\n,T1,10.00\nSencha,T2,18.00\n")

    assert counts == counted(read=2, created=1, refused=1)
    assert prices() == {("T2", ""): 1_800}


def test_what_lies_below_a_refused_product_is_refused_too(desk):
    counts = desk.bring("title,sku,price\nSencha,T1,10.00\nAssam,T2,5.00,too,many\n,T3,5.00\nYunnan,T4,1\n")

    assert counts == counted(read=4, created=2, refused=2)
    assert sorted(Listing.objects.values_list("title", flat=True)) == ["Sencha", "Yunnan"]


# --- rows that are refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("T1,Twice,Tea,1.00,1", "the same sku and options as line 2"),
        ("T2,No price,Tea,,1", "has no price"),
        ("T2,No number,Tea,soon,1", "is no amount"),
        ("T2,Below zero,Tea,-1,1", "is below zero"),
        ("T2,Too fine,Tea,1.005,1", "is finer than RUB has coins"),
        ("T2,Half a unit,Tea,1.00,1.5", "is no whole number of units"),
        ("T2,Less than none,Tea,1.00,-3", "is no whole number of units"),
        (",No sku,Tea,1.00,1", "sku: is empty"),
        ("T2,More cells,Tea,1.00,1,x,y", "has 7 cells"),
        (f"T2,{'x' * 301},Tea,1.00,1", "title: is empty or longer than 300 signs"),
        (f"{'T' * 81},Long sku,Tea,1.00,1", "sku: is longer than 80 signs"),
        ("T2,Too dear,Tea,99999999999999,1", "is not between 0 and"),
    ],
)
def test_a_row_that_cannot_be_kept_is_refused_with_its_reason(desk, row, why):
    file = desk.write(HEADER + "T1,Sencha,Tea,10.00,5\n" + row + "\nT3,Assam,Tea,12.00,7\n")

    counts = desk.bring(file)

    assert counts == counted(read=3, created=2, refused=1)
    assert set(prices()) == {("T1", ""), ("T3", "")}
    assert prices()["T1", ""] == 1_000
    refused = file.with_name("goods.csv.refused").read_text()
    assert refused.splitlines()[0] == "line,reason,sku,title,category,price,stock"
    assert why in refused
    assert refused.splitlines()[1].startswith("3,")
    assert str(file.with_name("goods.csv.refused")) in desk.told


def test_the_same_key_twice_is_refused_however_its_options_are_written(desk):
    counts = desk.bring(
        "title,sku,options,price\nShirt,S,size=L;colour=red,10\nShirt again,S,Colour: red; Size: L,11\n"
    )

    assert counts == counted(read=2, created=1, refused=1)


def test_a_currency_that_is_none_is_refused(desk):
    counts = desk.bring("sku,title,price,currency\nT1,Sencha,1.00,ABC\nT2,Assam,1.00,EUR\n")

    assert counts == counted(read=2, created=1, refused=1)


# --- several files ------------------------------------------------------------------------------------------------


def test_a_later_file_of_a_run_overrules_an_earlier_one_and_both_categories_stay(desk):
    one = desk.write(HEADER + "T1,Sencha,Tea,10.00,5\nT2,Assam,Tea,1,1\n", "one.csv")
    two = desk.write(HEADER + "T1,Sencha,Gifts,12.00,9\n", "two.csv")

    first, again = desk.bring(one, two), desk.bring(one, two)

    assert first == counted(read=3, created=2, updated=1)
    assert again == counted(read=3, unchanged=3)
    assert prices()["T1", ""] == 1_200
    assert stocks()["T1"] == 9
    sencha = Listing.objects.get(title="Sencha")
    assert sorted(sencha.categories.values_list("title", flat=True)) == ["Gifts", "Tea"]


# --- pictures -----------------------------------------------------------------------------------------------------


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_pictures_are_found_by_sku_in_a_folder_beside_the_file(desk):
    (desk.folder / "images").mkdir()
    (desk.folder / "images" / "T1.png").write_bytes(svg("111111"))
    (desk.folder / "images" / "t1-2.svg").write_bytes(svg("222222"))
    file = desk.write(HEADER + "T1,Sencha,Tea,10.00,5\nT2,Assam,Tea,10.00,5\n")

    counts = desk.bring(file)

    assert counts == counted(read=2, created=2)
    assert ProductPicture.objects.count() == 2
    assert set(Media.objects.values_list("ext", flat=True)) == {"svg"}  # by its bytes, not by its name
    assert "1 products have no picture in images: T2" in desk.told
    assert desk.bring(file) == counted(read=2, unchanged=2)


def test_pictures_come_out_of_an_archive_whose_names_go_nowhere_else(desk, tmp_path):
    desk.write(
        tar_of({"../../T1.svg": svg("111111"), "deep/down/T2.svg": svg("222222"), "T3.txt": b"x"}), "images.tar.gz"
    )
    file = desk.write(HEADER + "T1,Sencha,Tea,10.00,5\nT2,Assam,Tea,10.00,5\n")

    desk.bring(file)

    assert Media.objects.count() == 2
    assert not list(tmp_path.parent.glob("T1.svg"))


def test_a_column_names_the_pictures(desk):
    (desk.folder / "photos").mkdir()
    for name in ("front.svg", "back.svg"):
        (desk.folder / "photos" / name).write_bytes(svg("0000ff" if name == "back.svg" else "00ff00"))

    desk.bring(
        "sku,title,price,image\nT1,Sencha,1,front.svg; back.svg\nT2,Assam,1,gone.jpg\n", images=desk.folder / "photos"
    )

    assert [row.position for row in ProductPicture.objects.all()] == [0, 1]
    assert "gone.jpg" in desk.told


def test_a_bad_picture_is_a_warning(desk):
    (desk.folder / "images").mkdir()
    (desk.folder / "images" / "T1.svg").write_bytes(b"<svg viewBox='0 0 1 1'><script/></svg>")

    counts = desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n")

    assert counts == counted(read=1, created=1)
    assert "T1.svg" in desk.told
    assert not Media.objects.exists()


# --- dry run and maps ---------------------------------------------------------------------------------------------


def test_a_dry_run_counts_and_changes_nothing(desk, node_home):
    desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n")
    (desk.folder / "images").mkdir()
    (desk.folder / "images" / "T2.svg").write_bytes(svg())
    forget_pointers()

    counts = desk.bring(HEADER + "T1,Sencha,Tea,11.00,6\nT2,Assam,New,1.00,1\n", is_dry=True)

    assert counts == counted(read=2, created=1, updated=1)
    assert prices() == {("T1", ""): 1_000}
    assert stocks() == {"T1": 5}
    assert pointers() == []
    assert not Media.objects.exists()
    assert not list((node_home / "media").rglob("*.svg"))


@pytest.mark.parametrize(
    "said",
    [
        '{"columns": {"sku": "Code A", "title": "What", "price": "Ask", "option:size": "S", "attribute:Made": 5}}',
        'sku = 1\ntitle = 2\nprice = 3\n"option:size" = "s"\n"attribute:Made" = 5\n',
        'header = true\nencoding = "utf-8"\n[columns]\nsku = 1\ntitle = 2\nprice = 3\n"option:size" = 4\n'
        '"attribute:Made" = 5\n',
    ],
)
def test_a_map_says_which_column_is_what(desk, said):
    path = desk.write(said, "map")

    counts = desk.bring("Code A,What,Ask,S,Made\nT1,Shirt,10.00,L,Riga\n", map=path)

    assert counts == counted(read=1, created=1)
    assert prices() == {("T1", "size=L"): 1_000}
    assert Listing.objects.get().attributes == [["Made", "Riga"]]


def test_the_guess_is_told(desk):
    desk.bring("Book,Books > Fiction,9780000000001,Snow,Partner,9780000000001,17.99,51\n" * 1)

    for told in ("no header", "9780000000001", "sku", "category", "price", "stock", "guessed"):
        assert told in desk.told


# --- files that cannot be imported --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("map_text", "why"),
    [
        ('{"columns": {"sku": "Nothing", "title": "title"}}', "there is no such column; its columns are sku, title"),
        ('{"columns": {"sku": 9, "title": 2}}', "the file has columns 1 to 5"),
        ('{"columns": {"prise": 1}}', "names no field 'prise'"),
        ('{"columns": {"title": "title"}}', "no column holds the sku"),
        ('{"columns": ', "neither JSON nor TOML"),
        ('{"columns": {}}', "must hold 'columns'"),
        ('{"columns": {"sku": true}}', "must be a column's name"),
        ('{"columns": {"sku": 1}, "encoding": "klingon"}', "no encoding 'klingon'"),
        ('{"columns": {"sku": 1}, "delimiter": "::"}', "one sign"),
        ('{"columns": {"sku": 1}, "decimal": ","}', "must hold 'columns'"),
    ],
)
def test_a_map_that_is_wrong_says_why(desk, map_text, why):
    with pytest.raises((WrongUse, ImportRefused), match=why):
        desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n", map=desk.write(map_text, "map"))

    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (HEADER + 'T1,"Sencha,Tea,10.00,5\n', "line 2: a quote is opened here and never closed"),
        (HEADER + 'T1,"Sen"cha",Tea,10.00,5\n', "line 2: a quote inside a quoted cell is not doubled"),
        (HEADER + "T1,Sencha,Tea,10.00,5\n" + 'T2,"x\n' + "y\n" * 6_000, "line 3: a quote is opened here"),
        (HEADER + "T1," + "x" * 2_000_000 + ",Tea,1,1\n", "line 2: longer than 1048576 signs"),
        (b"PK\x03\x04 a workbook", "is no whole zip file"),
        (b"sku,title\nT1,a\x00b\n", "zero byte"),
        (b"\xef\xbb\xbf" + HEADER.encode() + b"T1,\xff\xfe,Tea,1,1\n", "is not utf-8-sig all through"),
        ("alpha beta\ngamma delta\n", "no column holds the sku"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_changes_nothing(desk, file, why):
    good = desk.write(HEADER + "T7,Sencha,Tea,10.00,5\n", "good.csv")
    bad = desk.write(file, "bad.csv")

    with pytest.raises(ImportRefused, match=why):
        desk.bring(good, bad)

    assert not Product.objects.exists()
    assert not Category.objects.exists()


def test_a_hundred_megabytes_in_one_line_are_refused_in_little_memory(desk):
    import tracemalloc

    path = desk.folder / "long.csv"
    with path.open("wb") as out:
        for _ in range(100):
            out.write(b"x" * 1_000_000)
    tracemalloc.start()

    with pytest.raises(ImportRefused, match="longer than"):
        desk.bring(path)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000


def test_a_text_that_turns_russian_late_is_read_as_it_is(desk):
    rows = "".join(f"T{n},Tea {n},Tea,10.00,5\n" for n in range(9_999))
    assert len(rows) < reading.SAMPLE * 2
    text = HEADER + rows + "T99999,Чай,Tea,10.00,5\n"

    sheet, count = reading.checked(reading.open_sheet(desk.write(text.encode("cp1251"))))

    assert (sheet.encoding, count) == ("cp1251", 10_001)


def test_an_unknown_site_or_a_missing_file_changes_nothing(desk):
    with pytest.raises(UnknownSite):
        desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n", site="nowhere")
    with pytest.raises(WrongUse, match="there is no file"):
        desk.bring(desk.folder / "none.csv")
    with pytest.raises(WrongUse, match="there are no pictures"):
        desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n", images=desk.folder / "none")
    with pytest.raises(ImportRefused, match="cannot be unpacked"):
        desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\n", images=desk.write(b"no archive", "images.tar.gz"))
    assert not Product.objects.exists()


def test_more_rows_than_one_transaction_holds_are_written_in_parts(desk, monkeypatch):
    monkeypatch.setattr(run, "ONE_TRANSACTION", 10)
    monkeypatch.setattr(run, "BATCH", 4)
    file = desk.write(HEADER + "".join(f"T{n},Tea {n},Tea,10.00,{n}\n" for n in range(25)))

    assert desk.bring(file) == counted(read=25, created=25)
    assert desk.bring(file) == counted(read=25, unchanged=25)

    assert stocks() == {f"T{n}": n for n in range(25)}


def test_an_import_leaves_prices_of_other_goods_alone(desk):
    desk.bring(HEADER + "T1,Sencha,Tea,10.00,5\nT2,Assam,Tea,10.00,5\n")
    set_price("tea", "T2", "", 5, by="olga")

    desk.bring(HEADER + "T1,Sencha,Tea,11.00,5\n")

    assert prices() == {("T1", ""): 1_100, ("T2", ""): 5}


def test_the_command_prints_one_line_of_json(desk, capsys):
    from typer.testing import CliRunner

    from central.catalog.cli import app

    file = desk.write(HEADER + "T1,Sencha,Tea,10.00,5\n")

    result = CliRunner().invoke(app, [str(file), "--site", "tea", "--json"])

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.strip().splitlines()[-1]) == counted(read=1, created=1)


# --- the real catalogues ------------------------------------------------------------------------------------------

BOOKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "books"


@pytest.mark.slow
@pytest.mark.skipif(not BOOKS.is_dir(), reason="the book catalogues are not on this machine")
def test_the_book_catalogues_are_read_with_their_pictures(desk):
    files = sorted(BOOKS.glob("*.csv"))

    first, again = desk.bring(*files), desk.bring(*files)

    assert first == counted(read=201, created=198, updated=3)
    assert again == counted(read=201, unchanged=201)
    assert ProductPicture.objects.values("product").distinct().count() > 100
    assert Listing.objects.filter(search_key__contains="neuromancer").exists()


def codes() -> dict[str, str]:
    return dict(Variant.objects.values_list("sku", "barcode"))


def test_a_barcode_is_a_field_and_the_only_code_of_goods_is_their_sku(desk: Desk) -> None:
    desk.bring("article,barcode,title,price\nT1,4006381333931,Tea,10\nT2,,Mint,10\n")
    assert codes() == {"T1": "4006381333931", "T2": ""}

    desk.bring("barcode,title,price\n4600000000000,Cup,5\n", "article,штрихкод,price\nT1,,11\nT2,46001,10\n")

    assert codes() == {"T1": "4006381333931", "T2": "46001", "4600000000000": ""}
    assert Listing.objects.filter(search_key__contains="46001", offers__variant__sku="T2").exists()


def test_a_barcode_names_one_unit_and_the_other_row_is_refused(desk: Desk) -> None:
    counts = desk.bring("sku,ean,title,price\nT1,4006,Tea,10\nT2,4006,Mint,10\nT3,40 06,Cup,1\n")

    assert (counts["created"], counts["refused"]) == (1, 2)
    assert "barcode: 4006 names another unit already" in desk.told
    assert codes() == {"T1": "4006"}
