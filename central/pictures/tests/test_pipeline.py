"""From an upload to what shops show: made once, resumed, made again when the profile changes, and old files leave."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from central.catalog.actions import keep_picture, upsert_category
from central.catalog.editing import set_pictures
from central.catalog.models import Listing, Offer
from central.catalog.tests.make import DATABASES, forget_pointers, make_product, make_site, pointers, svg
from central.catalog.topics import _read_cards, _read_categories, _read_products
from central.cluster.actions import edit_site
from central.pictures import actions, making, planning, tidying
from central.pictures.models import Output, SitePicture, SiteProfile
from central.pictures.profiles import Profile
from central.pictures.queries import progress_of, standing_of
from infra.images.tests.make import bomb, encoded, quarters, turned
from infra.storage.media import media_store
from node.realms import CATALOG, alias_of
from sync.contracts.codec import unpack
from sync.contracts.documents import CardDoc, CategoryDoc, Picture, ProductDoc
from sync.events import run_due, sweep
from sync.store.jobs.models import Job

pytestmark = pytest.mark.django_db(databases=DATABASES)

State = SitePicture.State
SMALL = Profile(widths=[100, 200], retina=[1], thumb=40, formats=["webp"])


@pytest.fixture(autouse=True)
def world(node_home: Any) -> None:
    make_site("tea")
    planning.plan_site("tea")
    actions.set_profile("tea", SMALL, by="test")
    run_due([CATALOG])


def upload(width: int = 400, height: int = 300) -> str:
    return keep_picture(encoded(quarters(width, height)))


def product_with(*pictures: str, site: str = "tea", sku: str = "T1", title: str = "Sencha") -> UUID:
    return make_product(site, title=title, skus=(sku,), pictures=list(pictures))


def shown(product: UUID, site: str = "tea") -> list[Picture]:
    ver, body = _read_products(f"product:{site}", [product.hex])[product.hex]
    assert ver and body
    return unpack(body, ProductDoc).pictures


def card(product: UUID) -> Picture | None:
    key = Offer.objects.get(listing__product=product).card_key
    body = _read_cards("card:main", [key])[key][1]
    assert body
    return unpack(body, CardDoc).picture


def states(site: str = "tea") -> list[str]:
    return list(SitePicture.objects.filter(site=site).order_by("id").values_list("state", flat=True))


def opened(name: str) -> Image.Image:
    answer = Client().get(f"/_media/{name}")
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


def test_an_original_shows_until_its_files_are_made_and_then_they_do():
    sha = upload()
    product = product_with(sha)
    assert [(one.hash, one.sources) for one in shown(product)] == [(sha, [])]

    forget_pointers()
    run_due([CATALOG])

    (picture,) = shown(product)
    assert picture.hash != sha
    assert (picture.ext, picture.width, picture.height, picture.alt) == ("jpg", 200, 150, "Sencha")
    assert [(one.type, one.width, one.height) for one in picture.sources] == [
        ("image/webp", 100, 75), ("image/webp", 200, 150), ("image/jpeg", 100, 75), ("image/jpeg", 200, 150),
    ]  # fmt: skip
    for name, size in zip(picture.names, [(200, 150), (100, 75), (200, 150), (100, 75)], strict=True):
        assert opened(name).size == size
    listing, offer = Listing.objects.get(product=product), Offer.objects.get(listing__product=product)
    told = [(topic, ver) for topic, _, ver in pointers() if topic.startswith(("product", "card"))]
    assert told == [("product:tea", listing.ver), ("card:main", offer.ver)]


def test_a_line_card_gets_one_small_square():
    product = product_with(upload())
    run_due([CATALOG])

    small = card(product)
    assert small is not None and (small.width, small.height, small.sources) == (40, 40, [])
    assert opened(small.names[0]).size == (40, 40)


def test_a_shelf_shows_files_too():
    shelf = upsert_category("tea", "Green", picture=upload())
    run_due([CATALOG])

    body = _read_categories("category:tea", [shelf.pk.hex])[shelf.pk.hex][1]
    assert body
    picture = unpack(body, CategoryDoc).picture
    assert picture and len(picture.sources) == 4


def test_a_drawing_passes_as_it_is():
    sha = keep_picture(svg())
    product = product_with(sha)
    run_due([CATALOG])

    assert states() == []
    assert [(one.hash, one.ext, one.sources) for one in shown(product)] == [(sha, "svg", [])]


def test_a_photo_of_a_phone_is_upright_and_its_place_is_kept_free_from_the_first_moment():
    sha = keep_picture(turned(quarters(400, 300), 6))
    product = product_with(sha)
    assert [(one.width, one.height) for one in shown(product)] == [(300, 400)]

    run_due([CATALOG])
    (picture,) = shown(product)
    assert (picture.width, picture.height) == (200, 267)


def test_a_picture_placed_later_is_made_without_anybody_asking():
    product = product_with(upload())
    run_due([CATALOG])
    second = upload(500, 300)

    set_pictures(product, [second], by="test")
    run_due([CATALOG])

    assert len(shown(product)[0].sources) == 4


def test_work_done_again_makes_no_file_twice(monkeypatch):
    product_with(upload())
    run_due([CATALOG])
    made = dict(Output.objects.values_list("spec", "sha256"))
    monkeypatch.setattr(making, "make_all", None)  # whoever makes something now fails

    actions.redo_site("tea", by="test")
    run_due([CATALOG])

    assert dict(Output.objects.values_list("spec", "sha256")) == made
    assert states() == [State.DONE]


def test_another_profile_makes_its_files_and_the_old_ones_show_until_then():
    product = product_with(upload())
    run_due([CATALOG])
    before = shown(product)

    actions.set_profile("tea", Profile(widths=[120], retina=[1], formats=["webp"]), by="test")
    run_due([CATALOG], rounds=1)  # planned, nothing made yet
    assert states() == [State.WAITING]
    assert shown(product) == before

    run_due([CATALOG])
    assert [one.width for one in shown(product)[0].sources] == [120, 120]


def test_a_watermark_is_really_there_and_the_original_is_never_published():
    sha = keep_picture(encoded(Image.new("RGB", (400, 300), (90, 90, 90))))
    mark = keep_picture(encoded(Image.new("RGBA", (80, 40), (255, 255, 255, 255)), "PNG"))
    profile = Profile(
        widths=[200], retina=[1], formats=["webp"], mark="picture", mark_picture=mark, mark_corner="bottom-right",
        mark_opacity=100, mark_size=25, hides_originals=True,
    )  # fmt: skip
    actions.set_profile("tea", profile, by="test")
    run_due([CATALOG])

    product = product_with(sha)
    assert shown(product) == [] and card(product) is None

    run_due([CATALOG])
    (picture,) = shown(product)
    for name in picture.names:
        image = opened(name).convert("L")
        assert abs(image.getpixel((10, 10)) - 90) < 6
        assert image.getpixel((image.width - 20, image.height - 15)) > 240
    assert sha not in str(shown(product))


def test_hidden_originals_leave_documents_that_named_them():
    sha = upload()
    product = product_with(sha)
    actions.pause("tea", by="test")
    run_due([CATALOG])
    assert [one.hash for one in shown(product)] == [sha]

    forget_pointers()
    actions.set_profile("tea", Profile(mark="text", mark_text="tea", hides_originals=True), by="test")
    run_due([CATALOG])

    assert shown(product) == []
    assert ("product:tea", product.hex) in [(topic, key) for topic, key, _ in pointers()]


def test_switched_off_shops_show_originals_again():
    sha = upload()
    product = product_with(sha)
    run_due([CATALOG])

    actions.set_profile("tea", Profile(is_on=False), by="test")
    run_due([CATALOG])

    assert [(one.hash, one.sources) for one in shown(product)] == [(sha, [])]
    assert states() == []


@pytest.mark.parametrize(
    ("broken", "code"),
    [(encoded(quarters())[:-9_000], "broken_picture"), (bomb(7_300, rows=4), "too_many_pixels")],
    ids=["cut off", "bomb"],
)
def test_what_cannot_be_made_says_why_and_holds_nobody_up(broken: bytes, code: str):
    """It came in before uploads were looked at as they are today."""
    from central.catalog.models import Media

    sha = media_store().put(broken, "png" if code == "too_many_pixels" else "jpg")
    Media.objects.create(sha256=sha, ext="png" if code == "too_many_pixels" else "jpg", width=7, height=7, size=9)
    bad = product_with(sha, sku="B1", title="Bad")
    good = product_with(upload(), sku="G1", title="Good")
    run_due([CATALOG])

    row = SitePicture.objects.get(original=sha)
    assert (row.state, row.error) == (State.FAILED, code)
    assert [one.hash for one in shown(bad)] == [sha]
    assert len(shown(good)[0].sources) == 4
    assert not Output.objects.filter(original=sha).exists()

    actions.retry_failed("tea", by="test")
    run_due([CATALOG])
    row.refresh_from_db()
    assert (row.state, row.error) == (State.FAILED, code)


def test_an_original_whose_bytes_are_lost_is_named():
    sha = upload()
    product_with(sha)
    media_store().remove(f"{sha}.jpg")
    run_due([CATALOG])

    assert SitePicture.objects.get().error == "picture_original_lost"


def test_what_ends_its_worker_each_time_is_left_alone():
    bad = upload()
    product_with(bad)
    good = product_with(upload(500, 300), sku="G1", title="Good")
    planning.plan_site("tea")
    SitePicture.objects.filter(original=bad).update(attempts=3)

    run_due([CATALOG])

    assert dict(SitePicture.objects.values_list("original", "error"))[bad] == "picture_maker_died"
    assert len(shown(good)[0].sources) == 4


def test_a_worker_killed_in_the_middle_costs_no_file_that_was_made(monkeypatch):
    product = product_with(upload())
    planning.plan_site("tea")
    keep, kept = making._keep, []

    class Killed(BaseException):
        """As a signal is: no code of ours gets to run."""

    def keep_two(*args: Any) -> Output:
        if len(kept) == 2:
            raise Killed
        kept.append(keep(*args))
        return kept[-1]

    monkeypatch.setattr(making, "_keep", keep_two)
    with pytest.raises(Killed):
        run_due([CATALOG])
    assert (states(), Output.objects.count(), shown(product)[0].sources) == ([State.WAITING], 2, [])

    monkeypatch.setattr(making, "_keep", lambda *args: kept.append(keep(*args)) or kept[-1])
    Job.objects.using(alias_of(CATALOG)).filter(state="running").update(lease_until=timezone.now() - timedelta(1))
    sweep(CATALOG)
    run_due([CATALOG])

    assert states() == [State.DONE]
    assert len(kept) == len({row.spec for row in kept}) == 5
    assert len(shown(product)[0].sources) == 4


def test_a_pause_stops_the_work_and_going_on_ends_it():
    actions.pause("tea", by="test")
    product = product_with(upload())
    run_due([CATALOG])
    assert states() == [State.WAITING]
    assert shown(product)[0].sources == []

    actions.resume("tea", by="test")
    run_due([CATALOG])
    assert states() == [State.DONE]


def test_a_slice_ends_and_the_next_one_goes_on():
    for number in range(3):
        product_with(upload(400 + number, 300), sku=f"T{number}", title=f"Tea {number}")
    planning.plan_site("tea")
    assert making.make_waiting(lambda: True, seconds=0) == 0
    assert states() == [State.WAITING] * 3

    run_due([CATALOG])
    assert states() == [State.DONE] * 3


def test_a_run_that_lost_its_lease_stops_between_two_files():
    product_with(upload())
    planning.plan_site("tea")
    answers = iter([True, False])
    making.make_waiting(lambda: next(answers, False))

    assert Output.objects.count() == 1
    assert states() == [State.WAITING]
    run_due([CATALOG])
    assert (states(), Output.objects.count()) == ([State.DONE], 5)


def test_progress_counts_and_says_what_is_saved():
    sha = keep_picture(encoded(quarters(1_600, 1_200)))
    product_with(sha)
    run_due([CATALOG])
    far = progress_of(["tea", "clay"])

    assert (far["tea"].done, far["tea"].total, far["tea"].percent) == (1, 1, 100)
    assert far["tea"].was > far["tea"].served > 0
    assert far["tea"].saved == far["tea"].was - far["tea"].served
    assert (far["clay"].total, far["clay"].percent) == (0, 100)


# --- profiles of sites above ----------------------------------------------------------------------------------------


def test_a_site_takes_the_profile_of_the_site_above_until_it_has_its_own():
    make_site("clay")
    edit_site("clay", by="test", parent="tea")
    assert (standing_of("clay").profile, standing_of("clay").source) == (SMALL, "tea")

    actions.set_profile("clay", Profile(widths=[300]), by="test")
    assert standing_of("clay").source == "clay"

    actions.inherit_profile("clay", by="test")
    assert standing_of("clay").source == "tea"


def test_a_change_above_makes_the_pictures_below_anew_and_equal_files_once():
    make_site("clay")
    edit_site("clay", by="test", parent="tea")
    sha = upload()
    product_with(sha)
    below = product_with(sha, site="clay", sku="C1", title="Cup")
    run_due([CATALOG])
    assert Output.objects.count() == 5

    actions.set_profile("tea", Profile(widths=[90], retina=[1], formats=["webp"]), by="test")
    run_due([CATALOG])
    assert [one.width for one in shown(below, "clay")[0].sources] == [90, 90]


def test_another_parent_is_noticed():
    make_site("clay")
    planning.plan_changed()
    run_due([CATALOG])
    product = product_with(upload(), site="clay", sku="C1", title="Cup")
    run_due([CATALOG])
    edit_site("clay", by="test", parent="tea")

    planning.plan_changed()
    run_due([CATALOG])

    assert [one.width for one in shown(product, "clay")[0].sources] == [100, 200, 100, 200]


# --- files ----------------------------------------------------------------------------------------------------------


def test_files_lie_in_a_folder_for_each_category():
    shelf = upsert_category("tea", "Green tea")
    sub = upsert_category("tea", "Sencha", parent=shelf.pk)
    make_product("tea", pictures=[upload()], categories=[sub.pk])
    run_due([CATALOG])

    assert set(Output.objects.values_list("folder", flat=True)) == {"tea/green-tea/sencha"}
    output = Output.objects.first()
    assert output is not None
    assert media_store().has(output.name, folder=output.folder) and not media_store().has(output.name)


def test_what_no_shop_shows_leaves_the_storage_some_days_later():
    product = product_with(upload())
    run_due([CATALOG])
    old = list(Output.objects.all())
    actions.set_profile("tea", Profile(widths=[120], retina=[1], formats=["webp"], thumb=40), by="test")
    run_due([CATALOG])

    assert tidying.tidy() == 0
    Output.objects.update(used_at=timezone.now() - tidying.KEEP - timedelta(hours=1))
    assert tidying.tidy() == 4  # the square in carts is the same
    gone = [row for row in old if not media_store().has(row.name, folder=row.folder)]
    assert len(gone) == 4
    for name in shown(product)[0].names:
        assert opened(name)


def test_a_picture_taken_off_is_planned_no_more():
    product = product_with(upload())
    run_due([CATALOG])
    set_pictures(product, [], by="test")

    planning.plan_site("tea")

    assert states() == []


def test_the_row_of_a_site_says_by_what_it_was_planned():
    planned = SiteProfile.objects.get(site="tea").planned
    planning.plan_site("tea")

    assert planned == SiteProfile.objects.get(site="tea").planned == f"on {SMALL.key}"
