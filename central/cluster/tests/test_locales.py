from __future__ import annotations

from typing import Any

import pytest

from central.cluster import actions, locales
from central.cluster.documents import hosts_of, site_doc
from central.cluster.errors import BadField, NameTaken, RegionInUse, UnknownRegion
from central.cluster.models import Region, Site, SiteLanguage, SiteRegion
from central.cluster.tests.make import changes_of, make_site
from central.cluster.tests.test_sites import recorded
from sites.editions import edition, editions_of
from sync.contracts.documents import SiteDoc

pytestmark = pytest.mark.django_db(databases=["default"])


def doc(site: str = "tea") -> SiteDoc:
    return site_doc(Site.objects.get(pk=site))


def speak(code: str = "en", site: str = "tea", **fields: Any) -> SiteLanguage:
    return locales.put_language(site, code, by="tests", **({"path": f"/{code}"} | fields))


def region(region_id: str = "msk", **fields: Any) -> Region:
    return locales.make_region(region_id, by="tests", **({"title": region_id.title()} | fields))


def serve(region_id: str = "msk", site: str = "tea", **fields: Any) -> SiteRegion:
    return locales.put_site_region(site, region_id, by="tests", **fields)


# --- languages -----------------------------------------------------------------------------------------------------


def test_a_language_is_published_with_its_words() -> None:
    make_site("tea", language="ru")

    speak("en", words={"name": "Tea shop", "deliveries": {"courier": ("Courier", ""), "pickup": ("", "")}})

    english = edition(doc(), "en", "")
    assert english is not None
    assert (english.name, english.base) == ("Tea shop", "/en")
    assert doc().languages[0].words.deliveries == {"courier": ("Courier", "")}
    assert doc().languages[0].name == "English"
    assert ("site:main", "tea", 2) in recorded()


def test_the_same_language_said_again_writes_nothing() -> None:
    make_site("tea", language="ru")
    speak("en")
    before = recorded()

    speak("en")

    assert recorded() == before


def test_a_language_is_spoken_once() -> None:
    make_site("tea", language="ru")
    speak("en")

    with pytest.raises(NameTaken):
        speak("en", is_new=True)


@pytest.mark.parametrize(
    ("code", "fields", "named"),
    [
        ("ru", {"path": "/x"}, "code"),
        ("english!", {"path": "/x"}, "code"),
        ("xx", {"path": "/x"}, "code"),
        ("en", {"path": "en"}, "path"),
        ("en", {"path": "/en/shop"}, "path"),
        ("en", {"path": "/cart"}, "path"),
        ("en", {"path": "/ru"}, "path"),
        ("en", {"path": ""}, "path"),
        ("en", {"path": "/en", "origin": "https://en.example"}, "path"),
        ("en", {"path": "", "origin": "en.example"}, "origin"),
    ],
)
def test_a_wrong_language_is_named_and_nothing_is_kept(code: str, fields: dict[str, str], named: str) -> None:
    make_site("tea", language="ru")
    before = recorded()

    with pytest.raises(BadField) as refused:
        speak(code, **fields)

    assert named in refused.value.fields
    assert not SiteLanguage.objects.exists()
    assert recorded() == before


def test_two_languages_cannot_have_one_address() -> None:
    make_site("tea", language="ru")
    speak("en", path="/world")

    with pytest.raises(BadField):
        speak("de", path="/world")

    assert [one.code for one in doc().languages] == ["en"]


def test_an_origin_of_a_language_belongs_to_one_shop() -> None:
    make_site("tea", language="ru")
    make_site("mug", language="ru")
    speak("en", path="", origin="https://world.example")
    assert doc().hosts == ["tea.example"]  # the other name leads to the English pages, not to these
    assert hosts_of(Site.objects.get(pk="tea")) == ["tea.example", "world.example"]

    with pytest.raises(BadField):
        speak("en", site="mug", path="", origin="https://world.example")
    with pytest.raises(BadField):
        actions.edit_site("mug", by="tests", extra_hosts=["world.example"])
    with pytest.raises(BadField):
        make_site("cup", origin="https://world.example")


def test_one_host_name_has_one_origin() -> None:
    make_site("tea", language="ru")

    with pytest.raises(BadField):
        speak("en", path="", origin="https://tea.example:8443")


