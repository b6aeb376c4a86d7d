"""What benches put in front of a shop: a pretended Cloudflare that empties a real cache."""

from __future__ import annotations

import pytest

from infra.cdn.agent import Cache
from infra.cdn.protocol import Access, Batch, Unavailable
from infra.cdn.registry import cdn
from infra.cdn.tests.pretend import KEY
from infra.cdn.tests.standin import NAME, ZONE, OverNginx


@pytest.fixture
def service(tmp_path):
    with OverNginx(zones={ZONE: NAME}, folder=tmp_path).serving() as running:
        yield running


def test_a_purge_removes_the_copies_of_that_host_and_no_other(service, tmp_path):
    gone, kept = (_copy(tmp_path, f"http://{shop}.localhost/p/one") for shop in ("tea", "clay"))

    cdn("cloudflare", Access(KEY, service.base_url)).purge(ZONE, Batch("hosts", ("tea.localhost",)))

    assert (gone.exists(), kept.exists()) == (False, True)


def test_a_refused_purge_removes_nothing(service, tmp_path):
    kept, ours = _copy(tmp_path, "http://tea.localhost/p/one"), cdn("cloudflare", Access(KEY, service.base_url))
    service.fail_with = 429

    with pytest.raises(Unavailable):
        ours.purge(ZONE, Batch("hosts", ("tea.localhost",)))

    assert kept.exists()


def _copy(folder, url):
    file = Cache(folder).file_of(url)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(f"head\nKEY: {url} \nHTTP/1.1 200 OK\r\n\r\nbody".encode())
    return file
