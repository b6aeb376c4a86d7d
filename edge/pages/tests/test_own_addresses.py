from __future__ import annotations

from edge.asgi import DJANGO, HEALTH, LIVE, PAGES, ROUTES
from sites.urls import OWN


def test_no_language_and_no_region_can_live_at_an_address_of_the_shops_own() -> None:
    own = [*PAGES, *DJANGO, LIVE[1], HEALTH[1], *(path for _method, path in ROUTES)]

    assert {path.split("/")[1] for path in own} <= OWN
