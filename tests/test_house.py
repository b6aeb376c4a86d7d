"""Rules of the house that no tool knows: read from the source of our own code."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("node", "infra", "sync", "sites", "central", "edge")
#: The one place that may speak of the bare ones: it wraps them.
WRAPPER = ROOT / "node" / "realms.py"


def our_modules() -> list[Path]:
    found = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    return [file for file in found if not {"tests", "migrations"} & set(file.parts)]


def bare_transactions(tree: ast.AST) -> Iterator[int]:
    """Lines that call or import `atomic` or `on_commit` of django.db.transaction."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("atomic", "on_commit"):
            if isinstance(node.value, ast.Name) and node.value.id == "transaction":
                yield node.lineno
            if isinstance(node.value, ast.Attribute) and node.value.attr == "transaction":
                yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "django.db.transaction":
            yield from (node.lineno for name in node.names if name.name in ("atomic", "on_commit"))


def swallowed_conflicts(tree: ast.AST) -> Iterator[int]:
    """Lines with `ignore_conflicts=` anything but a literal False."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.keyword) or node.arg != "ignore_conflicts":
            continue
        if not (isinstance(node.value, ast.Constant) and node.value.value is False):
            yield node.lineno


def imports_of(tree: ast.AST, package: str) -> Iterator[int]:
    """Lines that import `package` or a part of it."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if any(name == package or name.startswith(f"{package}.") for name in names):
            yield node.lineno


@functools.cache
def tree_of(file: Path) -> ast.AST:
    return ast.parse(file.read_text(encoding="utf-8"))


def breaches(rule, files: list[Path]) -> list[str]:
    return [f"{file.relative_to(ROOT)}:{line}" for file in files for line in rule(tree_of(file))]


def test_transactions_name_their_realm() -> None:
    assert breaches(bare_transactions, [file for file in our_modules() if file != WRAPPER]) == []


def test_no_conflict_is_swallowed() -> None:
    assert breaches(swallowed_conflicts, our_modules()) == []


def test_rendering_asks_no_database() -> None:
    files = [file for file in our_modules() if file.is_relative_to(ROOT / "sites")]

    assert breaches(lambda tree: imports_of(tree, "django.db"), files) == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (bare_transactions, "with transaction.atomic():\n    pass"),
        (bare_transactions, "@transaction.atomic\ndef f(): ..."),
        (bare_transactions, "transaction.on_commit(f)"),
        (bare_transactions, "django.db.transaction.atomic(using='orders')"),
        (bare_transactions, "from django.db.transaction import on_commit"),
        (swallowed_conflicts, "Row.objects.bulk_create(rows, ignore_conflicts=True)"),
        (swallowed_conflicts, "Row.objects.bulk_create(rows, ignore_conflicts=sloppy)"),
        (lambda tree: imports_of(tree, "django.db"), "from django import db"),
        (lambda tree: imports_of(tree, "django.db"), "from django.db import models"),
    ],
)
def test_the_rules_find_what_they_forbid(rule, source: str) -> None:
    assert list(rule(ast.parse(source))) != []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (bare_transactions, "from node.realms import atomic\nwith atomic('orders'):\n    pass"),
        (swallowed_conflicts, "Row.objects.bulk_create(rows, ignore_conflicts=False)"),
        (lambda tree: imports_of(tree, "django.db"), "from django.template import loader"),
    ],
)
def test_the_rules_let_the_right_way_pass(rule, source: str) -> None:
    assert list(rule(ast.parse(source))) == []


def test_imports_go_one_way() -> None:
    tool = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-3000:]


def test_no_absolute_path_of_a_machine_and_no_registry_in_the_tree() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.toml", "*.txt", "*.in", "*.md", "*.yaml", "rialto", ".ci/run"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    wrong = []
    for name in listed.stdout.split():
        if name == "tests/test_house.py" or not (ROOT / name).exists():
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        wrong += [f"{name}: {mark}" for mark in ("/work/", "--index-url", "--extra-index-url") if mark in text]

    assert wrong == []
