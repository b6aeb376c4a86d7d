"""The dialogue of a 1C, replayed byte by byte against central's own server."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from central.catalog.importing.sources import make_source
from central.catalog.models import Offer
from central.catalog.tests.exchange import import_xml, offers_xml
from central.exchange import actions
from central.exchange.models import ExchangeKey, HandOver
from central.orders.models import Order
from central.orders.tests.make import make_line
from central.ui.tests import cast
from sync.events import run_due

pytestmark = pytest.mark.django_db(
    databases=["default", "catalog", "orders", "customers", "work", "stats"], transaction=True
)

SCRIPT = Path(__file__).with_name("dialogue.txt")


@pytest.fixture
def key(node_home: Path) -> tuple[ExchangeKey, str]:
    cast.site("shoes")
    source = make_source("1C", ["shoes"], by="test")
    return actions.make_key("Warehouse", sites=["shoes"], source=source.pk, gives_people=False, by="test")


@pytest.fixture
def order(key: Any) -> Order:
    made = cast.order("shoes", number="SHOES-A-000001")
    Order.objects.update(changed_at=timezone.now() - timezone.timedelta(minutes=1))
    return made


def states(number: str, status: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="windows-1251"?><КоммерческаяИнформация ВерсияСхемы="2.07"><Документ>'
        f"<Номер>{number}</Номер><ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Статус заказа</Наименование>"
        f"<Значение>{status}</Значение></ЗначениеРеквизита></ЗначенияРеквизитов></Документ></КоммерческаяИнформация>"
    ).encode("windows-1251")


class OneC:
    """Speaks the script: a connection of its own, no cookie jar, nothing but what a 1C sends."""

    def __init__(self, server: str, login: str, password: str, files: dict[str, bytes]) -> None:
        self.server = server
        self.auth = "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()
        self.files = files
        self.cookie = ""
        self.said: list[bytes] = []

    def say(self, words: list[str]) -> bytes:
        method, path, *more = words
        headers = {"User-Agent": "1C+Enterprise/8.2", "Host": "central.localhost"}
        if "auth" in more:
            headers["Authorization"] = self.auth
        if "cookie" in more:
            headers["Cookie"] = self.cookie
        body = next((self._piece(self.files[name], more[-1]) for name in more if name in self.files), None)
        connection = HTTPConnection(self.server, timeout=20)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse().read()
        connection.close()
        self.said.append(answer)
        if "mode=checkauth" in path:
            _, name, value, *_ = answer.decode("ascii").split("\r\n")
            self.cookie = f"{name}={value}"
        return answer

    @staticmethod
    def _piece(data: bytes, part: str) -> bytes:
        first, _, last = part.partition("-")
        return data[len(data) * int(first) // 10 : len(data) * int(last) // 10]


def script() -> Iterator[tuple[list[str], bytes]]:
    lines = [line for line in SCRIPT.read_text("utf-8").splitlines() if line[:1] in ("<", ">")]
    for asked, answered in zip(lines[::2], lines[1::2], strict=True):
        yield asked[2:].split(), answered[2:].replace("\\r\\n", "\r\n").encode()


@pytest.mark.slow
def test_a_whole_exchange(key: Any, order: Order, live_server: Any) -> None:
    files = {
        "goods": import_xml(),
        "offers": offers_xml(),
        "states": states("SHOES-A-000001", "Подтверждён"),
    }
    one = OneC(live_server.url.partition("//")[2], key[0].login, key[1], files)

    for words, expected in script():
        answer = one.say(words)
        for _ in range(20):
            if "until" not in words or not answer.startswith(b"progress"):
                break
            run_due(["catalog"])
            answer = one.say(words)
        assert answer.startswith(expected), (words, answer[:300])

    assert Offer.objects.filter(site="shoes").count() == 3
    order.refresh_from_db()
    assert order.status_id == "confirmed"
    key[0].refresh_from_db()
    assert key[0].orders_taken_to is not None
    assert [(one.kind, one.count) for one in HandOver.objects.order_by("id")] == [
        ("goods", 1),
        ("goods", 1),
        ("orders", 1),
        ("states", 1),
    ]
    (handed,) = [said for said in one.said if said.startswith(b"<?xml")]
    text = handed.decode("windows-1251")
    assert "<Номер>SHOES-A-000001</Номер>" in text
    assert "Покупатель SHOES-A-000001" in text
    assert make_line("shoes", "SKU-shoes").title in text or "Goods of shoes" in text
