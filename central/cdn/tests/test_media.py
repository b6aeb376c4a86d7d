"""Hosts of files: the first living one of a region is what edges are told, and a dead one is left out."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from central.cdn import media
from central.cdn.errors import BadCdn
from central.cdn.media import Origin
from central.cdn.models import MediaOrigin, Zone
from central.cluster.documents import site_doc
from central.cluster.models import Site
from central.ui.tests import cast
from sync.contracts.documents import MediaDoc

pytestmark = pytest.mark.django_db(databases=["default", "customers", "catalog", "orders", "work", "stats"])
NEAR, FAR, EU = "https://near.example", "https://far.example", "https://eu.example"


def told() -> MediaDoc:
    return site_doc(Site.objects.get(pk="tea")).media


def look(*dead: str) -> list[str]:
    return media.look_at_all(lambda url: "timeout" if url in dead else "")


@pytest.fixture
def hosts(shops: Zone) -> None:
    media.set_host(
        "tea", origins=[Origin("", NEAR), Origin("", FAR), Origin("eu", EU)], types=["webp"], sections=["/p/"]
    )


def test_the_first_of_each_region_is_named(hosts: None) -> None:
    assert told() == MediaDoc(origins={"": NEAR, "eu": EU}, types=["webp"], sections=["/p/"])


def test_a_dead_one_is_left_out_after_two_looks_and_comes_back_after_two(hosts: None) -> None:
    assert look(NEAR, EU) == []
    assert look(NEAR, EU) == ["tea"]
    assert told().origins == {"": FAR}
    assert look() == []
    assert look() == ["tea"]
    assert told().origins == {"": NEAR, "eu": EU}


def test_one_failed_look_changes_nothing(hosts: None) -> None:
    ver = Site.objects.get(pk="tea").ver
    for _ in range(5):
        assert look(NEAR) == []
        assert look() == []
    assert Site.objects.get(pk="tea").ver == ver


def test_with_all_of_them_dead_the_shop_serves_itself(hosts: None) -> None:
    look(NEAR, FAR, EU)
    look(NEAR, FAR, EU)

    assert told().origins == {}


@pytest.mark.parametrize(
    "url", ["cdn.tea.example", "ftp://cdn.example", "https://cdn.example/path", "https://a.example; script-src *"]
)
def test_what_is_no_host_is_refused(shops: Zone, url: str) -> None:
    with pytest.raises(BadCdn):
        media.set_host("tea", origins=[Origin("", url)], types=[], sections=[])


class _Origin(BaseHTTPRequestHandler):
    status = 200

    def do_HEAD(self) -> None:
        self.send_response(self.status if self.path.startswith("/static/") else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Origin)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_host_is_asked_for_a_file_every_shop_has(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert media.ask(origin) == ""
    monkeypatch.setattr(_Origin, "status", 503)
    assert media.ask(origin) == "503"
    assert media.ask("http://127.0.0.1:1") == "no_answer"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("503", "Left out: it answers 503"),
        ("timeout", "Left out: it does not answer in time"),
        ("unknown_host", "Left out: its name is not found"),
        ("no_answer", "Left out: it gives no answer"),
    ],
)
def test_the_list_says_in_words_why_a_host_is_left_out(hosts: None, error: str, said: str) -> None:
    MediaOrigin.objects.filter(url=NEAR).update(is_up=False, checked_at=timezone.now(), error=error)
    boss: Any = cast.signed_in(cast.staff("boss", "admin"))

    page = boss.get(reverse("cdn-media")).content.decode()

    assert f"{said}<" in page


def test_hosts_are_set_and_changed_on_the_desk(shops: Zone) -> None:
    boss: Any = cast.signed_in(cast.staff("boss", "admin"))
    said = {"site": "tea", "origins": f"{NEAR}\neu {EU}", "types": ".webp jpg", "pages": "/p/"}

    boss.post(reverse("cdn-media-new"), said)
    assert told() == MediaDoc(origins={"": NEAR, "eu": EU}, types=["jpg", "webp"], sections=["/p/"])
    assert NEAR in boss.get(reverse("cdn-media")).content.decode()
    assert f"eu {EU}" in boss.get(reverse("cdn-media-edit", args=["tea"])).content.decode()

    boss.post(reverse("cdn-media-edit", args=["tea"]), {"site": "tea", "origins": "", "types": "", "pages": ""})
    assert told() == MediaDoc()
    assert not MediaOrigin.objects.exists()
