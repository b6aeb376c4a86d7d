"""What follows from an order, also when something is away or a worker is killed on the way."""

from __future__ import annotations

import email
import time
from datetime import timedelta
from email.policy import SMTP
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.utils import timezone

from central.cluster.models import Region, Site, SiteLanguage, SiteRegion
from central.orders import actions, receiving
from central.orders.mails import shop_address
from central.orders.models import Order
from central.orders.queries import _customer_of
from central.orders.tests.make import ANN, make_line, make_placed, realm_away
from central.orders.topics import _read
from central.payments.actions import settle_payment
from central.payments.models import Payment
from central.payments.providers import provider_named
from central.people.models import Customer, OrderContact
from central.stock.receipts import receive_stock
from infra.mail.errors import Unavailable
from infra.mail.file import FileGateway
from node.testing.away import away
from sync import events
from sync.contracts.codec import unpack
from sync.contracts.documents import OrderStateDoc
from sync.store.jobs import runner
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases=["default", "orders", "customers"])

REALMS = ("orders", "customers")


@pytest.fixture(autouse=True)
def site() -> None:
    Site.objects.create(
        id="tea", name="Чабрец", label="Чай", colour="#0b7285", origin="http://tea.localhost:8401", currency="RUB",
        theme="tea", language="ru", texts={"phone": "+7 000 000-00-09", "email": "shop@example.org"},
    )  # fmt: skip


def let_time_pass(realms: tuple[str, ...] = REALMS) -> None:
    past = timezone.now() - timedelta(hours=1)
    for realm in realms:
        Job.objects.using(realm).filter(state="queued").update(run_at=past)
        Job.objects.using(realm).filter(state="running").update(lease_until=past)


def jobs(realm: str = "orders", **wanted: Any) -> list[Job]:
    return list(Job.objects.using(realm).filter(**wanted))


def read(folder: Path) -> list[Any]:
    return [email.message_from_bytes(path.read_bytes(), policy=SMTP) for path in sorted(folder.glob("*.eml"))]


def test_an_order_gets_its_customer_and_the_shopper_a_mail(mails: Path) -> None:
    order = receiving.receive_order(make_placed(make_line(units=2)))

    events.run_due(REALMS)

    order.refresh_from_db()
    contact = OrderContact.objects.get(pk=order.pk)
    assert order.customer == contact.customer_id
    assert (contact.name, contact.phone, contact.address) == (ANN.name, ANN.phone, ANN.address)
    [mail] = read(mails)
    assert mail["To"].addresses[0].addr_spec == "anna@example.com"
    assert mail["From"].addresses[0].display_name == "Чабрец"
    assert str(mail["Reply-To"]) == "shop@example.org"
    assert str(mail["Subject"]) == f"Заказ {order.number} принят"
    text = mail.get_body(("plain",)).get_content()
    assert "Товар T-1 × 2" in text and ANN.state_url in text and "ждёт поступления" in text
    assert [change.kind for change in order.changes.all()] == ["mail", "customer", "received"]
    assert not jobs(state="queued") and not jobs("customers", state="queued")


def test_a_mail_speaks_as_the_shop_of_the_orders_language_and_region(mails: Path) -> None:
    SiteLanguage.objects.create(site_id="tea", code="en", name="English", path="/en", words={"name": "Thyme"})
    Region.objects.create(pk="msk", title="Moscow")
    SiteRegion.objects.create(
        site_id="tea", region_id="msk", path="/msk", phone="+7 000 000-00-77", email="msk@example.org"
    )

    order = receiving.receive_order(make_placed(language="en", region="msk"))
    events.run_due(REALMS)

    [mail] = read(mails)
    assert mail["From"].addresses[0].display_name == "Thyme"
    assert str(mail["Reply-To"]) == "msk@example.org"
    assert "+7 000 000-00-77" in mail.get_body(("plain",)).get_content()
    assert shop_address(order) == "http://tea.localhost:8401/en/msk"
    assert shop_address(Order(site="tea", language="de", region="spb")) == "http://tea.localhost:8401/"


def test_every_handler_may_run_twice(mails: Path) -> None:
    order = receiving.receive_order(make_placed(payment_provider="pretend_card"))
    events.run_due(REALMS)
    kinds = sorted(change.kind for change in order.changes.all())
    for realm in REALMS:
        Job.objects.using(realm).update(state="queued")

    events.run_due(REALMS)

    assert sorted(change.kind for change in order.changes.all()) == kinds
    assert (Customer.objects.count(), OrderContact.objects.count(), Payment.objects.count()) == (1, 1, 1)
    assert len(read(mails)) == 1


