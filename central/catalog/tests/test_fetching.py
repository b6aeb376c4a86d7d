"""Files fetched by schedule: only from where anybody may look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from central.catalog.importing import fetching, runs
from central.catalog.importing.models import ImportRun
from central.catalog.importing.sources import make_source
from central.catalog.models import Offer
from central.catalog.tests.make import DATABASES, make_site
from node import config as node_config
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture
def shop(node_home: Path) -> None:
    make_site("tea", "RUB")


@pytest.fixture
def may_be_private(shop: None) -> Any:
    with node_config.overridden(fetch_private=True):
        yield


def source(url: str) -> Any:
    return make_source("Dealer", ["tea"], by="test", url=url, every_minutes=60)


def test_a_file_is_fetched_and_written_by_itself(may_be_private: Any, httpserver: Any) -> None:
    httpserver.expect_request("/old").respond_with_data(
        "", status=302, headers={"Location": httpserver.url_for("/prices.csv")}
    )
    httpserver.expect_request("/prices.csv").respond_with_data("sku,title,price\nT1,Sencha,10\n")
    source(httpserver.url_for("/old"))

    assert fetching.schedule_due() == 1
    run_due(["catalog"])

    run = ImportRun.objects.get()
    assert (run.state, run.by, run.counts) == ("done", "schedule", {"read": 1, "created": 1})
    assert Offer.objects.get().price == 1_000
    assert fetching.schedule_due() == 0  # not before its hour is over


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/x.csv", "lies in a private network"),
        ("http://localhost:9/x.csv", "lies in a private network"),
        ("http://[::1]:9/x.csv", "lies in a private network"),
        ("http://169.254.169.254/latest", "lies in a private network"),
        ("http://10.0.0.1/x.csv", "lies in a private network"),
        ("file:///etc/passwd", "only http and https"),
        ("gopher://example.com/", "only http and https"),
    ],
)
def test_our_own_network_is_not_looked_at(shop: None, url: str, why: str) -> None:
    run = fetching.fetch(source(url).pk)

    assert run is not None
    assert (run.state, why in run.error) == ("failed", True)


def test_a_redirect_into_our_network_is_refused_too(may_be_private: Any, httpserver: Any) -> None:
    httpserver.expect_request("/").respond_with_data("", status=302, headers={"Location": "file:///etc/passwd"})

    run = fetching.fetch(source(httpserver.url_for("/")).pk)

    assert run is not None
    assert "only http and https" in run.error


def test_a_file_that_says_it_is_too_large_is_not_read(
    may_be_private: Any, httpserver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_UPLOAD", 100)
    httpserver.expect_request("/").respond_with_data("x" * 101)

    run = fetching.fetch(source(httpserver.url_for("/")).pk)

    assert run is not None
    assert "the file is larger than" in run.error