def test_a_shop_cannot_take_a_further_language_as_its_own() -> None:
    make_site("tea", language="ru")
    speak("en")

    with pytest.raises(BadField) as refused:
        actions.edit_site("tea", by="tests", language="en")

    assert "language" in refused.value.fields


def test_a_dropped_language_is_published_as_gone() -> None:
    make_site("tea", language="ru")
    speak("en")

    locales.drop_language("tea", "en", by="tests")

    assert doc().languages == []
    assert Site.objects.get(pk="tea").ver == 3


# --- regions -------------------------------------------------------------------------------------------------------


def test_a_shop_in_a_region_is_published_with_all_around_it() -> None:
    make_site("tea", language="ru")
    region("central", places=["RU-MOW", "RU-TUL"])
    region("msk", parent="central", titles={"en": "Moscow"})
    serve("central", phone="+7 495")

    serve("msk", path="/moscow", email="msk@tea.example")

    moscow = edition(doc(), "ru", "msk")
    assert moscow is not None
    assert (moscow.base, moscow.phone, moscow.email) == ("/moscow", "+7 495", "msk@tea.example")
    assert {one.id for one in doc().regions} == {"central", "msk"}


def test_a_region_without_pages_anywhere_is_not_published() -> None:
    make_site("tea", language="ru")
    region("central")

    serve("central", phone="+7 495")

    assert doc().regions == []


def test_a_region_may_have_deliveries_of_its_own() -> None:
    make_site("tea", language="ru")
    region("msk")
    courier = {"code": "courier", "title": "Courier", "price": 100, "needs_address": True}

    serve("msk", path="/moscow", deliveries=[courier])

    moscow = edition(doc(), "ru", "msk")
    assert moscow is not None
    assert [way.price for way in moscow.deliveries] == [100]
    with pytest.raises(BadField):
        serve("msk", path="/moscow", deliveries=[])
    with pytest.raises(BadField):
        serve("msk", path="/moscow", deliveries=[{"code": "x"}])


def test_a_region_and_a_language_cannot_share_an_address() -> None:
    make_site("tea", language="ru")
    region("en")
    speak("en")

    with pytest.raises(BadField):
        serve("en", path="/en")

    assert len(editions_of(doc())) == 2


def test_a_changed_region_reaches_every_shop_that_is_in_it_or_below() -> None:
    make_site("tea", language="ru")
    make_site("mug", language="ru")
    make_site("cup", language="ru")
    region("central")
    region("msk", parent="central")
    region("spb")
    serve("msk", path="/moscow")
    serve("central", "mug", path="/central")
    serve("spb", "cup", path="/spb")
    before = len(recorded())

    locales.edit_region("central", by="tests", title="Centre")

    assert [row[:2] for row in recorded()[before:]] == [("site:main", "mug"), ("site:main", "tea")]
    assert next(one.title for one in doc().regions if one.id == "central") == "Centre"


def test_regions_cannot_lie_in_a_ring() -> None:
    region("central")
    region("msk", parent="central")

    with pytest.raises(BadField):
        locales.edit_region("central", by="tests", parent="msk")

    assert Region.objects.get(pk="central").parent is None


def test_a_used_region_is_not_deleted() -> None:
    make_site("tea", language="ru")
    region("central")
    region("msk", parent="central")
    serve("msk", path="/moscow")

    for used in ("msk", "central"):
        with pytest.raises(RegionInUse):
            locales.delete_region(used, by="tests")
    locales.drop_site_region("tea", "msk", by="tests")
    locales.delete_region("msk", by="tests")

    assert list(Region.objects.values_list("pk", flat=True)) == ["central"]
    assert doc().regions == []


def test_a_wrong_place_is_named() -> None:
    with pytest.raises(BadField) as refused:
        region("msk", places=["Moscow"])

    assert "places" in refused.value.fields


def test_an_unknown_region_is_refused() -> None:
    make_site("tea", language="ru")

    with pytest.raises(UnknownRegion):
        serve("nowhere", path="/nowhere")
    with pytest.raises(UnknownRegion):
        region("msk", parent="nowhere")


def test_what_happens_on_a_first_visit_is_a_setting() -> None:
    make_site("tea")

    actions.edit_site("tea", by="ann", detection="move")

    assert doc().detection == "move"
    assert changes_of("tea")[-1].after == {"detection": "move"}
    with pytest.raises(BadField):
        actions.edit_site("tea", by="ann", detection="always")
