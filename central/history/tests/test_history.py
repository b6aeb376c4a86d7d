"""The database writes the history: of actions, update(), bulk and SQL alike, in the name of who acts, and for good."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.handlers.asgi import ASGIRequest
from django.db import IntegrityError, connection, connections, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from PIL import Image

from central.accounts.actions import give_sites, make_staff
from central.accounts.models import Profile, SiteRight
from central.accounts.scope import ALL
from central.catalog.actions import Goods, Unit, keep_picture, save_product
from central.catalog.editing import Words, edit_words, set_picture_alts, set_pictures
from central.catalog.models import Product
from central.cluster.actions import join_node
from central.cluster.tests.make import invite, make_request
from central.history import queries
from central.history.middleware import ActorMiddleware
from central.history.models import Change
from central.history.triggers import set_triggers
from central.orders.actions import edit_order
from central.orders.models import Order
from central.people.actions import change_customer, erase_customer, match_or_make_customer
from central.people.merging import merge_customers
from central.people.models import Customer
from central.ui import actors
from central.ui.actors import shopper
from central.ui.tests import cast
from central.ui.watching import Watch, watches
from infra.http.address import behind_proxies
from node import config as node_config
from node.acting import Actor, acting, current
from node.realms import CATALOG, CENTRAL_REALMS, CLUSTER, CUSTOMERS, alias_of, atomic
from sync.contracts.orders import Person

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])

ADA = Actor("ada", address="198.51.100.7", request="r1")


@pytest.fixture
def olga() -> User:
    return make_staff("olga", cast.PASSWORD, role="operator", sites=["tea"], email="olga@example.com")


def customer_called(name: str) -> Customer:
    person = Person(name=name, phone=f"+7000{len(name):07d}", email=f"{name.lower()}@example.com", language="en")
    return match_or_make_customer(uuid4(), person, site="tea", site_label="Tea")


def product_at(site: str) -> UUID:
    return save_product(
        site, Goods(title="Чай", units=[Unit(sku="T-1", price=100)], pictures=[a_picture(0)]), by="test"
    )


def a_picture(number: int) -> str:
    data = BytesIO()
    Image.new("RGB", (2 + number, 2)).save(data, "PNG")
    return keep_picture(data.getvalue())


def last(kind: str = "auth.user") -> Change:
    return Change.objects.using("default").filter(kind=kind).latest("pk")


def count() -> int:
    return Change.objects.using("default").count()


def test_a_change_says_what_was_what_became_and_who(olga: User) -> None:
    with acting(ADA), atomic(CLUSTER):
        User.objects.filter(pk=olga.pk).update(last_name="Nova")

    change = last()
    assert (change.op, change.key, change.record_kind) == ("U", str(olga.pk), "auth.user")
    assert (change.before, change.after) == ({"last_name": ""}, {"last_name": "Nova"})
    assert (change.who, change.address, change.request, change.as_whom) == ("ada", "198.51.100.7", "r1", "")


def test_bulk_writes_and_sql_by_hand_are_caught(olga: User) -> None:
    SiteRight.objects.bulk_create(SiteRight(user=olga, site=site) for site in ("clay", "ink"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET first_name = 'By hand' WHERE id = %s", [olga.pk])
    SiteRight.objects.filter(site="tea").delete()

    changes = Change.objects.using("default").filter(record_key=str(olga.pk)).order_by("-pk")[:4]
    assert [(change.kind, change.op, change.before, change.after) for change in reversed(changes)] == [
        ("accounts.siteright", "I", {}, {"site": "clay"}),
        ("accounts.siteright", "I", {}, {"site": "ink"}),
        ("auth.user", "U", {"first_name": olga.first_name}, {"first_name": "By hand"}),
        ("accounts.siteright", "D", {"site": "tea"}, {}),
    ]


def test_nobody_named_is_nobody(olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(last_name="Nova")

    assert last().who == ""


def test_what_is_written_again_alike_is_no_change(olga: User) -> None:
    before = count()

    olga.save()
    User.objects.filter(pk=olga.pk).update(last_login=None)

    assert count() == before


def test_a_personal_value_is_never_kept(olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(email="new@example.org", password="x")

    assert last().after == {"email": "•", "password": "•"}
    assert not Change.objects.using("default").extra(where=["after::text LIKE '%%example.%%'"]).exists()


def test_history_cannot_be_changed(olga: User) -> None:
    for change in ("UPDATE history_change SET who = 'eve'", "DELETE FROM history_change"):
        with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic(), connection.cursor() as at:
            at.execute(change)


def test_a_rolled_back_change_leaves_no_history(olga: User) -> None:
    before = count()

    with pytest.raises(ZeroDivisionError), atomic(CLUSTER):
        User.objects.filter(pk=olga.pk).update(last_name="Nova")
        raise ZeroDivisionError

    assert count() == before


def test_every_realm_has_its_own_history() -> None:
    for realm in CENTRAL_REALMS:
        assert Change.objects.using(alias_of(realm)).count() >= 0


# --- chains --------------------------------------------------------------------------------------------------------


def forge(sql: str, *values: Any) -> None:
    """As somebody who may switch the guard off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE history_change DISABLE TRIGGER history_stands")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE history_change ENABLE TRIGGER history_stands")


