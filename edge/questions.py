"""What central may ask an edge for: `@answers("pages")` over a function of the question's body, run in a reader thread.

Such a question is asked for a person at a screen, who waits for a few seconds; see `sync.questions`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Final, TypeVar

from node.errors import RialtoError
from sync.contracts.codec import pack, unpack
from sync.contracts.questions import MOST_ANSWER, Answered, Question
from sync.link import LinkDown, link
from sync.replica import told
from sync.store.writer import reader

logger = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[[bytes], bytes])

_answers: dict[str, Callable[[bytes], bytes]] = {}
_TIMEOUT_S: Final = 5.0


def answers(kind: str) -> Callable[[F], F]:
    """Register who answers one kind of question. A `RialtoError` goes back as its code and sentence."""

    def register(answer: F) -> F:
        _answers[kind] = answer
        return answer

    return register


@told("question")
async def hear(body: bytes) -> None:
    question = unpack(body, Question)
    answer = await reader.run(lambda: _answer(question))
    with contextlib.suppress(LinkDown):  # whoever asked hears that we are away
        await link.request("question_answered", pack(answer), timeout=_TIMEOUT_S)


def _answer(question: Question) -> Answered:
    answer = _answers.get(question.kind)
    if answer is None:
        return Answered(id=question.id, code="unknown_question", message=f"nobody answers '{question.kind}'")
    try:
        body = answer(question.body)
    except RialtoError as error:
        return Answered(id=question.id, code=error.code, message=str(error))
    except Exception as error:
        logger.exception("the question '%s' cannot be answered", question.kind)
        return Answered(id=question.id, code="failed", message=type(error).__name__)
    if len(body) > MOST_ANSWER - 1000:
        return Answered(id=question.id, code="too_much", message="the answer is too long")
    return Answered(id=question.id, body=body)
