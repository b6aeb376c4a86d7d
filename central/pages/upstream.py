"""What edges say of their pages."""

from __future__ import annotations

from sync.questions import hand_over
from sync.topics import EdgeScope
from sync.upstream import answers


@answers("question_answered")
def take_answer(edge: EdgeScope, body: bytes) -> bytes:
    """The answer to a question of central's, for whoever waits for it. A node answers what it was asked itself only."""
    hand_over(edge.node, body)
    return b""
