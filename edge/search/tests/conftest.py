from __future__ import annotations

import pytest

from edge.pages.tests.client import Browser
from edge.pages.tests.conftest import db_of_edge, edge, tea  # noqa: F401
from edge.search import asking, tuning
from edge.search.counting import counting
from edge.search.indexer import indexer


@pytest.fixture
async def visitor(tea) -> Browser:  # noqa: F811
    """A visitor of the shop `tea`, whose index is up to date."""
    from edge.asgi import application

    tuning.forget_all()
    asking.forget_all()
    await indexer.start()
    await indexer.catch_up()
    yield Browser("tea.localhost", application)
    await indexer.stop()
    counting.__init__()  # type: ignore[misc]