def test_customers_away_the_order_is_taken_and_the_customer_follows(mails: Path) -> None:
    with realm_away("customers"):
        order = receiving.receive_order(make_placed())
        for _ in range(20):
            let_time_pass(("orders",))
            events.run_due(["orders"])
        assert Order.objects.get().customer is None
        assert _customer_of(order)[0] == "away"
    [job] = jobs(handler="orders.match_customer")
    assert (job.state, job.last_error) == ("queued", "OperationalError")
    assert _customer_of(order)[0] == "coming"

    let_time_pass()
    events.run_due(REALMS)

    assert Order.objects.get().customer == Customer.objects.get().pk
    assert len(read(mails)) == 1


def test_a_worker_killed_between_commit_and_send_forgets_nothing(mails: Path) -> None:
    receiving.receive_order(make_placed())
    events.run_job("orders", jobs(handler="orders.match_customer")[0].pk)
    [mailing] = jobs("customers", handler="orders.mail_order_accepted")
    assert runner._claim("customers", mailing.pk) is not None  # a worker takes it, and is killed

    assert read(mails) == []
    let_time_pass()
    events.sweep("customers")
    events.run_due(REALMS)

    assert len(read(mails)) == 1
    mailing = Job.objects.using("customers").get(pk=mailing.pk)
    assert (mailing.state, mailing.attempts) == ("done", 2)


