"""The content security policy is strict, and nothing of ours needs it to be otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from central.ui import icons
from central.ui.tests import cast

CENTRAL = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(CENTRAL.glob("*/templates/**/*.html"))


@pytest.mark.django_db(databases=["default", "orders", "catalog"])
@pytest.mark.parametrize("path", ["/", "/sign-in", "/no/such/page", "/orders"])
def test_no_page_allows_unsafe_code(path: str) -> None:
    policy = cast.signed_in(cast.staff("ada", "admin")).get(path, follow=True)["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.django_db
def test_htmx_may_not_evaluate(client: Any) -> None:
    page = client.get("/sign-in").content.decode()

    assert '"allowEval": false' in page
    assert '"includeIndicatorStyles": false' in page


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_code(template: Path) -> None:
    if "notices" in template.parts:
        pytest.skip("a mail has no policy")
    text = template.read_text()

    assert not re.search(r"\sstyle=", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)", text)
    assert "hx-on" not in text


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    used = set()
    for path in TEMPLATES:
        used |= set(re.findall(r'{% icon "([a-z0-9-]+)"', path.read_text()))
        used |= set(re.findall(r'icon_name="([a-z0-9-]+)"', path.read_text()))
    sprite = icons.SPRITE.read_text()

    assert {name for name in used if f'<symbol id="{name}"' not in sprite} == set()
