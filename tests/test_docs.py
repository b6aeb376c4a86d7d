"""The reference pages name every setting and every command."""

from __future__ import annotations

import re

import pytest

from node.cli.registry import COMMANDS
from node.config import Config
from node.places import ROOT
from node.schema import OUR_FOLDERS

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


def test_every_kind_of_kept_things_is_documented() -> None:
    files = [file for folder in OUR_FOLDERS for file in (ROOT / folder).rglob("*.py") if "tests" not in file.parts]
    named = {name for file in files for name in re.findall(r'\bCacheable\("([\w-]+)"', file.read_text())}
    page = (REFERENCE / "program-cache.md").read_text()

    assert named
    assert named == set(re.findall(r"^\| `([\w-]+)` \|", page, re.M))
