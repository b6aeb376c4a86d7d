"""A shopper of a Russian shop is told in Russian what went wrong."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def test_every_sentence_for_shoppers_has_a_russian_one() -> None:
    sources = "".join(path.read_text() for path in HERE.glob("*.py"))
    catalogue = (HERE / "locale" / "ru" / "LC_MESSAGES" / "django.po").read_text()
    translated = dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', catalogue, re.M))

    sentences = set(re.findall(r'gettext\("([^"]+)"\)', sources))

    assert len(sentences) > 10
    assert {sentence for sentence in sentences if not translated.get(sentence)} == set()
