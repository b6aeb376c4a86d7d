"""Cutting and healing the link of a node from its screen, in a demo only."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from node.config import config
from node.errors import RialtoError


class NoDemo(RialtoError):
    code = "no_demo"
    status = 404


def is_demo() -> bool:
    return bool(config().demo_control)


def _control() -> Any:
    if not is_demo():
        raise NoDemo("links can be cut by hand in a demo only")
    return import_module("node.demo_control")


def cut(node: str) -> None:
    """Raises `NoDemo` outside a demo."""
    _control().cut(node)


def heal(node: str) -> None:
    """Raises `NoDemo` outside a demo."""
    _control().heal(node)


def links() -> dict[str, bool]:
    """Node -> whether its link is cut; empty outside a demo and while its conductor does not answer."""
    if not is_demo():
        return {}
    try:
        return dict(_control().state())
    except (RialtoError, OSError, ImportError):
        return {}
