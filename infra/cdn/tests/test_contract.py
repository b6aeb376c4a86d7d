"""One contract for every CDN: what a purge means, and how each way to fail is told."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.cdn.none import NoCdn
from infra.cdn.protocol import Access, BadKey, Batch, Cdn, Record, Refused, Unavailable
from infra.cdn.registry import PLANS, PROVIDERS, cdn, plan
from infra.cdn.tests import pretend, proxy
from infra.cdn.tests.pretend import PretendCloudflare

A, B, OTHER = "http://tea.example/p/a", "http://tea.example/p/b", "http://www.tea.example/p/a"


@dataclass
class World:
    """A provider, and what of the three addresses its CDN has stored. `zone` is its key."""

    cdn: Cdn
    zone: str
    is_stored: Callable[[str], bool]
    wrong_key: Callable[[], Cdn]


@pytest.fixture(params=sorted(PROVIDERS))
def world(request: Any, tmp_path: Path) -> Iterator[World]:
    if request.param == "none":
        yield World(NoCdn(Access("")), "any", lambda url: False, lambda: NoCdn(Access("wrong")))
    elif request.param == "cloudflare":
        with PretendCloudflare().serving() as service:
            service.cached = {A: frozenset({"pa", "s1"}), B: frozenset({"pb", "s1"}), OTHER: frozenset({"s2"})}
            yield World(
                cdn("cloudflare", Access(pretend.KEY, service.base_url)),
                "zone1",
                lambda url: url in service.cached,
                lambda: cdn("cloudflare", Access("wrong", service.base_url)),
            )
    else:
        if proxy.NGINX is None:
            pytest.skip("no nginx here")
        with proxy.Proxy().running(tmp_path) as running:
            yield _nginx_world(running)


def _nginx_world(running: proxy.Proxy) -> World:
    for url, tags in ((A, "pa,s1"), (B, "pb,s1")):
        running.tags[url.removeprefix("http://tea.example")] = tags

    def ask(url: str) -> Any:
        _scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        if host.startswith("www."):  # one origin says the same tags under every name
            running.tags[slash + path], kept = "s2", running.tags[slash + path]
            answer = running.get(slash + path, host=host)
            running.tags[slash + path] = kept
            return answer
        return running.get(slash + path, host=host)

    for url in (A, B, OTHER):
        assert ask(url).headers["x-cache"] == "MISS"

    return World(
        cdn("nginx_cache", Access(proxy.KEY, running.base_url)),
        "cache",
        lambda url: bool(ask(url).headers["x-cache"] == "HIT"),
        lambda: cdn("nginx_cache", Access("wrong", running.base_url)),
    )


@pytest.mark.parametrize(
    ("batch", "left"),
    [
        (Batch("urls", (A,)), {B, OTHER}),
        (Batch("urls", (A, B)), {OTHER}),
        (Batch("tags", ("pa",)), {B, OTHER}),
        (Batch("tags", ("s1",)), {OTHER}),
        (Batch("hosts", ("tea.example",)), {OTHER}),
        (Batch("hosts", ("www.tea.example", "tea.example")), set()),
        (Batch("everything"), set()),
    ],
)
def test_a_purge_drops_what_it_names_and_nothing_else(world: World, batch: Batch, left: set[str]) -> None:
    world.cdn.purge(world.zone, batch)

    if not isinstance(world.cdn, NoCdn):
        assert {url for url in (A, B, OTHER) if world.is_stored(url)} == left


def test_what_is_not_stored_is_purged_all_the_same(world: World) -> None:
    world.cdn.purge(world.zone, Batch("urls", ("http://tea.example/p/nobody-asked",)))
    world.cdn.purge(world.zone, Batch("tags", ("none-has-it",)))


@pytest.mark.parametrize(
    "batch",
    [
        Batch("urls", ()),
        Batch("everything", (A,)),
        Batch("tags", tuple(f"t{n}" for n in range(1001))),
        Batch("urls", tuple(f"http://tea.example/{n}" for n in range(1001))),
    ],
)
def test_what_no_plan_permits_is_refused(world: World, batch: Batch) -> None:
    with pytest.raises(Refused):
        world.cdn.purge(world.zone, batch)


def test_a_wrong_key_is_told_apart(world: World) -> None:
    if isinstance(world.cdn, NoCdn):
        return
    with pytest.raises(BadKey):
        world.wrong_key().purge(world.zone, Batch("urls", (A,)))


def test_nobody_at_the_address_is_unavailable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for name in ("cloudflare", "nginx_cache"):
            with pytest.raises(Unavailable):
                cdn(name, Access("key", nowhere, timeout_s=2)).purge("zone1", Batch("everything"))


def test_each_provider_has_plans_and_zones_can_be_asked_for(world: World) -> None:
    assert set(PLANS) == set(PROVIDERS)
    assert all(one.urls and one.operations and one.burst for plans in PLANS.values() for one in plans.values())
    assert [zone.id for zone in world.cdn.zones()] == ([] if isinstance(world.cdn, NoCdn) else [world.zone])
    assert world.cdn.records(world.zone) == []
    with pytest.raises(Refused):
        plan("none", "free")
    with pytest.raises(Refused):
        cdn("akamai", Access(""))


# --- Cloudflare's own words --------------------------------------------------------------------------------------


@pytest.fixture
def cloudflare() -> Iterator[tuple[PretendCloudflare, Cdn]]:
    with PretendCloudflare(clock=lambda: 1000.0).serving() as service:
        yield service, cdn("cloudflare", Access(pretend.KEY, service.base_url, timeout_s=2))


@pytest.mark.parametrize("failure", [429, 500, 502, 503, 522, "silence", "mess"])
def test_what_may_pass_is_unavailable(cloudflare: tuple[PretendCloudflare, Cdn], failure: Any) -> None:
    service, cdn = cloudflare
    service.fail_with, service.retry_after = failure, "42"

    with pytest.raises(Unavailable) as told:
        cdn.purge("zone1", Batch("urls", (A,)))

    assert service.tried == 1  # the SDK repeats nothing: the plan's calls are counted by us
    assert told.value.retry_after == (42 if isinstance(failure, int) else 0)


@pytest.mark.parametrize(("failure", "kind"), [(400, Refused), ("soft", Refused), (401, BadKey), (403, BadKey)])
def test_what_does_not_pass_is_refused(cloudflare: tuple[PretendCloudflare, Cdn], failure: Any, kind: Any) -> None:
    service, cdn = cloudflare
    service.fail_with = failure

    with pytest.raises(Refused) as told:
        cdn.purge("zone1", Batch("urls", (A,)))

    assert type(told.value) is kind
    assert pretend.KEY not in str(told.value)


def test_the_free_plan_has_twenty_five_calls_by_tags_and_then_none(cloudflare: tuple[PretendCloudflare, Cdn]) -> None:
    service, cdn = cloudflare
    for _ in range(25):
        cdn.purge("zone1", Batch("tags", ("s1",)))

    with pytest.raises(Unavailable):
        cdn.purge("zone1", Batch("hosts", ("tea.example",)))

    cdn.purge("zone1", Batch("urls", (A,)))
    assert len(service.calls) == 26


def test_a_dns_record_is_made_once_and_changed_in_place(cloudflare: tuple[PretendCloudflare, Cdn]) -> None:
    _service, cdn = cloudflare
    wanted = Record("A", "www.tea.example", "192.0.2.7", is_proxied=True)

    made = cdn.ensure("zone1", wanted)
    same = cdn.ensure("zone1", wanted)
    moved = cdn.ensure("zone1", Record("A", "www.tea.example", "192.0.2.8", is_proxied=True))

    assert made.id == same.id == moved.id
    assert [(one.content, one.is_proxied) for one in cdn.records("zone1")] == [("192.0.2.8", True)]
    with pytest.raises(Refused):
        cdn.ensure("zone1", Record("A", "www.elsewhere.example", "192.0.2.7"))


def test_zones_and_records_are_read_over_several_pages(cloudflare: tuple[PretendCloudflare, Cdn]) -> None:
    service, cdn = cloudflare
    service.zones = {f"zone{n}": f"shop{n}.example" for n in range(120)}

    assert [zone.plan for zone in cdn.zones()] == ["free"] * 120
