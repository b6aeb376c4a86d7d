from __future__ import annotations

import pytest

from central.cluster import actions
from central.cluster.errors import BadField, NameTaken, UnknownNode
from central.cluster.models import Site
from central.cluster.tests.make import changes_of, invite, make_request, make_site
from central.cluster.topics import _page_rates
from sync.contracts.codec import unpack
from sync.contracts.documents import NodeDoc, RateDoc, SiteDoc
from sync.store.central.models import Outbox
from sync.topics import EdgeScope, StateTopic, topic_of

pytestmark = pytest.mark.django_db(databases=["default"])


def state_topic(name: str) -> StateTopic:
    topic = topic_of(name)
    assert isinstance(topic, StateTopic)
    return topic


def recorded() -> list[tuple[str, str, int]]:
    return list(Outbox.objects.using("default").order_by("id").values_list("topic", "key", "ver"))


def test_a_registered_site_is_published_to_its_cart_group() -> None:
    make_site("tea", cart_group="main")

    assert recorded() == [("site:main", "tea", 1)]


def test_an_edit_that_changes_nothing_writes_nothing() -> None:
    make_site("tea", name="Tea")
    before = recorded()

    actions.edit_site("tea", by="tests", name="Tea")

    assert recorded() == before
    assert len(changes_of("tea")) == 1


def test_an_edit_keeps_what_was_and_what_became() -> None:
    make_site("tea", name="Tea")

    actions.edit_site("tea", by="ann", name="Tea & Co")

    change = changes_of("tea")[-1]
    assert (change.who, change.before, change.after) == ("ann", {"name": "Tea"}, {"name": "Tea & Co"})
    assert recorded()[-1] == ("site:main", "tea", 2)


def test_switching_off_keeps_the_row_and_tells_the_edges() -> None:
    make_site("tea")

    actions.edit_site("tea", by="tests", is_active=False)

    read = state_topic("site").read("site:main", ["tea"])
    assert read["tea"][1] is not None
    assert unpack(read["tea"][1], SiteDoc).is_active is False


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"origin": "tea.example"}, "origin"),
        ({"origin": "https://tea.example/shop"}, "origin"),
        ({"currency": "roubles"}, "currency"),
        ({"colour": "red"}, "colour"),
        ({"deliveries": [{"code": "x"}]}, "deliveries"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_kept(fields: dict[str, object], named: str) -> None:
    with pytest.raises(BadField) as refused:
        make_site("tea", **fields)

    assert named in refused.value.fields
    assert not Site.objects.exists()


def test_two_sites_cannot_share_a_host_or_an_id() -> None:
    make_site("tea", origin="https://shop.example")

    with pytest.raises(BadField):
        make_site("clay", origin="https://shop.example:8443")
    with pytest.raises(NameTaken):
        make_site("tea")


def test_a_site_cannot_go_to_a_node_that_is_not_there() -> None:
    with pytest.raises(UnknownNode):
        make_site("tea", node="nowhere")


def test_a_site_that_moves_takes_its_place_in_both_node_documents() -> None:
    make_site("tea")
    make_site("clay")
    actions.join_node(make_request(invite("a", ("tea",))))
    actions.join_node(make_request(invite("b", ("clay",))))

    actions.edit_site("tea", by="tests", node="b")

    page = state_topic("node").page("node:main", "", 10)
    assert {key: unpack(body, NodeDoc).sites for key, _, body in page} == {"b": ["clay", "tea"]}
    assert {("node:main", "a"), ("node:main", "b")} <= {(topic, key) for topic, key, _ in recorded()[-3:]}


def test_an_edge_may_read_only_its_groups() -> None:
    scope = EdgeScope(node="a", epoch=1, sites=frozenset({"tea"}), groups=frozenset({"main"}))

    assert set(state_topic("site").audience(scope)) == {"site:main"}
    assert set(state_topic("node").audience(scope)) == {"node:main"}


def test_a_rate_has_a_version_and_is_published_once_per_change() -> None:
    actions.set_rate("EUR", "RUB", 98_500_000, by="tests")
    actions.set_rate("EUR", "RUB", 98_500_000, by="tests")
    actions.set_rate("EUR", "RUB", 99_000_000, by="tests")

    assert recorded() == [("rate:all", "EUR/RUB", 1), ("rate:all", "EUR/RUB", 2)]
    assert [unpack(body, RateDoc).micros for _, _, body in _page_rates("rate:all", "", 5)] == [99_000_000]


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(BadField):
        actions.set_rate("EUR", "RUB", 0, by="tests")
