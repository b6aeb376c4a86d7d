"""Letters to staff and operators, for apps that stand beside the one that writes notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Write(Protocol):
    def __call__(
        self, template: str, *, key: str, to: str, to_name: str, language: str, context: Mapping[str, Any]
    ) -> str: ...


_write: Write | None = None


def write_by(write: Write) -> None:
    """Called once at start by the app of notices."""
    global _write
    _write = write


def write_letter(
    template: str, *, key: str, to: str, language: str, context: Mapping[str, Any], to_name: str = ""
) -> str:
    """Send a notice in the desk's own name; returns its Message-ID. One `key`, one letter.

    Raises `infra.mail.errors.Refused` or `Unavailable`: call it from a handler, which is tried again.
    """
    if _write is None:
        raise RuntimeError("no app writes letters")
    return _write(template, key=key, to=to, to_name=to_name, language=language, context=context)
