"""Files fetched by schedule: only from where anybody may look."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from werkzeug import Response

from central.catalog.importing import fetching, runs
from central.catalog.importing.models import ImportRun, ImportSource
from central.catalog.importing.sources import make_source
from central.catalog.models import Offer
from central.catalog.tests.make import DATABASES, make_site
from node import config as node_config
from node.realms import CATALOG
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
        ("ftp://127.0.0.1:9/x.csv", "lies in a private network"),
        ("ftps://localhost:9/x.csv", "lies in a private network"),
        ("file:///etc/passwd", "only http, https, ftp"),
        ("gopher://example.com/", "only http, https, ftp"),
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
    assert "only http, https, ftp" in run.error


def test_a_file_that_says_it_is_too_large_is_not_read(
    may_be_private: Any, httpserver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_UPLOAD", 100)
    httpserver.expect_request("/").respond_with_data("x" * 101)

    run = fetching.fetch(source(httpserver.url_for("/")).pk)

    assert run is not None
    assert "the file is larger than" in run.error


def test_a_login_in_an_address_goes_where_it_is_kept_encrypted_and_only_to_its_own_host(
    may_be_private: Any, httpserver: Any, make_httpserver: Any
) -> None:
    got = []
    httpserver.expect_request("/old").respond_with_data(
        "", status=302, headers={"Location": make_httpserver.url_for("/x.csv").replace("localhost", "127.0.0.1")}
    )

    def answer(request: Any) -> Any:
        got.append(request.headers.get("Authorization"))
        return Response("sku,title,price\nT1,Sencha,10\n")

    make_httpserver.expect_request("/x.csv").respond_with_handler(answer)
    made = source(httpserver.url_for("/old").replace("http://", "http://dealer:s3cret@"))

    run = fetching.fetch(made.pk)

    assert run is not None
    assert (run.error, got) == ("", [None])
    seen = httpserver.log[0][0].headers["Authorization"]
    assert base64.b64decode(seen.removeprefix("Basic ")) == b"dealer:s3cret"
    assert ImportSource.objects.get().url == httpserver.url_for("/old")
    assert b"s3cret" not in stored(made)


def stored(source: Any) -> bytes:
    """The source's row as it lies in the database."""
    with connections[CATALOG].cursor() as cursor:
        cursor.execute("SELECT * FROM catalog_importsource WHERE id = %s", [source.pk])
        return b"|".join(
            bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in cursor.fetchone()
        )
