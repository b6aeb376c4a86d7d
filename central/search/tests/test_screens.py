"""The screens of search, as staff use them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from central.search.demo import seed_search
from central.search.models import SiteSearch, Synonyms
from central.ui.tests import cast

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"])


@pytest.fixture
def anna(node_home: object):
    for site in ("tea", "clay", "ink"):
        cast.site(site)
    seed_search("demo")
    return cast.signed_in(cast.staff("anna", "admin"))


def test_every_screen_shows_the_demo(anna):
    assert "Add synonyms" in anna.get(reverse("search-words") + "?vain=1").content.decode()
    assert "ройбуш" in anna.get(reverse("search-one", args=["tea"])).content.decode()
    assert "заварник" in anna.get(reverse("synonyms")).content.decode()
    assert anna.get(reverse("search")).status_code == 200
    assert "самовар" in anna.get(reverse("synonyms-new") + "?words=самовар&site=tea&language=ru").content.decode()


def test_a_shop_is_tuned_and_built_anew(anna):
    answer = anna.post(reverse("search-tune", args=["tea"]), {"engine": "embedded", "suggestions": "5"})
    assert answer.status_code == 302
    assert anna.post(reverse("search-build", args=["tea"])).status_code == 302
    row = SiteSearch.objects.get(site="tea")
    assert (row.suggestions, row.build) == (5, 1)


def test_synonyms_are_changed_and_removed(anna):
    row = Synonyms.objects.filter(site="ink").first()
    address = reverse("synonyms-one", args=[row.pk])
    assert anna.post(address, {"words": "pen"}).status_code == 422
    assert anna.post(address, {"words": "pen, quill", "ver": row.ver}).status_code == 302
    assert Synonyms.objects.get(pk=row.pk).words == "pen, quill"
    assert anna.post(address, {"remove": "1"}).status_code == 302
    assert not Synonyms.objects.filter(pk=row.pk).exists()


def test_a_stranger_finds_nothing(anna):
    boris = cast.signed_in(cast.staff("boris", "admin", sites=["clay"]))
    assert boris.get(reverse("search-one", args=["tea"])).status_code == 404
    assert "ройбуш" not in boris.get(reverse("search-words")).content.decode()
    assert boris.get(reverse("synonyms-one", args=[Synonyms.objects.filter(site="tea").first().pk])).status_code == 404
