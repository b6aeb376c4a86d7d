"""The purge service beside an nginx: who may use it, and that it finds every copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.cdn.tests.proxy import HOST, KEY, NGINX, Proxy

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here")


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with Proxy().running(tmp_path) as running:
        yield running


def purge(proxy: Proxy, kind: str, *items: str, key: str = KEY) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{proxy.base_url}/purge", json={"kind": kind, "items": list(items)}, headers=headers)


def test_every_encoding_of_an_address_is_purged(proxy: Proxy) -> None:
    for encoding in ("identity", "gzip", "gzip, br"):
        assert proxy.get("/p/a?x=1", encoding=encoding).headers["x-cache"] == "MISS"
        assert proxy.get("/p/a?x=1", encoding=encoding).headers["x-cache"] == "HIT"

    assert purge(proxy, "urls", f"http://{HOST}/p/a?x=1").json() == {"removed": 3}

    proxy.say["/p/a?x=1"] = "new"
    assert [proxy.get("/p/a?x=1", encoding=one).text for one in ("identity", "gzip", "gzip, br")] == [
        "new ", "new gzip", "new br",
    ]  # fmt: skip


def test_a_shoppers_own_pages_are_never_stored(proxy: Proxy) -> None:
    for path in ("/cart", "/_r/session", "/order/x", "/checkout", "/account"):
        assert "x-cache" not in proxy.get(path).headers
    assert not [file for file in proxy.cache.rglob("*") if file.is_file()]


def test_a_wrong_key_purges_nothing(proxy: Proxy) -> None:
    proxy.get("/p/a")

    assert purge(proxy, "everything", key="wrong").status_code == 401
    assert httpx.post(f"{proxy.base_url}/purge", json={"kind": "everything", "items": []}).status_code == 401
    assert proxy.get("/p/a").headers["x-cache"] == "HIT"


@pytest.mark.parametrize("items", [["/p/a"], ["ftp://tea.example/a"], ["http:///etc/passwd"]])
def test_what_is_no_address_is_refused(proxy: Proxy, items: list[str]) -> None:
    assert purge(proxy, "urls", *items).status_code == 400
    assert purge(proxy, "files", *items).status_code == 400


def test_a_body_that_is_no_purge_is_refused(proxy: Proxy) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    for body in (b"", b"[]", b"{", b'{"kind": "urls", "items": "x"}'):
        assert httpx.post(f"{proxy.base_url}/purge", content=body, headers=headers).status_code == 400
