"""What happens to accounts; ids only."""

from __future__ import annotations

from sync.events import Event


class CodeAsked(Event, frozen=True, kw_only=True):
    """Somebody wants a code. Whether one is sent is decided where nobody waits for it. `code` is a UUID in hex."""

    code: str
