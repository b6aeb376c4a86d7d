"""What central publishes: each app declares its topics in a module `topics.py`.

A *state* topic travels as a pointer; its body is read when it is sent, so an edge always gets the newest. An
*interest* topic carries facts and is filtered by the keys an edge has subscribed to (a cart that is open there).
A full name is `<name>:<audience>`, as in `product:tea`; interest topics have no audience part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

#: one row of a snapshot: key, version, body
Row = tuple[str, int, bytes]


@dataclass(frozen=True)
class EdgeScope:
    """Which edge asks, and what it may see: its sites and the cart groups they belong to.

    `address`: where its link came from, for refusals. `is_vouched`: a person who has looked at an op lets it in; what
    the node itself may write is not asked again.
    """

    node: str
    epoch: int
    sites: frozenset[str]
    groups: frozenset[str]
    address: str = ""
    is_vouched: bool = False


@dataclass(frozen=True)
class StateTopic:
    """Documents of one realm, each the newest state of one key.

    `audience(scope)` -> full names the edge may read. `read(full, keys)` -> key -> (ver, body), body None or key absent
    = deleted. `page(full, after_key, limit)` -> rows with key > after_key, ordered by key in code point order.
    `schema` rises when an older edge could not read the body: the topic then pauses there, and only it.
    """

    name: str
    realm: str
    schema: int
    audience: Callable[[EdgeScope], Iterable[str]]
    read: Callable[[str, Sequence[str]], dict[str, tuple[int, bytes | None]]]
    page: Callable[[str, str, int], list[Row]]


@dataclass(frozen=True)
class InterestTopic:
    """Facts filtered by key. `state(keys)` -> key -> a fact body that holds the whole state, sent on subscribing."""

    name: str
    realm: str
    schema: int
    state: Callable[[Sequence[str]], dict[str, bytes]]


Topic = StateTopic | InterestTopic

_topics: dict[str, Topic] = {}


def register_topic(topic: Topic) -> None:
    """Declare a topic. Declaring the same name again replaces it, so that a module may be loaded twice."""
    if ":" in topic.name:
        raise ValueError(f"a topic's name has no audience part: {topic.name!r}")
    _topics[topic.name] = topic


def unregister_topic(name: str) -> None:
    """Take a topic back (tests)."""
    _topics.pop(name, None)


def name_of(full: str) -> str:
    """`product` of `product:tea`."""
    return full.partition(":")[0]


def topic_of(full: str) -> Topic | None:
    """The declared topic behind a full name, None when no app declares it."""
    return _topics.get(name_of(full))


def all_topics() -> list[Topic]:
    return list(_topics.values())


def interest_topics() -> frozenset[str]:
    """The names of the topics whose keys an edge may follow."""
    return frozenset(name for name, topic in _topics.items() if isinstance(topic, InterestTopic))


def audience_of(scope: EdgeScope, speaks: dict[str, int]) -> tuple[dict[str, list[str]], list[str]]:
    """What an edge reads: realm -> full state topics, and the full topics that pause because their schema is too new.

    `speaks`: topic name -> schema the edge knows. A topic the edge never heard of is sent: it stores it raw.
    """
    reads: dict[str, set[str]] = {}
    paused: set[str] = set()
    for topic in _topics.values():
        if not isinstance(topic, StateTopic):
            reads.setdefault(topic.realm, set())
            continue
        names = set(topic.audience(scope))
        if topic.schema > speaks.get(topic.name, topic.schema):
            paused |= names
        else:
            reads.setdefault(topic.realm, set()).update(names)
    return {realm: sorted(names) for realm, names in reads.items()}, sorted(paused)


def topic_named(name: str) -> Topic | None:
    """The declared topic of a name without audience, None when no app declares it."""
    return _topics.get(name)
