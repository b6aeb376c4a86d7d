from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from central.cluster.models import Node, NodeHealth
from central.ui.tests import cast
from sync import hub
from sync.contracts.codec import pack, unpack
from sync.contracts.questions import Answered, Question
from sync.discover import load_central
from sync.topics import EdgeScope
from sync.upstream import answer_of

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]


class PretendNode:
    """Answers what central asks of node `a`, as its link would: from a thread of its own."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.answers: dict[str, Callable[[bytes], Any]] = {}
        self.speaks_as = "a"

    def told(self, node: str, kind: str, body: bytes) -> None:
        if kind == "question":
            threading.Thread(target=self._answer, args=[unpack(body, Question)]).start()

    def _answer(self, question: Question) -> None:
        self.asked.append((question.kind, question.body))
        answer = self.answers.get(question.kind)
        if answer is None:
            said = Answered(id=question.id, code="unknown_question", message="older")
        else:
            said = Answered(id=question.id, body=pack(answer(question.body)))
        take = answer_of("question_answered")
        assert take is not None
        take(EdgeScope(self.speaks_as, 1, frozenset({"tea"}), frozenset()), pack(said))


@pytest.fixture
def node(node_home: Any) -> Iterator[PretendNode]:
    """The shop `tea` on the node `a`, which was heard from just now; `toys` on another one."""
    load_central()
    cast.site("tea")
    cast.site("toys")
    cast.node("a", "tea")
    cast.node("b", "toys")
    Node.objects.update(state=Node.State.JOINED)
    beat("a")
    made = PretendNode()
    hub.tell_by(made.told)
    yield made
    hub.tell_by(None)


def beat(node: str, **detail: Any) -> None:
    NodeHealth.objects.update_or_create(node_id=node, defaults={"heard_at": timezone.now(), "detail": detail})
