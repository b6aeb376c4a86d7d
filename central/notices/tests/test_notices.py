"""Every notice reads whole in every language, and says nothing in the wrong one."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from central.notices.errors import UnknownNotice
from central.notices.rendering import SAMPLES, language_of, notice_names, preview, render_notice

LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", notice_names())
def test_every_notice_has_its_three_parts(name: str, language: str) -> None:
    notice = preview(name, language=language)

    expected = {
        "staff": ("Rialto", "welcome/MQ"), "node": ("Tea edge", "Tea, Clay"), "shopper": ("042137", "10"),
        "realm": ("stats", "14 Mar 2026"), "books": ("", "14 Mar 2026"),
    }  # fmt: skip
    in_subject, in_text = expected.get(name.partition("_")[0], ("TEA-A-000042", "Green tea"))
    if not name.startswith("staff_"):
        assert in_subject in notice.text
        assert in_subject in notice.subject
    assert notice.subject and "\n" not in notice.subject
    assert in_text in notice.text and "\n\n\n" not in notice.text
    assert "Example shop" in notice.html and f'lang="{language}"' in notice.html
    assert "&#" not in notice.text and "{" not in notice.text + notice.html.replace("{{", "")


@pytest.mark.parametrize("name", notice_names())
def test_a_russian_notice_is_russian(name: str) -> None:
    words = {
        "number": "1",
        "lines": [],
        "total": "1 ₽",
        "delivery": "0 ₽",
        "delivery_title": "Курьер",
        "status": "Собран",
        "node": "Чайный узел",
        "node_id": "1",
        "sites": "Чабрец",
        "heard_at": "1",
        "back_at": "1",
        "minutes": 5,
        "node_url": "1",
    }

    notice = render_notice(
        name, language="ru-RU", site_name="Чабрец", context={**words, "name": "Анна", "phone": "1", "is_pending": True,
        "state_url": "1", "pay_url": "1"},
    )  # fmt: skip

    assert not re.search(r"[A-Za-z]{3,}", notice.subject + notice.text)


def test_text_is_plain_and_html_is_escaped() -> None:
    context = {**SAMPLES["order_accepted"], "name": "<b>Tom & Jerry</b>"}

    notice = render_notice("order_accepted", language="en", site_name="A & B", context=context)

    assert "<b>Tom & Jerry</b>" in notice.text
    assert "<b>Tom" not in notice.html and "A &amp; B" in notice.html


def test_a_language_we_do_not_speak_is_english() -> None:
    assert [language_of(code) for code in ("ru", "ru-RU", "EN", "de", "")] == ["ru", "ru", "en", "en", "en"]


def test_an_unknown_notice_is_refused() -> None:
    with pytest.raises(UnknownNotice):
        preview("no_such", language="en")