def test_a_worker_killed_after_the_send_sends_the_same_mail_again(mails: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    class DiesAfterSending(FileGateway):
        def send(self, mail: Any) -> str:
            sent.append(super().send(mail))
            if len(sent) == 1:
                raise Unavailable("the answer was lost")
            return sent[-1]

    monkeypatch.setattr("central.notices.actions.gateway", lambda: DiesAfterSending(mails))
    order = receiving.receive_order(make_placed())

    events.run_due(REALMS)
    let_time_pass()
    events.run_due(REALMS)

    assert len(sent) == 2 and len(set(sent)) == 1
    assert order.changes.filter(kind="mail").count() == 1


def test_a_mail_that_is_refused_is_not_tried_again(mails: Path) -> None:
    receiving.receive_order(make_placed(person=msgspec.structs.replace(ANN, email="no address")))

    events.run_due(REALMS)

    [job] = jobs("customers", handler="orders.mail_order_accepted")
    assert (job.state, job.last_error) == ("failed", "Refused: mail_refused")
    assert Order.objects.get().customer is not None


def test_without_an_address_nothing_is_sent(mails: Path) -> None:
    receiving.receive_order(make_placed(person=msgspec.structs.replace(ANN, email="")))

    events.run_due(REALMS)

    [job] = jobs("customers", handler="orders.mail_order_accepted")
    assert (job.state, job.result) == ("done", {"skipped": "no_email"})


def test_a_new_status_is_told_where_the_status_says_so(mails: Path) -> None:
    order = receiving.receive_order(make_placed())
    events.run_due(REALMS)
    for status in ("confirmed", "packed"):
        actions.change_status(order.pk, status, by="olga")

    events.run_due(REALMS)

    subjects = {str(mail["Subject"]) for mail in read(mails)}
    assert subjects == {f"Заказ {order.number} принят", f"Заказ {order.number}: Подтверждён"}


def test_a_status_mail_waits_for_the_customer(mails: Path) -> None:
    order = receiving.receive_order(make_placed())
    actions.change_status(order.pk, "confirmed", by="olga")
    events.run_job("orders", jobs(handler="orders.mail_status")[0].pk)
    [job] = jobs(handler="orders.mail_status")
    assert (job.state, job.last_error) == ("queued", "ContactNotYet: contact_not_yet")

    let_time_pass()
    events.run_due(REALMS)
    let_time_pass()
    events.run_due(REALMS)

    assert len(read(mails)) == 2


def test_a_page_to_pay_on_goes_down_with_the_orders_state(mails: Path) -> None:
    order = receiving.receive_order(make_placed(payment_provider="pretend_card"))
    events.run_due(REALMS)

    payment = Payment.objects.get()
    ver, body = _read("order_state:a", [order.pk.hex])[order.pk.hex]
    assert (payment.state, payment.amount, payment.order) == ("waiting", order.total, order.pk)
    assert unpack(body or b"", OrderStateDoc).pay_url == payment.pay_url != ""
    assert ver == Order.objects.get().ver > 1


def test_a_suspected_duplicate_is_not_charged(mails: Path) -> None:
    order = receiving.receive_order(make_placed(payment_provider="pretend_card"))
    Order.objects.filter(pk=order.pk).update(is_duplicate_suspect=True)

    events.run_due(REALMS)

    assert not Payment.objects.exists()


def test_an_order_that_came_late_gets_its_page_by_mail(mails: Path) -> None:
    placed_at = int((timezone.now() - timedelta(hours=2)).timestamp() * 1000)
    order = receiving.receive_order(make_placed(payment_provider="pretend_card", placed_at=placed_at))

    events.run_due(REALMS)
    let_time_pass()
    events.run_due(REALMS)

    [mail] = [mail for mail in read(mails) if str(mail["Subject"]) == f"Как оплатить заказ {order.number}"]
    assert Payment.objects.get().pay_url in mail.get_body(("plain",)).get_content()


def test_a_payment_says_so_in_the_history_once(mails: Path) -> None:
    order = receiving.receive_order(make_placed(payment_provider="pretend_card"))
    events.run_due(REALMS)
    card: Any = provider_named("pretend_card")
    callback = card.pay(Payment.objects.get().provider_ref, "4242 4242 4242 4242")

    for _ in range(3):
        settle_payment("pretend_card", callback)
    events.run_due(REALMS)

    became = [change.became["payment"] for change in order.changes.filter(kind="payment").order_by("at")]
    assert became == ["waiting", "paid"]
    assert Payment.objects.get().paid_at is not None


def test_units_that_were_waited_for_are_found(mails: Path) -> None:
    placed = make_placed(make_line(units=3))
    order = receiving.receive_order(placed)
    assert order.pending_units == 3

    receive_stock({UUID(placed.lines[0].variant): 5}, who="olga")
    events.run_due(REALMS)

    order.refresh_from_db()
    assert (order.pending_units, order.changes.filter(kind="stock").count()) == (0, 1)


@pytest.mark.slow
@pytest.mark.django_db(databases=["default", "orders", "customers"], transaction=True)
def test_with_the_database_of_customers_really_gone_orders_come_in_and_each_finds_its_customer_once(
    mails: Path,
) -> None:
    with away("customers"):
        orders = [receiving.receive_order(make_placed()) for _ in range(3)]
        began = time.monotonic()
        for _ in range(5):
            let_time_pass(("orders",))
            events.run_due(["orders"])
        assert time.monotonic() - began < 10  # nobody waits for a server that refuses
        assert Order.objects.filter(customer=None).count() == 3

    let_time_pass()
    events.run_due(REALMS)
    let_time_pass()
    events.run_due(REALMS)

    assert Order.objects.filter(customer=None).count() == 0
    assert Customer.objects.count() == 1  # one phone, one person
    assert OrderContact.objects.count() == 3
    assert [change.kind for change in orders[0].changes.all()].count("customer") == 1
    assert not jobs(state="failed") and not jobs(state="queued") and not jobs("customers", state="queued")
    assert len(read(mails)) == 3


def test_a_shopper_whose_goods_have_come_in_is_written_to_once(mails: Path) -> None:
    line, other = make_line(variant=UUID(int=5).hex, units=2), make_line(sku="T-2", variant=UUID(int=6).hex)
    order = receiving.receive_order(make_placed(line, other))
    events.run_due(REALMS)
    found = f"Заказ {order.number}: товар поступил"

    receive_stock({UUID(int=5): 2}, who="anna")
    events.run_due(REALMS)
    assert found not in [str(mail["Subject"]) for mail in read(mails)]
    assert [one.pending for one in order.lines.order_by("position")] == [0, 1]

    receive_stock({UUID(int=6): 5}, who="anna")
    events.run_due(REALMS)
    let_time_pass()
    events.run_due(REALMS)

    assert [str(mail["Subject"]) for mail in read(mails)].count(found) == 1
    assert Order.objects.get().pending_units == 0
    _ver, body = _read("order_state:a", [order.pk.hex])[order.pk.hex]
    assert unpack(body or b"", OrderStateDoc).pending_units == 0


def test_a_cancelled_order_that_waited_is_not_written_to_about_goods(mails: Path) -> None:
    order = receiving.receive_order(make_placed(make_line(variant=UUID(int=5).hex)))
    events.run_due(REALMS)

    actions.change_status(order.pk, "cancelled", by="anna")
    receive_stock({UUID(int=5): 2}, who="anna")
    events.run_due(REALMS)

    assert not [mail for mail in read(mails) if "товар поступил" in str(mail["Subject"])]
    assert Order.objects.get().pending_units == 0
