"""Many files as one: styles one after another, modules in the order a browser would run them.

Modules are joined only as far as this understands them for sure: imports are `import "./x.js";`,
`import * as x from "./x.js";` and `import { a, b as c } from "./x.js";`, exports are functions and constants, each said
at the beginning of a line. A module in other words, or a circle of them, is `CannotJoin`; a page then loads the modules
one by one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_IMPORT: Final = re.compile(
    r'^import (?:(?:\* as (?P<name>\w+)|\{(?P<names>[\w\s,]+)\}) from )?"(?P<path>\./[^"]+)";[ \t]*$', re.MULTILINE
)
_EXPORT: Final = re.compile(
    r"^export (?=(?:async )?function\*? ?(?P<function>\w+)|const (?P<const>\w+) =)", re.MULTILINE
)
#: what is left of either when the two above have been taken out; and what a function may not hold
_OTHER: Final = re.compile(r"^\s*(?:import|export)\b(?!\()|\bimport\.meta\b|\bimport\(|^await\b", re.MULTILINE)
_URL: Final = re.compile(r"""url\(\s*(?P<quote>["']?)(?P<path>[^"')]+)(?P=quote)\s*\)""")
_ELSEWHERE: Final = re.compile(r"^(?:[a-z]+:|/|#)", re.IGNORECASE)


class CannotJoin(Exception):
    """These files cannot be joined for sure; the message says which and why."""


def join_styles(texts: Sequence[str]) -> str:
    """`@import` and `@charset` may stand only at the beginning of a file; ours have none."""
    return "\n".join(text.strip("\n") for text in texts) + "\n"


def place_styles(text: str, name: str, address: Callable[[str], str]) -> str:
    """Styles of the file `name` for another folder: relative `url(...)` become `address(name of the file)`."""
    folder = posixpath.dirname(name)

    def placed(match: re.Match[str]) -> str:
        path = match["path"].strip()
        if _ELSEWHERE.match(path):
            return match[0]
        return f'url("{address(posixpath.normpath(posixpath.join(folder, path)))}")'

    return _URL.sub(placed, text)


def order_of(modules: Mapping[str, str], entries: Sequence[str]) -> list[str]:
    """Names of the entries and all they import, as a browser runs them: what is imported first. Raises `CannotJoin`."""
    done: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in above:
            raise CannotJoin(f"{' imports '.join([*above[above.index(name) :], name])}")
        if name not in modules:
            raise CannotJoin(f"{above[-1] if above else 'a page'} needs {name}, which is not there")
        for match in _IMPORT.finditer(modules[name]):
            visit(_target(name, match), (*above, name))
        done.append(name)

    for entry in entries:
        visit(entry, ())
    return done


def join_modules(modules: Mapping[str, str], entries: Sequence[str]) -> str:
    """One module that does what the entries, each loaded as a module, would do; an error in one ends those after it.

    Raises `CannotJoin`.
    """
    order = order_of(modules, entries)
    return "".join(_wrapped(name, modules[name], order) for name in order)


def _wrapped(name: str, text: str, order: Sequence[str]) -> str:
    """A module as a function that runs once: its names are its own, its exports the fields of what it returns."""
    imports = [(_bound(match), _target(name, match)) for match in _IMPORT.finditer(text)]
    exports = [match["function"] or match["const"] for match in _EXPORT.finditer(text)]
    body = _EXPORT.sub("", _IMPORT.sub("", text))
    if other := _OTHER.search(body):
        line = body[other.start() :].strip().partition("\n")[0][:80]
        raise CannotJoin(f"{name} is not understood: {line}")
    names = "".join(f"const {given} = {_variable(order, target)};\n" for given, target in imports if given)
    returned = f"return Object.freeze({{ {', '.join(exports)} }});\n" if exports else ""
    return f"const {_variable(order, name)} = (() => {{\n{names}{body.strip()}\n{returned}}})();\n"


def _bound(match: re.Match[str]) -> str:
    """What an import gives names to, as a `const` writes it; "" when it only runs the module."""
    if match["names"] is None:
        return match["name"] or ""
    return (
        "{ "
        + ", ".join(re.sub(r"\s+as\s+", ": ", each.strip()) for each in match["names"].split(",") if each.strip())
        + " }"
    )


def _variable(order: Sequence[str], name: str) -> str:
    return f"$module{order.index(name)}"


def _target(name: str, match: re.Match[str]) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), match["path"]))
