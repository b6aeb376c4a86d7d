"""Finds the modules of a fixed name in which apps declare what they send, take in and apply."""

from __future__ import annotations

from django.utils.module_loading import autodiscover_modules

#: module names, looked for in every installed app
CENTRAL_MODULES = ("topics", "upstream", "receives", "answers", "periodic")
EDGE_MODULES = ("applies", "figures")

_done: set[str] = set()


def load_central() -> None:
    """Import what every app sends, takes in, answers and does at intervals; repeating is free."""
    _load(CENTRAL_MODULES)


def load_edge() -> None:
    """Import every app's `applies.py` and `figures.py`; repeating is free."""
    _load(EDGE_MODULES)


def _load(modules: tuple[str, ...]) -> None:
    for module in modules:
        if module not in _done:
            autodiscover_modules(module)
            _done.add(module)
