"""What of this app crosses the link: sites, sister nodes, sealing keys, rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from central.cluster.documents import node_doc, rate_doc, site_doc
from central.cluster.keys import sealing_keys
from central.cluster.models import Node, PageWords, Rate, Site
from central.cluster.page_words import words_doc
from node.realms import CLUSTER
from sync.contracts.codec import pack
from sync.topics import EdgeScope, StateTopic, register_topic

Row = tuple[str, int, bytes]


def _scope(topic: str) -> str:
    return topic.split(":", 1)[1]


def _groups(prefix: str) -> Callable[[EdgeScope], Iterable[str]]:
    return lambda scope: {f"{prefix}:{group}" for group in scope.groups}


def _everyone(name: str) -> Callable[[EdgeScope], Iterable[str]]:
    return lambda scope: {name}


def _sites(topic: str) -> QuerySet[Site]:
    return Site.objects.filter(cart_group=_scope(topic)).prefetch_related("languages", "regions")


def _site_row(site: Site) -> Row:
    return site.id, site.ver, pack(site_doc(site))


def _nodes(topic: str) -> QuerySet[Node]:
    """Nodes that have joined and serve a site of the group; a revoked one stays, so that sisters refuse its hops."""
    joined = Node.objects.exclude(state=Node.State.INVITED)
    return joined.filter(sites__cart_group=_scope(topic)).distinct().prefetch_related("sites")


def _node_row(node: Node) -> Row:
    return node.id, node.ver, pack(node_doc(node, sorted(site.id for site in node.sites.all())))


def _rate_row(rate: Rate) -> Row:
    return f"{rate.base}/{rate.quote}", rate.ver, pack(rate_doc(rate))


def _reader(rows: Callable[[str], QuerySet[Any]], row: Callable[[Any], Row]) -> Callable[..., dict[str, Any]]:
    def read(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
        return {key: (ver, body) for key, ver, body in map(row, rows(topic).filter(pk__in=keys))}

    return read


def _pager(rows: Callable[[str], QuerySet[Any]], row: Callable[[Any], Row]) -> Callable[[str, str, int], list[Row]]:
    def page(topic: str, after: str, limit: int) -> list[Row]:
        return [row(one) for one in rows(topic).filter(pk__gt=after).order_by("pk")[:limit]]

    return page


def _all_rates() -> list[Row]:
    return sorted(map(_rate_row, Rate.objects.all()))


def _read_rates(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
    return {key: (ver, body) for key, ver, body in _all_rates() if key in keys}


def _page_rates(topic: str, after: str, limit: int) -> list[Row]:
    return [row for row in _all_rates() if row[0] > after][:limit]


def _all_keys() -> list[Row]:
    return sorted((key.id, 2 if key.is_current else 3, pack(key)) for key in sealing_keys())


def _read_keys(topic: str, keys: Sequence[str]) -> dict[str, tuple[int, bytes | None]]:
    return {key: (ver, body) for key, ver, body in _all_keys() if key in keys}


def _page_keys(topic: str, after: str, limit: int) -> list[Row]:
    return [row for row in _all_keys() if row[0] > after][:limit]


register_topic(
    StateTopic(
        name="site",
        realm=CLUSTER,
        schema=1,
        audience=_groups("site"),
        read=_reader(_sites, _site_row),
        page=_pager(_sites, _site_row),
    )
)
register_topic(
    StateTopic(
        name="node",
        realm=CLUSTER,
        schema=1,
        audience=_groups("node"),
        read=_reader(_nodes, _node_row),
        page=_pager(_nodes, _node_row),
    )
)


def _page_words(topic: str) -> QuerySet[PageWords]:
    return PageWords.objects.prefetch_related("rows")


def _words_row(page: PageWords) -> Row:
    return page.pk, page.ver, pack(words_doc(page))


register_topic(
    StateTopic(
        name="words",
        realm=CLUSTER,
        schema=1,
        audience=_everyone("words:all"),
        read=_reader(_page_words, _words_row),
        page=_pager(_page_words, _words_row),
    )
)
register_topic(
    StateTopic(name="rate", realm=CLUSTER, schema=1, audience=_everyone("rate:all"), read=_read_rates, page=_page_rates)
)
register_topic(
    StateTopic(
        name="sealing_key",
        realm=CLUSTER,
        schema=1,
        audience=_everyone("sealing_key:all"),
        read=_read_keys,
        page=_page_keys,
    )
)
