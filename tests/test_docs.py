"""The reference pages name every setting and every command."""

from __future__ import annotations

import re

import pytest

from node.cli.registry import COMMANDS
from node.config import Config
from node.places import ROOT

REFERENCE = ROOT / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(Config.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (REFERENCE / "settings.md").read_text()


@pytest.mark.parametrize("name", sorted(name for name, command in COMMANDS.items() if not command.is_hidden))
def test_every_command_is_documented(name: str) -> None:
    page = (REFERENCE / "commands.md").read_text()

    assert f"`rialto {name}" in page or f"`{name}" in page


def test_every_page_the_readme_names_is_there() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
