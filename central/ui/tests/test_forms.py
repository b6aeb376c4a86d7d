"""The form of a record: what it refuses, what it merges, what it asks, and that nothing typed is lost."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django import forms
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory

from central.ui.forms import (
    ColourField,
    LinesField,
    LongTextField,
    MoneyField,
    NumberField,
    PictureField,
    RecordForm,
    Section,
    TickField,
    in_both_languages,
)
from central.ui.tests import cast
from node.errors import RialtoError

KINDS = [("tea", "Tea"), ("clay", "Clay")]


class ShelfForm(RecordForm):
    sections = (Section("Shelf", ("title_en", "title_ru"), ("price", "places")), Section("Look", "colour", "tags"))

    title_en, title_ru = in_both_languages(forms.CharField, label="Title", max_length=20)
    price = MoneyField(label="Price", currency="EUR")
    places = NumberField(label="Places", required=False, suffix="pcs")
    colour = ColourField(label="Colour")
    tags = LinesField(label="Tags", required=False)
    text = LongTextField(label="Text", required=False)
    is_open = TickField(label="Open")
    kind = forms.ChoiceField(label="Kind", choices=KINDS)
    kinds = forms.MultipleChoiceField(label="Kinds", choices=KINDS, required=False, widget=forms.CheckboxSelectMultiple)


SHELF: dict[str, Any] = {
    "title_en": "Green tea",
    "title_ru": "Зелёный чай",
    "price": 123_450,
    "places": None,
    "colour": "#0b7285",
    "tags": ["new", "spring"],
    "text": "one\ntwo",
    "is_open": True,
    "kind": "tea",
    "kinds": ["tea", "clay"],
}


def asked(**sent: Any) -> HttpRequest:
    request = RequestFactory().post("/", sent) if sent else RequestFactory().get("/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    return request


def page_of(form: RecordForm) -> str:
    return render_to_string("ui/parts/record_form.html", {"form": form})


def sent_from(page: str) -> dict[str, Any]:
    """What a browser would send of a page if nobody touched it."""
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        got = {key: html.unescape(value) for key, value in re.findall(r'([a-z-]+)="([^"]*)"', tag)}
        if got.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if got.get("type") != "file" and "name" in got:
            sent.setdefault(got["name"], []).append(got.get("value", "on" if got.get("type") == "checkbox" else ""))
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL):
        sent[name] = [html.unescape(text).replace("\n", "\r\n")]
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        sent[name] = re.findall(r'value="([^"]+)" selected', options)
    return sent


def shown(**changes: Any) -> dict[str, Any]:
    """A page of the shelf as it is in `SHELF`, with `changes` typed into it."""
    return {**sent_from(page_of(ShelfForm(asked(), initial=SHELF, ver=3))), **changes}


def form_of(sent: dict[str, Any], **meanwhile: Any) -> ShelfForm:
    """The form that was sent when the record has become what `meanwhile` says."""
    return ShelfForm(asked(**sent), initial={**SHELF, **meanwhile}, ver=4 if meanwhile else 3)


def test_an_untouched_page_changes_nothing() -> None:
    form = form_of(shown())

    assert form.is_saveable(), form.errors
    assert form.changes == {}


def test_only_what_was_typed_is_a_change() -> None:
    form = form_of(shown(price="1 300,50", tags="spring\r\nnew\r\nnew", text="one\r\ntwo\r\nthree"))

    assert form.is_saveable()
    assert form.changes == {"price": 130_050, "text": "one\ntwo\nthree", "tags": ["spring", "new"]}


def test_a_switched_off_switch_is_a_change() -> None:
    sent = shown()
    del sent["is_open"]

    form = form_of(sent)

    assert form.is_saveable()
    assert form.changes == {"is_open": False}


def test_a_new_record_gives_all_its_values() -> None:
    form = ShelfForm(asked(**shown(ver="", shown="")))

    assert form.is_saveable()
    assert form.changes == SHELF


def test_fields_that_one_side_changed_merge_by_themselves_and_it_says_so() -> None:
    form = form_of(shown(title_en="Black tea"), colour="#ff0000", is_open=False, kinds=["tea"])

    assert form.is_saveable()
    assert form.changes == {"title_en": "Black tea"}
    form.saved("Saved.", "/")
    assert [str(one) for one in form.request._messages] == [  # type: ignore[attr-defined]
        "Saved.",
        "Somebody else changed this meanwhile, and it is kept: Colour, Open, Kinds.",
    ]


def test_the_same_change_by_both_is_no_conflict() -> None:
    form = form_of(shown(title_en="Black tea"), title_en="Black tea")

    assert form.is_saveable()
    assert form.changes == {}


def test_a_field_both_changed_is_shown_side_by_side() -> None:
    form = form_of(shown(title_en="Mine", price="99"), title_en="Theirs & co", kind="clay")

    assert not form.is_saveable()
    assert form.status == 409
    page = page_of(form)
    choice = form.choices_to_make["title_en"]
    assert (choice.was, choice.theirs, choice.picked) == ("Green tea", "Theirs & co", "")
    assert 'value="Mine"' in page
    assert "Theirs &amp; co" in page
    assert 'value="99"' in page
    assert '<option value="clay" selected>' in page
    assert page.count('name="pick-') == 2


@pytest.mark.parametrize(("pick", "title"), [("mine", "Mine, better"), ("theirs", None)])
def test_the_choice_is_what_is_saved(pick: str, title: str | None) -> None:
    page = page_of(form_of(shown(title_en="Mine", price="99"), title_en="Theirs"))
    sent = {**sent_from(page), "title_en": "Mine, better", "pick-title_en": pick}

    form = form_of(sent, title_en="Theirs")

    assert form.is_saveable()
    assert form.changes == {"price": 9_900, **({"title_en": title} if title else {})}


def test_no_choice_is_asked_for_again_with_the_value_before_anybody_changed_it() -> None:
    page = page_of(form_of(shown(title_en="Mine"), title_en="Theirs"))

    form = form_of(sent_from(page), title_en="Theirs")

    assert form.status == 409 and not form.is_saveable()
    assert form.choices_to_make["title_en"].was == "Green tea"
    assert 'value="Mine"' in page_of(form)


def test_a_third_change_while_choosing_is_asked_about_too() -> None:
    page = page_of(form_of(shown(title_en="Mine"), title_en="Theirs"))

    form = form_of({**sent_from(page), "pick-title_en": "theirs"}, title_en="Theirs, again")

    assert not form.is_saveable()
    assert form.choices_to_make["title_en"].theirs == "Theirs, again"


def test_wrong_values_are_told_beside_fields_and_in_a_summary_that_takes_the_focus() -> None:
    form = form_of(shown(title_en="", price="much", colour="red"))
    page = page_of(form)

    assert form.status == 422 and not form.is_saveable()
    assert set(form.errors) == {"title_en", "price", "colour"}
    assert re.search(r'class="form-summary[^>]*role="alert" tabindex="-1" autofocus', page)
    assert '<a href="#id_price">Price</a>' in page
    assert 'aria-describedby="id_price-errors" aria-invalid="true"' in page
    assert 'value="much"' in page
    assert 'data-dirty="yes"' in page


def test_a_wrong_value_and_a_conflict_lose_neither() -> None:
    form = form_of(shown(title_en="Mine", price="much"), title_en="Theirs")
    page = page_of(form)

    assert form.status == 422
    assert 'value="much"' in page and 'value="Mine"' in page and "Theirs" in page


@pytest.mark.parametrize("junk", ["", "[]", "{", "null", '"x"', '{"title_en": 5}'])
def test_a_page_with_broken_hidden_values_still_saves_or_asks(junk: str) -> None:
    form = form_of(shown(title_en="Mine", shown=junk, was=junk))

    assert form.is_saveable() or form.status == 409


def test_who_may_not_edit_sees_values_and_no_button() -> None:
    form = ShelfForm(asked(**shown(title_en="Forged")), initial=SHELF, ver=3, may_edit=False)
    page = page_of(form)

    assert not form.is_saveable()
    assert 'value="Green tea"' in page
    assert "data-save" not in page
    assert "<fieldset" in page and "disabled" in page


def test_what_an_action_refuses_stands_beside_its_field() -> None:
    form = form_of(shown(title_en="Taken"))
    assert form.is_saveable()

    with form.refusals():
        raise RialtoError("no", fields={"title_en": "this title is taken", "elsewhere": "and this"})

    assert form.status == 422
    assert form.errors["title_en"] == ["this title is taken"]
    assert form.non_field_errors() == ["and this"]


def test_our_own_faults_are_not_told_as_the_persons() -> None:
    form = form_of(shown())
    broken = RialtoError("broken")
    broken.status = 500

    with pytest.raises(RialtoError), form.refusals():
        raise broken


def test_texts_in_both_languages_stand_side_by_side() -> None:
    page = page_of(ShelfForm(asked(), initial=SHELF, ver=3))

    row = re.search(
        r'<div class="fields">\s*<div class="field">.*?lang="en".*?lang="ru".*?</div>\s*</div>', page, re.DOTALL
    )
    assert row
    assert '<span class="language">RU</span>' in page


class PictureForm(RecordForm):
    picture = PictureField(label="Picture", required=False, most_bytes=10)


@pytest.mark.parametrize(("size", "is_taken"), [(10, True), (11, False)])
def test_a_picture_is_at_most_so_large(size: int, is_taken: bool) -> None:
    file = SimpleUploadedFile("a.png", b"x" * size, "image/png")
    form = PictureForm(asked(picture=file), initial={"picture": "/_media/old.png"}, ver=1)

    assert form.is_saveable() is is_taken
    if is_taken:
        assert form.changes["picture"].size == size


def test_no_new_picture_leaves_the_old_one() -> None:
    form = PictureForm(asked(ver="1"), initial={"picture": "/_media/old.png"}, ver=1)

    assert form.is_saveable()
    assert form.changes == {}
    assert 'src="/_media/old.png"' in page_of(form)
    assert 'enctype="multipart/form-data"' in page_of(form)


@pytest.mark.django_db
def test_a_script_that_sends_a_form_is_told_where_it_leads_and_the_words_wait_there(node_home: Any) -> None:
    ada = cast.signed_in(cast.staff("ada", "admin"))

    told = ada.post(
        "/staff/new",
        {"login": "bob", "email": "bob@example.com", "roles": "viewer", "sees_all": "on"},
        headers={"x-fetched-form": "1"},
    )

    assert (told.status_code, told.content) == (204, b"")
    assert re.fullmatch(r"/staff(/\d+)?", told["X-Location"])
    assert "bob" in ada.get(told["X-Location"]).content.decode()
