"""Which texts of an app stand in its templates and code, and which a language lacks. No gettext tools needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po
from django.template.base import Lexer, TokenType

ROOT = Path(__file__).resolve().parents[3]
_TRANS = re.compile(r"""^(?:trans|translate)\s+(?:"([^"]*)"|'([^']*)')""")
#: where the first text of a blocktrans ends: at its plural or at its end
_ENDS = re.compile(r"^(?:plural|endblocktrans|endblocktranslate)\b")
_PARTS = re.compile(r"""_\(\s*(?:"([^"]*)"|'([^']*)')\s*\)""")
_CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}


def used_in(app: Path) -> set[str]:
    """All msgids of an app's templates and Python files, tests left out."""
    found: set[str] = set()
    for template in app.rglob("templates/**/*.html"):
        found |= set(_of_template(template.read_text()))
    for module in app.rglob("*.py"):
        if "tests" not in module.parts and "migrations" not in module.parts:
            found |= set(_of_module(module.read_text()))
    return found - {""}


def known_in(language: str) -> set[str]:
    """All msgids with a whole translation, over the catalogues of every app of central."""
    return {msgid for _, msgid in wordings_in(language)}


def wordings_in(language: str) -> dict[tuple[str, str], set[tuple[str, ...]]]:
    """(context, msgid) -> its whole translations. Django merges the apps' catalogues: of two, one is never seen."""
    found: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for path in ROOT.glob(f"central/*/locale/{language}/LC_MESSAGES/django.po"):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
        for message in catalogue:
            texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
            if message.id and all(texts) and not message.fuzzy:
                msgid = message.id[0] if isinstance(message.id, (list, tuple)) else message.id
                found.setdefault((message.context or "", msgid), set()).add(tuple(texts))
    return found


def _of_template(text: str) -> Iterator[str]:
    block: list[str] | None = None
    for token in Lexer(text).tokenize():
        if token.token_type == TokenType.BLOCK:
            if token.contents.startswith(("blocktrans", "blocktranslate")):
                block = []
            elif block is not None and _ENDS.match(token.contents):
                yield "".join(block)
                block = None
            elif found := _TRANS.match(token.contents):
                yield (found[1] or found[2] or "").replace("%", "%%")
        elif block is not None:
            block.append(f"%({token.contents})s" if token.token_type == TokenType.VAR else token.contents)
        for found in _PARTS.finditer(token.contents if token.token_type == TokenType.BLOCK else ""):
            yield found[1] or found[2] or ""


def _of_module(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value
