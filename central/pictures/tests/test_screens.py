"""Pictures at the desk: the profile with its preview, what is told of the work, and whose sites it is about."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from PIL import Image

from central.catalog.actions import Goods, Unit, keep_picture, save_product
from central.history import queries
from central.pictures import planning
from central.pictures.models import Output, SitePicture, SiteProfile
from central.pictures.profiles import Profile
from central.pictures.queries import standing_of
from central.ui.tests import cast
from infra.images.tests.make import encoded, quarters
from node.realms import CATALOG
from sync.events import run_due

pytestmark = pytest.mark.django_db(databases=["default", "catalog", "orders"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    for site in ("tea", "clay"):
        cast.site(site)
        sha = keep_picture(encoded(quarters(640 if site == "tea" else 480, 400)))
        save_product(site, Goods([Unit(site, price=5)], title=f"Thing of {site}", pictures=[sha]), by="test")
    run_due([CATALOG])


@pytest.fixture
def ada() -> Any:
    return cast.signed_in(cast.staff("ada", "admin"))


def sent(client: Any, site: str = "tea", **changes: Any) -> dict[str, Any]:
    """The form as the page has it, with some fields changed."""
    form = client.get(f"/pictures/sites/{site}").context["form"]
    values = {name: form[name].value() for name in form.fields if name != "mark_picture"}
    values = {name: value for name, value in values.items() if value not in (False, None)}
    hidden = dict(form.hidden_values)
    return {**values, **hidden, **changes}


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def test_a_profile_is_saved_and_pictures_wait_for_it(ada: Any) -> None:
    answer = ada.post("/pictures/sites/tea", without(sent(ada, widths="300; 150"), "inherits"))

    assert answer.status_code == 302
    assert standing_of("tea").profile.widths == [150, 300]
    assert standing_of("clay").profile == Profile()
    run_due([CATALOG], rounds=1)
    assert SitePicture.objects.get(site="tea").state == "waiting"


def test_a_site_goes_back_to_what_stands_above(ada: Any) -> None:
    ada.post("/pictures/sites/tea", without(sent(ada, widths="300"), "inherits"))
    ada.post("/pictures/sites/tea", sent(ada, inherits="on"))

    assert standing_of("tea").profile == Profile()
    assert SiteProfile.objects.get(site="tea").body["widths"] == [300]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("widths", "wide", "Write widths from 16 to 4000"),
        ("widths", "9000", "Write widths from 16 to 4000"),
        ("quality_avif", "0", "greater than or equal to 1"),
        ("mark", "text", "a watermark of text needs a text"),
        ("mark", "picture", "a watermark that is a picture needs one"),
        ("thumb", "4000", "less than or equal to 400"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(ada: Any, field: str, value: str, says: str) -> None:
    answer = ada.post("/pictures/sites/tea", without(sent(ada, **{field: value}), "inherits"))

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert standing_of("tea").profile == Profile()


def test_the_preview_shows_bytes_before_and_after_and_changes_nothing(ada: Any) -> None:
    before = list(SiteProfile.objects.values())
    values = without(sent(ada, widths="200", mark="text", mark_text="Shop tea", mark_size="90"), "inherits")

    page = ada.post("/pictures/sites/tea/preview", values).content.decode()

    assert "640 × 400" in page and "200 × 125" in page
    assert re.findall(r"<strong>(\w[\w ]*)</strong>", page) == ["Original", "AVIF", "WEBP", "JPG", "In carts"]
    assert re.search("\\d+\N{NO-BREAK SPACE}% of the original", page)
    for name in re.findall(r'src="/_media/([^"]+)"', page):
        assert ada.get(f"/_media/{name}").status_code == 200
    assert list(SiteProfile.objects.values()) == before
    assert SitePicture.objects.get(site="tea").state == "done"


def test_a_preview_of_what_cannot_be_says_so(ada: Any) -> None:
    page = ada.post("/pictures/sites/tea/preview", sent(ada, widths="x")).content.decode()

    assert "Correct the form" in page


def test_a_watermark_is_uploaded_and_an_svg_is_refused(ada: Any) -> None:
    import io

    png = io.BytesIO(encoded(Image.new("RGBA", (40, 20), "white"), "PNG"))
    png.name = "mark.png"
    answer = ada.post("/pictures/sites/tea", without(sent(ada, mark="picture", mark_picture=png), "inherits"))
    assert answer.status_code == 302
    assert len(standing_of("tea").profile.mark_picture) == 64

    svg = io.BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><path d="M0 0h4"/></svg>')
    svg.name = "mark.svg"
    answer = ada.post("/pictures/sites/tea", sent(ada, mark="picture", mark_picture=svg))
    assert answer.status_code == 422
    assert "An SVG cannot be laid over photos" in answer.content.decode()


def test_the_list_tells_how_far_each_site_is_and_why_one_failed(ada: Any) -> None:
    SitePicture.objects.filter(site="tea").update(state="failed", error="broken_picture")

    page = ada.get("/pictures").content.decode()
    assert "1 of 1 made" in page and "0 of 1 made" in page
    assert "The file is cut off or broken. Upload it again from where it came." in page
    assert "Thing of tea" in page

    ada.post("/pictures/sites/tea/do", {"do": "retry"})
    run_due([CATALOG])
    assert SitePicture.objects.get(site="tea").state == "done"


def test_a_pause_is_one_click_and_so_is_going_on(ada: Any) -> None:
    ada.post("/pictures/sites/tea/do", {"do": "pause"})
    assert SiteProfile.objects.get(site="tea").is_paused
    assert "Paused" in ada.get("/pictures").content.decode()

    ada.post("/pictures/sites/tea/do", {"do": "resume"})
    assert not SiteProfile.objects.get(site="tea").is_paused
    assert ada.post("/pictures/sites/tea/do", {"do": "dance"}).status_code == 404


def test_staff_of_one_site_neither_see_nor_touch_the_pictures_of_another() -> None:
    planning.plan_site("clay")
    boris = cast.signed_in(cast.staff("boris", "manager", sites=["tea"]))

    page = boris.get("/pictures").content.decode()
    assert "Thing of tea" in page and "Thing of clay" not in page and "Shop clay" not in page
    for method, path in (("get", ""), ("post", ""), ("post", "/preview"), ("post", "/do")):
        assert getattr(boris, method)(f"/pictures/sites/clay{path}", {"do": "pause"}).status_code == 404


def test_an_operator_has_no_screen_of_pictures() -> None:
    olga = cast.signed_in(cast.staff("olga", "operator"))

    assert olga.get("/pictures").status_code == 403
    assert olga.get("/pictures/sites/tea").status_code == 403


def test_a_file_that_is_made_is_open_to_edges_and_one_that_never_was_is_not(client: Any) -> None:
    made = Output.objects.first()
    assert made is not None

    answer = client.get(f"/_media/{made.name}")
    assert answer.status_code == 200
    assert answer["Content-Type"] in ("image/avif", "image/webp", "image/jpeg")
    assert client.get(f"/_media/{'0' * 64}.webp").status_code == 404
    assert client.get(f"/_media/{made.sha256}.gif").status_code == 404


def test_the_history_says_who_set_what(ada: Any) -> None:
    ada.post("/pictures/sites/tea", without(sent(ada, widths="300"), "inherits"))
    ada.post("/pictures/sites/tea/do", {"do": "pause"})

    user = User.objects.get(username="ada")
    entries = queries.of_record(user, SiteProfile.objects.get(site="tea")).entries
    assert len(entries) == 2
    assert [row.title for row in entries[0].rows] == ["Paused"]
    assert {str(row.title): row.became for row in entries[1].rows}["Widths"] == "300"
    assert "300" in ada.get("/pictures/sites/tea").content.decode().partition("History")[2]
