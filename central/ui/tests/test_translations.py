"""Every text that staff see is said in Russian too."""

from __future__ import annotations

import pytest

from central.ui.tests.messages import ROOT, known_in, used_in, wordings_in

APPS = sorted(path.parent.name for path in (ROOT / "central").glob("*/apps.py"))


@pytest.mark.parametrize("app", APPS)
def test_nothing_lacks_its_russian(app: str) -> None:
    missing = used_in(ROOT / "central" / app) - known_in("ru")

    assert missing == set()


def test_no_text_is_said_in_two_ways() -> None:
    twice = {text: wordings for text, wordings in wordings_in("ru").items() if len(wordings) > 1}

    assert twice == {}


def test_the_search_for_texts_finds_each_kind() -> None:
    found = used_in(ROOT / "central" / "orders")

    assert "Staff comment" in found  # {% trans %}
    assert "%(n)s unit waits for stock" in found  # {% blocktrans count %}
    assert "Reached central" in found  # _() in Python
