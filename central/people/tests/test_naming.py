"""Who is meant by what somebody typed; and saved views that look for an erased client go with him."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import uuid4

import pytest

from central.people.actions import erase_customer, match_or_make_customer
from central.people.merging import merge_customers
from central.people.models import Customer
from central.people.naming import Naming
from central.ui.lists.actions import save_view
from central.ui.models import SavedView
from central.ui.tests import cast
from node.realms import CENTRAL_REALMS, alias_of
from sync.contracts.orders import Person
from sync.events import run_due

HIS = Naming.of([Customer(name="Пётр Иванов-Младший", phone="+79990427613", email="petr@ivanov.example")])


@pytest.mark.parametrize(
    "text",
    [
        "+79990427613", "8 (999) 042-76-13", "9990427613", "звонил 8-999-042-76-13 вчера",
        "petr@ivanov.example", "Petr@Ivanov.Example ", "писал с petr@ivanov.example",
        "ИВАНОВ-МЛАДШИЙ петр", "заказ: Петр Иванов-Младший",
    ],
)  # fmt: skip
def test_a_phone_an_e_mail_or_the_whole_name_tell_who_he_is(text: str) -> None:
    assert HIS.tells(text) and HIS.looks_for(text)


@pytest.mark.parametrize("text", ["иванов", "Петр", "младший  Иванов"])
def test_a_word_of_his_name_is_him_where_somebody_is_searched_for(text: str) -> None:
    assert HIS.looks_for(text) and not HIS.tells(text)


@pytest.mark.parametrize("text", ["", " ", "—", "Иванова", "петр 2024", "TEA-A-000042", "0427613", "@ivanov.example"])
def test_what_tells_nothing_of_him_stays(text: str) -> None:
    assert not HIS.tells(text) and not HIS.looks_for(text)


def test_of_a_client_who_gave_nothing_no_text_speaks() -> None:
    nobody = Naming.of([Customer(name="", phone="", email="")])

    assert not nobody.looks_for("") and not nobody.looks_for("Иванов") and not nobody.tells("+7 999")


@pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])
def test_saved_views_that_look_for_an_erased_client_go_whoever_they_are_of() -> None:
    cast.site("tea")
    ada, olga = cast.staff("ada", "admin"), cast.staff("olga", "operator")
    petr = Person(name="Пётр Иванов", phone="+79990427613", email="petr@ivanov.example", language="ru")
    elsewhere = Person(name="Piotr Ivanov", phone="+79990000001", email="", language="en")
    customer, twin = (
        match_or_make_customer(uuid4(), person, site="tea", site_label="Tea") for person in (petr, elsewhere)
    )
    merge_customers(twin.pk, customer.pk, by="ada")

    def view(title: str, **filters: str) -> None:
        whose = olga if "olga" in title else ada
        save_view(whose, "orders", title=title, query=urlencode(filters), columns=[], is_shared=False)

    view("phone", q="8 999 042 76 13", status="new")
    view("olga: mail", q="PETR@ivanov.example")
    view("surname", person="иванов")
    view("of the merged one", q="ivanov")
    view("Пётр Иванов, долги", status="new")
    view("other phone", q="8 999 042 76 14")
    view("goods", q="улун")
    view("Петр", site="tea")

    erase_customer(customer.pk, by="ada")
    run_due()

    assert {one.title for one in SavedView.objects.all()} == {"other phone", "goods", "Петр"}
    run_due()
    assert SavedView.objects.count() == 3
