"""Fragments of screens are rendered once for what they show, and never shown to whom they are not meant for."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.template import engines
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from central.accounts.models import Profile
from central.accounts.roles import ADMIN, OPERATOR
from central.ui.scope import ALL, one_look, visible_sites
from central.ui.tests import cast
from infra.caching.node import node_cache, start_anew
from infra.caching.stores import store_of
from node.config import Cache, overridden
from node.places import ROOT

REALMS = ["default", "customers", "catalog", "orders", "work", "stats"]
pytestmark = pytest.mark.django_db(databases=REALMS)


def rendered(text: str, **values: object) -> str:
    return str(engines["django"].from_string(text).render(values))


def links(client) -> list[str]:
    page = client.get("/").content.decode()
    return re.findall(r'class="side-link".*?<span>(.*?)</span>', page)


def test_nothing_can_be_seen_inside_that_is_not_in_the_key():
    assert rendered("{% kept one=one %}{{ one }}{{ user }}{{ request }}{% endkept %}", one=1, user="Anna") == "1"


def test_another_value_or_language_is_another_fragment():
    text = engines["django"].from_string("{% kept one=one %}{{ one }} {% trans 'Home' %}{% endkept %}")

    said = []
    for language in ("en", "ru", "en"):
        with translation.override(language):
            said += [text.render({"one": "<a>"}), text.render({"one": "b"})]

    assert said[:2] == ["&lt;a&gt; Home", "b Home"]
    assert said[2:4] != said[:2]
    assert said[4:] == said[:2]


def test_what_does_not_say_what_it_is_kept_by_is_refused():
    with pytest.raises(AttributeError, match="kept_by"):
        rendered("{% kept one=one %}{{ one }}{% endkept %}", one=object())


def test_no_form_with_a_token_stands_inside():
    templates = [file.read_text() for file in (ROOT / "central").rglob("templates/**/*.html")]
    kept = [part for text in templates for part in re.findall(r"{% kept .*?{% endkept %}", text, re.S)]

    assert len(kept) >= 2
    assert not [part for part in kept if re.search(r"csrf|request|user|messages|{% now", part)]


def test_each_sees_the_side_bar_of_his_rights_whoever_asked_before(client):
    admin, operator = cast.staff("anna", ADMIN), cast.staff("otto", OPERATOR)

    seen = []
    for one in (admin, operator, admin):
        client.force_login(one)
        seen.append(links(client))

    start_anew()
    client.force_login(operator)
    assert seen[0] == seen[2]
    assert set(seen[1]) < set(seen[0])
    assert links(client) == seen[1]


def test_the_screen_one_is_on_is_marked(client):
    client.force_login(cast.staff("anna", ADMIN))

    for address in ("/nodes", "/staff", "/health", "/nodes"):
        assert re.findall(
            r'href="([^"]+)" class="side-link" aria-current="page"', client.get(address).content.decode()
        ) == [address]


def test_a_right_that_is_taken_is_gone_from_the_next_screen(client):
    operator = cast.staff("otto", OPERATOR)
    client.force_login(operator)
    before = links(client)

    operator.groups.clear()

    assert set(links(client)) < set(before)


def test_nothing_of_a_person_lies_in_a_store(client, tmp_path):
    anna = cast.staff("anna", ADMIN)
    User.objects.filter(pk=anna.pk).update(first_name="Annamaria", last_name="Zvezdochkina", email="az@example.com")
    client.force_login(anna)
    with overridden(cache=Cache(backend="files", folder=tmp_path)):
        pages = [client.get(address).content.decode() for address in ("/", "/staff", "/orders", "/health", "/profile")]
        bodies = [file.read_bytes() for file in tmp_path.rglob("*.kept")]

    tokens = set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', "".join(pages)))
    personal = [b"Annamaria", b"Zvezdochkina", b"az@example.com", client.session.session_key.encode()]
    assert bodies
    assert tokens
    assert not [word for word in [*personal, *map(str.encode, tokens)] if any(word in body for body in bodies)]


def test_a_screen_looks_once_which_sites_one_may_see(client):
    client.force_login(cast.staff("anna", ADMIN))
    client.get("/")

    with CaptureQueriesContext(connections["default"]) as asked:
        client.get("/")

    assert len([one for one in asked if "sees_all_sites" in one["sql"] and "LIMIT 1" in one["sql"]]) <= 2


def test_sites_are_read_anew_for_each_screen_and_for_each_person():
    anna, otto = cast.staff("anna", ADMIN), cast.staff("otto", OPERATOR)
    Profile.objects.filter(user=anna).update(sees_all_sites=True)
    Profile.objects.filter(user=otto).update(sees_all_sites=False)

    with one_look():
        seen = (visible_sites(anna), visible_sites(otto))
        Profile.objects.filter(user=anna).update(sees_all_sites=False)
        still = visible_sites(anna)

    assert seen == (ALL, frozenset())
    assert (still, visible_sites(anna)) == (ALL, frozenset())


def test_a_screen_stands_while_the_cache_is_away(client, tmp_path):
    file = tmp_path / "file"
    file.write_text("no folder")
    client.force_login(cast.staff("anna", ADMIN))

    with overridden(cache=Cache(backend="files", folder=file)):
        assert store_of(node_cache().settings) is not None
        assert client.get("/nodes").status_code == 200
        assert node_cache().error
