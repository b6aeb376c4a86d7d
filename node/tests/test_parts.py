"""A command may have parts that live elsewhere and ask for a node of another role."""

from __future__ import annotations

import sys

import pytest

from node.cli.main import asked_part, load
from node.cli.registry import COMMANDS

PAGES = COMMANDS["pages"]


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("pages migrate status", "central"),
        ("--home pages pages migrate status", "central"),
        ("pages status", None),
        ("pages", None),
    ],
)
def test_the_role_is_that_of_the_part_that_is_called(
    words: str, role: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["rialto", *words.split()])

    found = asked_part("pages", PAGES)

    assert (found.role if found else None) == role


def test_help_names_the_parts_beside_the_commands_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["rialto", "pages", "--help"])

    assert {"nginx", "caddy", "status", "migrate"} <= set(load("pages", PAGES).commands)
