"""The database writes the history: of actions, update(), bulk and SQL alike, in the name of who acts, and for good."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from central.accounts.actions import give_sites, make_staff
from central.accounts.models import Profile, SiteRight
from central.accounts.scope import ALL
from central.history import queries
from central.history.models import Change
from central.history.triggers import set_triggers
from central.orders.actions import edit_order
from central.orders.models import Order
from central.ui.tests import cast
from central.ui.watching import Watch, watches
from node.acting import Actor, acting, current
from node.realms import CENTRAL_REALMS, CLUSTER, alias_of, atomic

pytestmark = pytest.mark.django_db(databases=[alias_of(realm) for realm in CENTRAL_REALMS])

ADA = Actor("ada", address="198.51.100.7", request="r1")


@pytest.fixture
def olga() -> User:
    return make_staff("olga", cast.PASSWORD, role="operator", sites=["tea"], email="olga@example.com")


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
    Order.objects.filter(pk=order.pk).update(note="call Anna again")  # another ciphertext of the same words

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