def broken() -> list[int]:
    return [change for change, _kind, _key in queries.check_chains([CLUSTER])[0].broken]


def test_chains_are_whole(olga: User) -> None:
    for name in ("Nova", "Novik", "Nova"):
        User.objects.filter(pk=olga.pk).update(last_name=name)

    assert broken() == []
    assert bytes(last().prev_hash) != b""


def test_an_altered_change_is_found(olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(last_name="Nova")
    one = last()

    forge("UPDATE history_change SET who = 'eve' WHERE id = %s", one.pk)

    assert broken() == [one.pk]


def test_a_change_taken_out_of_the_middle_is_found(olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(last_name="Nova")
    one = last()
    User.objects.filter(pk=olga.pk).update(last_name="Novik")

    forge("DELETE FROM history_change WHERE id = %s", one.pk)

    assert broken() == [last().pk]


def test_changes_cut_off_at_the_end_show_by_a_head_kept_elsewhere(olga: User) -> None:
    User.objects.filter(pk=olga.pk).update(last_name="Nova")
    kept = queries.check_chains([CLUSTER])[0]

    forge("DELETE FROM history_change WHERE id = %s", last().pk)

    now = queries.check_chains([CLUSTER])[0]
    assert now.broken == []
    assert (now.head, now.changes) != (kept.head, kept.changes)


# --- forgetting ----------------------------------------------------------------------------------------------------


def test_a_forgotten_customer_opens_no_more_and_the_chain_stays_whole(node_home: Any) -> None:
    customer = customer_called("Adelaida")
    change_customer(customer.pk, {"name": "Adelaida N.", "phone": "+70000000077"}, by="olga")

    erase_customer(customer.pk)

    assert queries.check_chains([CUSTOMERS])[0].broken == []
    with connections[alias_of(CUSTOMERS)].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM history_change WHERE before::text || after::text LIKE '%%x01%%'")
        assert cursor.fetchone() == (0,)
    entries = queries.of_record(cast.staff("ada", "admin"), customer).entries
    assert "Adelaida" not in str(entries) and "forgotten" in str(entries)
    assert entries[-1].who == "olga"


def test_forgetting_is_the_one_change_the_history_lets_through(node_home: Any) -> None:
    customer = customer_called("Adelaida")
    change_customer(customer.pk, {"name": "Adelaida N."}, by="olga")

    for change in ("before = history_sealed(before), who = 'eve'", "before = '{}'", 'after = \'{"name": "#0"}\''):
        with (
            pytest.raises(IntegrityError, match="cannot be changed"),
            transaction.atomic(CUSTOMERS),
            connections[CUSTOMERS].cursor() as at,
        ):
            at.execute(f"UPDATE history_change SET {change}")


def test_a_merged_customer_brings_his_history_along(node_home: Any) -> None:
    gone, kept = customer_called("Boris"), customer_called("Anna")
    change_customer(gone.pk, {"address": "Lane 1"}, by=shopper(gone.pk))

    with acting(Actor("olga")):
        merge_customers(gone.pk, kept.pk)

    entries = queries.of_record(cast.staff("ada", "admin"), kept).entries
    told = [(entry.who, row.title, row.became) for entry in entries for row in entry.rows]
    assert told[-1] == ("the shopper", "Address", "Lane 1")
    assert set(told[:-1]) == {("olga", "Is one person with", "Anna"), ("olga", "Address", "Lane 1")}


def test_an_order_that_says_nothing_new_of_its_customer_is_no_change(node_home: Any) -> None:
    customer = customer_called("Anna")
    person = Person(name="Anna", phone=customer.phone, email=customer.email, language="en")

    match_or_make_customer(uuid4(), person, site="tea", site_label="Tea")

    assert not Change.objects.using(CUSTOMERS).filter(key=str(customer.pk)).exists()


# --- goods ---------------------------------------------------------------------------------------------------------


def test_pictures_and_words_in_the_other_language_are_kept(node_home: Any) -> None:
    cast.site("tea")
    product = product_at("tea")
    one, two, three = (a_picture(number) for number in range(3))
    set_pictures(product, [one, two], by="olga")
    before = Change.objects.using(CATALOG).count()

    with acting(Actor("olga", request="r2")):
        set_pictures(product, [two, three], by="olga")
        set_picture_alts(product, two, {"en": "A cup"}, by="olga")
        edit_words("tea", product, Words("Чай"), {"en": Words("Tea")}, by="olga")

    rows = Change.objects.using(CATALOG).filter(request="r2").order_by("pk")
    assert [(row.kind.removeprefix("catalog."), row.op, row.before, row.after) for row in rows][:4] == [
        ("productpicture", "D", {"media_id": one, "position": 0}, {}),
        ("productpicture", "U", {"position": 1}, {"position": 0}),
        ("productpicture", "I", {}, {"media_id": three, "position": 1}),
        ("picturealt", "I", {}, {"alt": "A cup"}),
    ]
    entry = queries.of_record(cast.staff("ada", "admin"), Product.objects.get(pk=product)).entries[0]
    assert ("Title en", "", "Tea") in [(str(row.title), row.was, row.became) for row in entry.rows]
    assert before == 1  # the picture the product came with is no change, the one that was added is


def test_words_of_a_site_one_may_not_see_stay_out_of_a_shared_products_history(node_home: Any) -> None:
    cast.site("tea")
    product = product_at("tea")
    edit_words("tea", product, Words("Чай"), {"en": Words("Hush hush")}, by="olga")

    shared = Product.objects.get(pk=product)
    assert "Hush" not in str(queries.of_record(cast.staff("far", "manager", sites=["ink"]), shared))
    assert "Hush" in str(queries.of_record(cast.staff("near", "manager", sites=["tea"]), shared))


# --- who acts ------------------------------------------------------------------------------------------------------


def test_an_inner_transaction_tells_nothing_again() -> None:
    with CaptureQueriesContext(connection) as asked, acting(ADA), atomic(CLUSTER), atomic(CLUSTER):
        Profile.objects.filter(pk=0).first()

    assert sum("set_config" in query["sql"] for query in asked.captured_queries) == 1


def test_nobody_acting_costs_no_question(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0), atomic("orders"):
        assert current() is None


def test_a_screen_acts_in_the_name_of_who_is_signed_in(olga: User) -> None:
    answer = cast.signed_in(olga).post("/theme", {"theme": "dark"}, REMOTE_ADDR="203.0.113.9")

    change = last("accounts.profile")
    assert (change.who, change.address, change.after) == ("olga", "203.0.113.9", {"theme": "dark"})
    assert change.request == answer["X-Request-Id"] != ""
    assert current() is None


@pytest.mark.parametrize(("trusted", "kept"), [([], "10.0.0.2"), (["10.0.0.0/8"], "203.0.113.9")])
def test_a_proxy_is_believed_only_where_it_is_ours(olga: User, trusted: list[str], kept: str) -> None:
    seen: list[Any] = []

    async def site(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope)

    def screen(request: Any) -> HttpResponse:
        seen.append(current())
        return HttpResponse()

    forwarded = (b"x-forwarded-for", b"198.51.100.1, 203.0.113.9")
    scope = {"type": "http", "method": "POST", "path": "/", "scheme": "http", "client": ("10.0.0.2", 1)}
    with node_config.overridden(trusted_proxies=trusted):
        async_to_sync(behind_proxies(site))({**scope, "headers": [forwarded]}, None, None)  # as central/asgi.py does
    request = ASGIRequest(seen[0], BytesIO())
    request.user, request.COOKIES = olga, {settings.SESSION_COOKIE_NAME: "s"}
    ActorMiddleware(screen)(request)

    assert (seen[1].who, seen[1].address) == ("olga", kept)


def test_an_edge_joins_in_its_own_name(node_home: Any) -> None:
    cast.site("tea")

    join_node(make_request(invite("a")))

    change = last("cluster.node")
    assert (change.who, change.after["state"]) == ("edge:a", "joined")


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("olga", "olga"),
        ("edge:a", "node a"),
        ("shopper:0190", "the shopper"),
        ("key:ab12", "API key ab12"),
        ("job:stock", "Rialto"),
        ("cli:root", "root, by command"),
        ("", ""),
    ],
)
def test_who_acted_is_said_in_words(who: str, words: str) -> None:
    assert actors.in_words(who) == words


