"""What a run did: a hash that two runs of a seed share, and a story that a person can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import blake2b


class Trace:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._hash = blake2b(digest_size=16)
        self.story: list[str] = []
        self.faults: Counter[str] = Counter()

    def note(self, who: str, what: str) -> None:
        """Into the hash only: frames, commits."""
        self._hash.update(f"{self._now():.6f} {who} {what}\n".encode())

    def tell(self, who: str, what: str) -> None:
        """Into the story too."""
        self.story.append(f"{self._now():8.3f}  {who:<9} {what}")
        self.note(who, what)

    def fault(self, kind: str, who: str = "", what: str = "") -> None:
        self.faults[kind] += 1
        if what:
            self.tell(who, f"{kind}: {what}")
        else:
            self.note(who, kind)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
