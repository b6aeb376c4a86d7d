"""A question of central's to an edge: pushed as a `tell`, answered by a request of the edge's, `question_answered`.

The answer is worth something for seconds only. An edge of an older version hears no question: nobody answers then.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

#: bytes of an answer
MOST_ANSWER: Final = 1_000_000


class Question(Struct, frozen=True, kw_only=True):
    """`id`: 128 bits that nobody guesses, as 32 hex digits. `kind`: what is asked, see `edge.questions`."""

    id: str
    kind: str
    body: bytes


class Answered(Struct, frozen=True, kw_only=True):
    """`code`: why there is no answer, "" when there is one."""

    id: str
    body: bytes = b""
    code: str = ""
    message: str = ""
