"""Rules of a site, and of those that hang under it."""

from __future__ import annotations

from typing import Any

import pytest

from central.catalog.actions import upsert_category
from central.catalog.tests.make import DATABASES, make_site
from central.cluster.errors import UnknownLanguage
from central.cluster.models import Site, SiteLanguage
from central.seo import topics  # noqa: F401 - registers them
from central.seo.errors import UnknownRecord
from central.seo.models import Rule
from central.seo.rules import set_rule, settle_all, standing
from sites.seo.patterns import BadPattern
from sites.seo.rules import EVERY, ROBOTS, kind_key, language_key, page_key, section_key
from sync.contracts.codec import unpack
from sync.contracts.documents import SeoDoc
from sync.store.central.models import Outbox
from sync.topics import StateTopic, topic_of

pytestmark = pytest.mark.django_db(databases=DATABASES)
PRODUCT = kind_key("product")


@pytest.fixture(autouse=True)
def shops(node_home: Any) -> None:
    make_site("tea")
    make_site("clay")
    Site.objects.filter(pk="clay").update(parent="tea")


def told(site: str) -> list[tuple[str, str]]:
    return list(Outbox.objects.using("catalog").filter(topic=f"seo:{site}").values_list("key", "op"))


def test_a_site_takes_what_it_has_not_from_the_one_above():
    set_rule("tea", PRODUCT, {"title": "{title} tea", "keywords": "{title}"})
    set_rule("clay", PRODUCT, {"title": "{title} clay"})

    assert standing("clay")[PRODUCT] == {"title": "{title} clay", "keywords": "{title}"}
    set_rule("clay", PRODUCT, {"title": ""})
    assert standing("clay")[PRODUCT]["title"] == "{title} tea"
    assert told("clay")


def test_what_proves_whose_a_site_is_is_not_inherited():
    set_rule("tea", kind_key(EVERY), {"google_verification": "abc", "author": "{shop}"})

    assert standing("clay")[kind_key(EVERY)] == {"author": "{shop}"}


def test_a_site_that_is_hung_elsewhere_follows_within_the_minute():
    set_rule("tea", PRODUCT, {"title": "{title} tea"})
    Site.objects.filter(pk="clay").update(parent=None)

    assert settle_all() == 1

    assert standing("clay")[PRODUCT] == {}
    assert told("clay")[-1] == (PRODUCT, "d")
    assert settle_all() == 0


def test_a_rule_reaches_the_edges_as_a_document_that_goes_when_it_is_empty():
    set_rule("tea", page_key("home"), {"title": "Own"})
    topic = topic_of("seo:tea")
    assert isinstance(topic, StateTopic)

    [(key, ver, body)] = topic.page("seo:tea", "", 10)

    assert unpack(body, SeoDoc) == SeoDoc(site="tea", key="page:home", fields={"title": "Own"})
    set_rule("tea", key, {"title": ""})
    assert topic.page("seo:tea", "", 10) == []
    assert topic.read("seo:tea", [key]) == {key: (ver + 1, None)}


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        (PRODUCT, {"title": "{prise}"}),
        (kind_key("category"), {"title": "{sku}"}),
        (kind_key(EVERY), {"title": "{brand}"}),
        (PRODUCT, {"canonical": "/x"}),
        (ROBOTS, {"extra": "Disalow: /"}),
    ],
)
def test_a_pattern_that_no_page_can_fill_is_refused_and_changes_nothing(key, fields):
    with pytest.raises(BadPattern):
        set_rule("tea", key, fields)

    assert not Rule.objects.exists()


def test_words_in_a_language_go_down_to_the_sites_below_and_hold_words_alone():
    english = language_key("en", PRODUCT)
    with pytest.raises(UnknownLanguage):
        set_rule("tea", english, {"title": "{title} tea"})
    SiteLanguage.objects.create(site_id="tea", code="en", name="English", path="/en")

    set_rule("tea", english, {"title": "{title} tea"})

    assert standing("clay")[english] == {"title": "{title} tea"}
    with pytest.raises(BadPattern):
        set_rule("tea", english, {"robots": "noindex"})
    Site.objects.filter(pk="clay").update(parent=None)
    assert settle_all() == 1
    assert standing("clay")[english] == {}


def test_a_section_has_rules_of_its_own_that_no_other_site_takes():
    key = section_key(upsert_category("tea", "Green").pk.hex, "product")

    set_rule("tea", key, {"title": "Green {title}"})

    assert standing("tea")[key] == {"title": "Green {title}"}
    assert key not in standing("clay")
    with pytest.raises(UnknownRecord):
        set_rule("clay", key, {"title": "Green {title}"})
    with pytest.raises(BadPattern):
        set_rule("tea", section_key(key.split(":")[1], "home"), {"alias": "{title}"})
