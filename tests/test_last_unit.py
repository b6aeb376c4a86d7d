"""The last unit over three shops, with real processes: central, three edges, a hundred shoppers at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from node.bench.cluster import Cluster, scratch_cluster
from node.bench.http import Connection
from node.bench.inside import Loader, central_home, edge_disk, loader_at
from node.bench.orders import order_of
from node.bench.shopper import Good, Shopper
from node.testing import loops

pytestmark = pytest.mark.slow


async def goods_of(cluster: Cluster, central: Loader, home: str, units: int) -> Good:
    """A good of the shop `home`, once all edges have its card."""
    made = await central.ask("scarce", sites=[home], count=1, units=units)
    [(site, sku, options)], [card] = made["keys"], made["cards"]
    disks = [edge_disk(cluster, each) for each in cluster.origins]
    while not all(card in disk.cards() for disk in disks):  # noqa: ASYNC110 - in other processes
        await asyncio.sleep(0.1)
    return Good(site, sku, options, disks[0].version(card))


async def opened(origin: str, good: Good, units: int = 1) -> tuple[Connection, dict[str, Any]]:
    """A shopper of his own who has put so many into his cart and opened the checkout; and the order he may place."""
    shop = Connection(origin)
    await shop.post_json("/_r/session", {})
    await shop.post_json("/_r/cart", {"ops": [Shopper({}).add(good, units)]})
    return shop, order_of((await shop.request("GET", "/_r/checkout")).json())


def test_of_a_hundred_checkouts_of_the_last_unit_over_three_shops_one_is_an_order() -> None:
    async def run(cluster: Cluster, central: Loader) -> None:
        good = await goods_of(cluster, central, "tea", 1)
        origins = sorted(cluster.origins.values())
        shoppers = await asyncio.gather(*(opened(origins[number % 3], good) for number in range(100)))

        answers = await asyncio.gather(*(shop.post_json("/_r/checkout", order) for shop, order in shoppers))

        codes = [answer.status for answer in answers]
        assert (codes.count(201), codes.count(409)) == (1, 99), codes
        key = "\x1f".join((good.site, good.sku, good.options))
        refused = [answer.json() for answer in answers if answer.status == 409]
        assert {(one["error"], one["left"][key]) for one in refused} == {("not_enough", 0)}  # type: ignore[index]
        while (lies := await central.ask("units_of", skus=[good.sku]))["sold"] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        assert (lies["sold"], lies["pending"], lies["breaches"]) == (1, 0, [])

        # Two carts that fit alone but not together, at two shops.
        pair = await goods_of(cluster, central, "clay", 3)
        one, other = await opened(origins[0], pair, 2), await opened(origins[1], pair, 2)
        codes = [(await shop.post_json("/_r/checkout", order)).status for shop, order in (one, other)]
        assert sorted(codes) == [201, 409]

    with scratch_cluster() as cluster, loader_at(central_home(cluster)) as central:
        loops.run(run(cluster, central))
