"""What every template of the shops keeps to, those of other areas too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from msgspec.structs import replace

import sites
from sites.rendering import Shell, language_of, render_page
from sites.tests.test_shelf import SITE

ROOT = Path(sites.__file__).parent
TEMPLATES = sorted([*(ROOT / "templates").rglob("*.html"), *(ROOT / "themes").rglob("*.html")])
THEMES = sorted(path.name for path in (ROOT / "themes").iterdir() if path.is_dir())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline_that_the_content_policy_would_stop(path):
    text = path.read_text()

    assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_whole_page_comes_from_the_base_or_names_its_language(path):
    text = path.read_text()

    assert "<html" not in text or "<html lang=" in text


def test_every_text_of_the_shops_is_translated():
    with (ROOT / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file, locale="ru")
    known = {
        message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue if message.id
    }
    empty = [id for id, message in known.items() if not all(_parts(message.string)) or message.fuzzy]

    assert empty == []
    assert sorted(_said() - known.keys()) == []


def _parts(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _said() -> set[str]:
    """The texts of one line that the templates name."""
    found: set[str] = set()
    for path in TEMPLATES:
        text = path.read_text()
        found |= {each for _, each in re.findall(r"{%\s*trans(?:late)?\s+([\"'])(.+?)\1", text)}
        found |= {each for _, each in re.findall(r"\b_\(([\"'])(.+?)\1\)", text)}
    return found


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_theme_renders_in_every_language(theme, language):
    site = replace(SITE, theme=theme, language=language, name="A & B")

    html = render_page(site, "home", {"shell": Shell(), "path": "/"})

    assert f'<html lang="{language}" data-theme="{theme}">' in html
    assert "A &amp; B" in html
    assert ("Полки ещё заполняются" if language == "ru" else "The shelves are being filled") in html


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_has_what_a_shop_needs(theme):
    folder = ROOT / "themes" / theme

    assert {"theme.css", "favicon.svg", "hero.html", "brand.html"} <= {path.name for path in folder.iterdir()}
    assert "prefers-color-scheme: dark" in (folder / "theme.css").read_text()


def test_an_unknown_theme_or_language_still_makes_a_page():
    site = replace(SITE, theme="none", language="eo", tagline="Slow")

    html = render_page(site, "home", {"shell": Shell(), "path": "/"})

    # Its own words are in its language, and those of ours that nobody has translated are English.
    assert language_of(site) == "eo" and '<html lang="eo"' in html and "Slow" in html
    assert "The shelves are being filled" in html