def test_a_job_acts_in_its_own_name() -> None:
    from sync.store.jobs import registry, runner

    seen: list[Any] = []
    registry.load()
    registry._handlers["test.who"] = registry.Handler("test.who", lambda payload, run: seen.append(current()), 1, 60)
    try:
        runner.run_job(CLUSTER, runner.put("test.who", b"", realm=CLUSTER))
    finally:
        del registry._handlers["test.who"]

    assert seen == [Actor("job:test.who")]


# --- triggers ------------------------------------------------------------------------------------------------------


def _triggers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'history\\_of\\_%%'")
        return {name for (name,) in cursor.fetchall()}


def test_what_is_no_longer_watched_loses_its_triggers_and_what_is_watched_otherwise_gets_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = _triggers()
    wishes = dict(watches())
    monkeypatch.setattr("central.history.triggers.watches", lambda: wishes)
    del wishes["auth.group"]
    wishes["accounts.siteright"] = Watch(SiteRight, "x", "see_staff", fields=("user", "site"))

    set_triggers("default")

    after = _triggers()
    assert len(before - after) == 4 and len(after - before) == 2
    Group.objects.create(name="quiet")
    assert not Change.objects.using("default").filter(kind="auth.group", after={"name": "quiet"}).exists()


def test_triggers_that_are_right_are_left_alone(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(2):  # which tables and which triggers there are
        set_triggers("default")


# --- reading -------------------------------------------------------------------------------------------------------


def test_by_record_one_request_is_one_entry_with_the_rows_of_all_its_tables(olga: User) -> None:
    ada = cast.staff("ada", "admin")
    with acting(ADA), atomic(CLUSTER):
        User.objects.filter(pk=olga.pk).update(last_name="Nova", email="new@example.org")
        give_sites(olga, ["clay"])

    entry = queries.of_record(ada, olga).entries[0]

    assert (entry.who, entry.title, entry.request) == ("ada", "Changed", "r1")
    assert {(row.title, row.was, row.became) for row in entry.rows} == {
        ("Last name", "", "Nova"),
        ("E-mail", "", "changed; what it says is not kept"),
        ("Site", "tea", ""),
        ("Site", "", "clay"),
    }


def test_by_record_pages_lose_nothing(olga: User) -> None:
    for number in range(5):
        with acting(Actor("ada", request=f"r{number}")), atomic(CLUSTER):
            User.objects.filter(pk=olga.pk).update(last_name=str(number))
    ada = cast.staff("ada", "admin")

    first = queries.of_record(ada, olga, limit=3)
    second = queries.of_record(ada, olga, limit=100, older_than=first.older)

    names = [
        row.became for page in (first, second) for one in page.entries for row in one.rows if row.title == "Last name"
    ]
    assert names[:5] == ["4", "3", "2", "1", "0"]


def test_by_person_only_what_the_reader_may_see(olga: User) -> None:
    vera, ada = cast.staff("vera", "viewer"), cast.staff("ada", "admin", sites=ALL)
    with acting(Actor("olga")), atomic(CLUSTER):
        User.objects.filter(pk=olga.pk).update(last_name="Nova")

    assert (queries.of_person(vera, "olga").entries, queries.of_person(vera, "olga").hidden) == ([], 1)
    entry = queries.of_person(ada, "olga").entries[0]
    assert (entry.what, entry.title) == ("Member of staff olga", "Changed")


def test_an_encrypted_column_stays_ciphertext_and_is_opened_for_who_may_see_people(node_home: Any) -> None:
    cast.site("tea")
    order = cast.order("tea")
    with acting(Actor("olga")):
        for note in ("call Anna", "call Anna again"):
            order = edit_order(order.pk, note=note, by="olga")
    again = Order.objects.get(pk=order.pk)
    again.note = str(again.note)  # another ciphertext of the same words
    again.save(update_fields=["note"])

    kept = [str(one.after) for one in Change.objects.using("orders").filter(key=str(order.pk))]
    assert len(kept) == 3 and not any("Anna" in one for one in kept)
    sees, sees_not = cast.staff("mark", "manager"), cast.staff("vera", "viewer")
    rows = [row for entry in queries.of_record(sees, order).entries for row in entry.rows]
    assert sorted((row.title, row.was, row.became) for row in rows) == [
        ("Staff comment", "", "call Anna"),
        ("Staff comment", "call Anna", "call Anna again"),
    ]
    assert "Anna" not in str(queries.of_record(sees_not, order))


def test_a_reader_limited_to_sites_reads_of_no_other_site(olga: User) -> None:
    near = cast.staff("near", "manager", sites=["tea"])
    give_sites(olga, ["tea", "hush"])
    with acting(Actor("olga")), atomic(CLUSTER):
        User.objects.filter(pk=olga.pk).update(last_name="Nova")

    assert "hush" not in str(queries.of_record(near, olga).entries)
    assert queries.of_record(near, olga).hidden == 1
    assert (queries.of_person(near, "olga").entries, queries.of_person(near, "olga").hidden) == ([], 1)
