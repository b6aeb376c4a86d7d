"""The figures as Prometheus reads them. What no realm tells is left out: a missing series is not a zero."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from central.health.figures import Health, NodeFigures, StreamFigures
from infra.caching.figures import CacheFigures

__all__ = ["CONTENT_TYPE", "metrics_of"]

PREFIX = "rialto_"

#: field -> what it is; the metric's name is the prefix and the field's, with its unit as Prometheus spells it
_NODE = {
    "heard_s": ("node_heartbeat_age_seconds", "Since the node was last heard from"),
    "parked": ("node_parked_documents", "Documents the node could not apply"),
    "rights": ("node_rights_units", "Units the node may sell"),
    "frozen": ("node_frozen_units", "Units of rights the node may not sell from any more and has not closed"),
}
_PAGES = {
    "failed": ("node_pages_failed", "Pages of the node that cannot be made anew"),
    "late_s": ("node_pages_late_seconds", "How long the first page that is to be made anew has waited"),
    "wrong": ("node_pages_wrong", "Pages that the audit found to be not what their documents say"),
}
_STREAM = {
    "backlog": ("node_backlog_ops", "Ops the node holds that central has not taken in"),
    "behind": ("node_behind_entries", "Entries of the realm's log the node has not applied"),
    "behind_s": ("node_behind_seconds", "How long the first entry it has not applied has waited"),
    "acked_s": ("node_last_ack_age_seconds", "Since central last took an op of the node in"),
}
_REALM = {
    "head": ("realm_log_head", "Entries the realm's log has numbered"),
    "waiting": ("realm_log_waiting", "Entries the realm's log has not numbered yet"),
    "set_aside": ("realm_quarantined_ops", "Ops of nodes that were set aside"),
    "failed": ("realm_failed_jobs", "Jobs that have used up their attempts"),
    "queued": ("realm_queued_jobs", "Jobs that wait or run"),
}
_CLUSTER = {
    "duplicates": ("orders_duplicate_suspects", "Orders suspected to be another's double"),
    "pending": ("stock_pending_units", "Units sold that no stock covers yet"),
    "broken_links": ("broken_links", "Links of shops' pages that lead nowhere"),
    "failed_pictures": ("pictures_failed", "Photos of shops that could not be made"),
    "failures": ("failures_open", "Failed jobs and ops set aside that nobody has decided on"),
}


def metrics_of(health: Health) -> bytes:
    """The text exposition format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Told(health))
    return generate_latest(registry)


class _Told(Collector):
    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        yield from _of_nodes(self._health.nodes)
        yield from _of_realms(self._health)
        yield from _of_caches(self._health)
        for field, (name, words) in _CLUSTER.items():
            if (value := getattr(self._health, field)) is not None:
                yield GaugeMetricFamily(PREFIX + name, words, value=value)
        if (books := self._health.books) is not None:
            yield GaugeMetricFamily(PREFIX + "stock_audit_breaches", "Rows of the books that are wrong", books.breaches)
            if books.checked_s is not None:
                words = "Since the books were last audited"
                yield GaugeMetricFamily(PREFIX + "stock_audit_age_seconds", words, books.checked_s)


def _of_nodes(nodes: list[NodeFigures]) -> Iterator[Metric]:
    up = GaugeMetricFamily(PREFIX + "node_up", "1 while the node is heard from", labels=["node"])
    for node in nodes:
        if node.light in ("green", "amber"):
            up.add_metric([node.node], node.light == "green")
    yield up
    for field, (name, words) in _NODE.items():
        family = GaugeMetricFamily(PREFIX + name, words, labels=["node"])
        for node in nodes:
            if (value := getattr(node, field)) is not None:
                family.add_metric([node.node], value)
        yield family
    for field, (name, words) in _PAGES.items():
        family = GaugeMetricFamily(PREFIX + name, words, labels=["node"])
        for node in nodes:
            if node.pages is not None:
                family.add_metric([node.node], getattr(node.pages, field))
        yield family
    for field, (metric, words) in _STREAM.items():
        family = GaugeMetricFamily(PREFIX + metric, words, labels=["node", "realm"])
        for name, stream in _streams(nodes):
            if (value := getattr(stream, field)) is not None:
                family.add_metric([name, stream.realm], value)
        yield family


def _of_caches(health: Health) -> Iterator[Metric]:
    told = [(node.node, node.cache) for node in health.nodes] + [("central", health.cache)]
    caches: list[tuple[str, CacheFigures]] = [(node, cache) for node, cache in told if cache is not None]
    up = GaugeMetricFamily(PREFIX + "cache_up", "1 while the program cache answers", labels=["node", "backend"])
    errors = CounterMetricFamily(PREFIX + "cache_errors", "Calls of the cache that failed", labels=["node"])
    entries = GaugeMetricFamily(PREFIX + "cache_entries", "Entries of the program cache", labels=["node"])
    asks = CounterMetricFamily(
        PREFIX + "cache_asks", "Asks by where the answer was: memory, store, or made", labels=["node", "kind", "found"]
    )
    for node, cache in caches:
        up.add_metric([node, cache.backend], not cache.error)
        errors.add_metric([node], cache.errors)
        if cache.entries is not None:
            entries.add_metric([node], cache.entries)
        for kind in cache.kinds:
            for found, count in (("memory", kind.near), ("store", kind.far), ("made", kind.made)):
                asks.add_metric([node, kind.name, found], count)
    yield from (up, errors, entries, asks)


def _streams(nodes: list[NodeFigures]) -> Iterator[tuple[str, StreamFigures]]:
    for node in nodes:
        for stream in node.streams:
            yield node.node, stream


def _of_realms(health: Health) -> Iterator[Metric]:
    if health.realms is None:
        return
    up = GaugeMetricFamily(PREFIX + "realm_up", "1 while the realm's database answers", labels=["realm"])
    for realm in health.realms:
        up.add_metric([realm.realm], realm.is_up)
    yield up
    for field, (name, words) in _REALM.items():
        family = GaugeMetricFamily(PREFIX + name, words, labels=["realm"])
        for realm in health.realms:
            if (value := getattr(realm, field)) is not None:
                family.add_metric([realm.realm], value)
        yield family
