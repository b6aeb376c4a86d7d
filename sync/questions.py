"""Central asks an edge for what only the edge keeps, while a person waits for the screen.

The question is a nudge and may be lost, as may the answer: then the asker hears `NodeAway` and says so. Any process of
central may take the answer in, so it is handed over through Redis, under the name of the node that was asked.
"""

from __future__ import annotations

import logging
import secrets
from functools import lru_cache
from typing import Final, cast

from redis import Redis
from redis.exceptions import RedisError

from node.config import config
from node.errors import RialtoError
from sync import hub
from sync.contracts.codec import pack, unpack
from sync.contracts.questions import MOST_ANSWER, Answered, Question

logger = logging.getLogger(__name__)

#: seconds a person waits for a node at most, and an answer for its asker
PATIENCE_S: Final = 4.0
_KEPT_S: Final = 20


class NodeAway(RialtoError):
    """The node is cut off, or does not answer in time, or knows nothing of such questions yet."""

    code = "node_away"
    status = 503


class NodeRefused(RialtoError):
    """The node cannot answer; `code` is its own."""

    status = 409

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def ask(node: str, kind: str, body: bytes, *, patience_s: float = PATIENCE_S) -> bytes:
    """What the node says. In a thread that may wait. Raises `NodeAway`, `NodeRefused`."""
    id = secrets.token_hex(16)
    hub.tell(node, "question", pack(Question(id=id, kind=kind, body=body)))
    try:
        told = _redis(config().redis_url).blpop([_key(node, id)], timeout=patience_s)
    except (RedisError, OSError) as error:
        raise NodeAway(f"the answer of '{node}' cannot be taken in") from error
    if told is None:
        raise NodeAway(f"the node '{node}' does not answer")
    answer = unpack(cast("tuple[bytes, bytes]", told)[1], Answered)
    if answer.code:
        raise NodeRefused(answer.code, answer.message)
    return answer.body


def hand_over(node: str, body: bytes) -> None:
    """Give an answer to whoever asked this very node; one that nobody waits for any more is forgotten."""
    answer = unpack(body, Answered)
    if len(body) > MOST_ANSWER or len(answer.id) != 32 or not answer.id.isalnum():
        return
    key = _key(node, answer.id)
    try:
        with _redis(config().redis_url).pipeline(transaction=True) as pipe:
            pipe.rpush(key, body)
            pipe.expire(key, _KEPT_S)
            pipe.execute()
    except (RedisError, OSError) as error:
        logger.info("an answer of '%s' was dropped: %s", node, type(error).__name__)


def _key(node: str, id: str) -> str:
    return f"rialto-answer:{node}:{id}"


@lru_cache(maxsize=4)
def _redis(url: str) -> Redis:
    return Redis.from_url(url)
