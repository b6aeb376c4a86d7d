from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from central.cluster.errors import BadField
from central.cluster.models import PageWord, PageWords
from central.cluster.page_words import own_words, page_texts, plural_of, samples_of, set_page_words, to_po
from central.cluster.tests.make import make_site
from central.cluster.tests.test_sites import recorded, state_topic
from central.ui.tests import cast
from sync.contracts.codec import unpack
from sync.contracts.documents import WordsDoc

pytestmark = pytest.mark.django_db(databases="__all__")

PLURAL = next(text for text in page_texts().values() if text.plural)
NAMED = next(text for text in page_texts().values() if not text.plural and "%(name)s" in text.english)


def put(words: dict[str, list[str]], language: str = "ar") -> int:
    return set_page_words(language, words, by="ann")


def test_texts_of_shops_are_those_that_are_shipped() -> None:
    assert page_texts()["Delivery"].russian == ("Доставка",)
    assert len(PLURAL.russian) == 3


def test_a_translation_is_published_to_every_edge() -> None:
    put({"Delivery": ["التوصيل"]})

    [(_key, ver, body)] = state_topic("words").page("words:all", "", 10)
    doc = unpack(body, WordsDoc)
    assert (doc.language, doc.words, doc.plural) == ("ar", {"Delivery": ["التوصيل"]}, plural_of("ar")[1])
    assert recorded() == [("words:all", "ar", ver)]
    assert state_topic("words").read("words:all", ["ar"]) == {"ar": (ver, body)}


def test_the_same_again_writes_nothing_and_an_empty_one_is_taken_back() -> None:
    put({"Delivery": ["التوصيل"]})

    assert put({"Delivery": ["التوصيل"]}) == 0
    assert PageWords.objects.get().ver == 1
    assert put({"Delivery": [""]}) == 1
    assert not PageWord.objects.exists()


def test_a_plural_has_as_many_forms_as_the_language() -> None:
    assert samples_of("ar")[2].startswith("2")
    with pytest.raises(BadField):
        put({PLURAL.key: ["واحد", "كثير"]})

    put({PLURAL.key: [f"{number}" for number in range(6)]})

    assert len(own_words("ar")[PLURAL.key]) == 6


@pytest.mark.parametrize(
    "form", ["Иди", "Иди %(nome)s", "Иди %(name)s %(other)s", "Иди %(name)s 5%", "<b>%(name)s</b>", 'Иди "%(name)s"']
)
def test_a_broken_translation_is_refused_and_nothing_is_kept(form: str) -> None:
    with pytest.raises(BadField):
        put({"Delivery": ["Dostawa"], NAMED.key: [form]}, "pl")

    assert not PageWord.objects.exists()
    assert recorded() == []


def test_unknown_texts_and_languages_are_refused() -> None:
    with pytest.raises(BadField):
        put({"No such text of any shop": ["x"]})
    with pytest.raises(BadField):
        put({"Delivery": ["x"]}, "nolanguage")


# --- the screen ----------------------------------------------------------------------------------------------------


@pytest.fixture
def ada(node_home: Any) -> Client:
    make_site("tea", language="pl")
    return cast.signed_in(cast.staff("ada", "admin"))


def test_a_row_is_saved_for_itself(ada: Client) -> None:
    sent = {"language": "pl", "key": "Delivery", "form": "Dostawa"}

    answer = ada.post("/words/save", sent, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert own_words("pl") == {"Delivery": ["Dostawa"]}
    assert "Dostawa" in ada.get("/words", {"language": "pl", "q": "dostawa"}).content.decode()


def test_a_wrong_row_says_why(ada: Client) -> None:
    sent = {"language": "pl", "key": NAMED.key, "form": "Do koszyka"}

    answer = ada.post("/words/save", sent, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "%(name)s of the original is missing" in answer.content.decode()
    assert own_words("pl") == {}


def test_what_is_not_translated_yet_is_found(ada: Client) -> None:
    put({"Delivery": ["Dostawa"]}, "pl")

    rows = ada.get("/words", {"language": "pl", "lacks": "1", "q": "delivery"}).context["rows"]

    assert "Delivery" not in [row["text"].key for row in rows]
    assert ada.get("/words", {"language": "en", "lacks": "1"}).context["rows"] == []


def test_a_po_file_goes_out_and_comes_back(ada: Client) -> None:
    put({"Delivery": ["Dostawa"], PLURAL.key: ["jeden", "kilka", "wiele"]}, "pl")
    file = ada.get("/words/export", {"language": "pl"}).content
    assert file == to_po("pl")
    PageWord.objects.all().delete()

    changed = file.replace(b"Dostawa", "Dostawa i odbiór".encode()).replace(
        b'msgid "Payment"\nmsgstr ""', b'msgid "Payment"\nmsgstr "%(x)s"'
    )
    page = ada.post(
        "/words/import", {"language": "pl", "file": SimpleUploadedFile("pl.po", changed)}, follow=True
    ).content.decode()

    assert own_words("pl") == {"Delivery": ["Dostawa i odbiór"], PLURAL.key: ["jeden", "kilka", "wiele"]}
    assert "2 texts are taken over." in page
    assert "%(x)s is not in the original" in page


@pytest.mark.parametrize("data", [b"\xff\xfe\x00broken", b'msgid "a\nmsgstr', b"PK\x03\x04"])
def test_what_is_no_po_file_is_refused(ada: Client, data: bytes) -> None:
    page = ada.post(
        "/words/import", {"language": "pl", "file": SimpleUploadedFile("x.po", data)}, follow=True
    ).content.decode()

    assert "This is no PO file." in page or "0 texts are taken over." in page
    assert own_words("pl") == {}


def test_who_is_limited_to_a_site_reads_only(ada: Client) -> None:
    ben = cast.signed_in(cast.staff("ben", "admin", sites=["tea"]))

    assert ben.get("/words", {"language": "pl"}).status_code == 200
    assert ben.post("/words/save", {"language": "pl", "key": "Delivery", "form": "x"}).status_code == 404
    assert own_words("pl") == {}
