"""Cutting and healing the link of a node from its screen, in a demo only."""

from __future__ import annotations

from types import ModuleType

from node import demo_control
from node.config import config
from node.errors import RialtoError


class NoDemo(RialtoError):
    code = "no_demo"
    status = 404


def is_demo() -> bool:
    return bool(config().demo_control)


def _control() -> ModuleType:
    if not is_demo():
        raise NoDemo("links can be cut by hand in a demo only")
    return demo_control


def cut(node: str) -> None:
    """Raises `NoDemo` outside a demo, `DemoControlFailed` while its conductor does not answer."""
    _control().cut(node)


def heal(node: str) -> None:
    """As `cut`."""
    _control().heal(node)


def links() -> dict[str, bool]:
    """Node -> whether its link is cut; empty outside a demo and while its conductor does not answer."""
    if not is_demo():
        return {}
    try:
        return {node: link == "cut" for node, link in _control().state().items()}
    except RialtoError:
        return {}
