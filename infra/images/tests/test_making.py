"""What comes out of `make`, measured in the pixels of the outputs."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageCms

from infra.images.making import make
from infra.images.spec import WRITABLE, Made, Mark, Spec
from infra.images.tests.make import BLUE, GREEN, RED, WHITE, encoded, moving, quarters, turned

FORMATS = ("avif", "webp", "kept")


def opened(made: Made) -> Image.Image:
    return Image.open(io.BytesIO(made.data))


def colour_at(image: Image.Image, across: float, down: float) -> Any:
    return image.convert("RGB").getpixel((int(image.width * across), int(image.height * down)))


def is_near(one: Any, other: Any, within: int = 14) -> bool:
    return all(abs(a - b) <= within for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_is_made_smaller_and_keeps_its_ratio_and_colours(format: Any) -> None:
    made = make(encoded(quarters()), Spec(format=format, width=400))
    image = opened(made)
    assert image.size == (made.width, made.height) == (400, 300)
    assert made.ext == {"avif": "avif", "webp": "webp", "kept": "jpg"}[format]
    assert image.format == {"avif": "AVIF", "webp": "WEBP", "kept": "JPEG"}[format]
    for place, colour in (((0.2, 0.2), RED), ((0.8, 0.2), GREEN), ((0.2, 0.8), BLUE), ((0.8, 0.8), WHITE)):
        assert is_near(colour_at(image, *place), colour)


def test_no_picture_is_made_larger_than_it_was() -> None:
    assert (made := make(encoded(quarters(100, 50)), Spec(format="webp", width=400))).width == 100
    assert made.height == 50
    covered = make(encoded(quarters(100, 50)), Spec(format="webp", width=400, height=400, mode="cover"))
    assert (covered.width, covered.height) == (50, 50)


def test_a_covered_square_is_cut_evenly_from_both_sides() -> None:
    made = make(encoded(quarters(800, 400)), Spec(format="webp", width=200, height=200, mode="cover"))
    image = opened(made)
    assert image.size == (200, 200)
    # The border of the fields is the middle of the original, so it is the middle of what is left.
    assert is_near(colour_at(image, 0.45, 0.2), RED) and is_near(colour_at(image, 0.55, 0.2), GREEN)


def test_the_longer_side_decides_where_both_are_given() -> None:
    made = make(encoded(quarters(800, 400)), Spec(format="webp", width=200, height=50))
    assert (made.width, made.height) == (100, 50)


@pytest.mark.parametrize(
    ("orientation", "size", "top_left"),
    [(1, (400, 300), RED), (3, (400, 300), WHITE), (6, (300, 400), BLUE), (8, (300, 400), GREEN)],
)
def test_a_picture_stands_as_the_camera_was_held(orientation: int, size: tuple[int, int], top_left: Any) -> None:
    made = make(turned(quarters(), orientation), Spec(format="kept", width=size[0]))
    image = opened(made)
    assert image.size == size
    assert is_near(colour_at(image, 0.2, 0.2), top_left)


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_tells_where_and_with_what_a_photo_was_taken(format: Any) -> None:
    made = make(turned(quarters(), 6), Spec(format=format, width=200))
    image = opened(made)
    assert not dict(image.getexif())
    assert b"Camera of nobody" not in made.data


def test_colours_of_another_profile_become_srgb() -> None:
    image = quarters()
    made = make(encoded(image, icc_profile=_swapped_profile()), Spec(format="kept", width=400))
    assert opened(made).info.get("icc_profile") is None
    # The profile says that "red" is blue: sRGB numbers of the output say so too.
    red, blue = colour_at(opened(made), 0.2, 0.2), colour_at(opened(made), 0.2, 0.8)
    assert red[2] > red[0] and blue[0] > blue[2]


def _swapped_profile() -> bytes:
    """sRGB whose red and blue primaries have changed places."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12)}
    one, other = tags[b"rXYZ"], tags[b"bXYZ"]
    data[one + 4 : one + 12], data[other + 4 : other + 12] = data[other + 4 : other + 12], data[one + 4 : one + 12]
    return bytes(data)


def test_what_is_see_through_stays_so() -> None:
    image = quarters(mode="RGBA")
    image.putalpha(0)
    image.paste((*RED, 255), (0, 0, 400, 600))
    for format, ext in (("webp", "webp"), ("avif", "avif"), ("kept", "png")):
        made = make(encoded(image, "PNG"), Spec(format=format, width=400))  # type: ignore[arg-type]
        assert made.ext == ext
        seen = opened(made).convert("RGBA")
        assert seen.getpixel((100, 150))[3] == 255 and seen.getpixel((300, 150))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left", "bottom-right", "centre"])
def test_a_watermark_stands_in_its_corner_and_nowhere_else(corner: Any) -> None:
    plain = Image.new("RGB", (800, 600), (60, 60, 60))
    stamp = encoded(Image.new("RGBA", (200, 100), (255, 255, 255, 255)), "PNG")
    mark = Mark(picture=stamp, corner=corner, opacity=50, size=25)
    image = opened(make(encoded(plain, "PNG"), Spec(format="kept", width=800, mark=mark))).convert("L")
    assert (
        _box_of_change(image, 60)
        == {
            "top-left": (18, 18, 218, 118),
            "top-right": (582, 18, 782, 118),
            "bottom-left": (18, 482, 218, 582),
            "bottom-right": (582, 482, 782, 582),
            "centre": (300, 250, 500, 350),
        }[corner]
    )
    left, top, right, bottom = _box_of_change(image, 60)
    # Half of white upon 60.
    assert abs(image.getpixel(((left + right) // 2, (top + bottom) // 2)) - 157) <= 2  # type: ignore[operator]


def _box_of_change(image: Image.Image, ground: int) -> Any:
    return image.point(lambda value: 255 if abs(value - ground) > 8 else 0).getbbox()


def test_a_text_is_drawn_at_its_size_and_can_be_read_on_light_and_dark() -> None:
    for ground in (20, 235):
        plain = encoded(Image.new("RGB", (800, 600), (ground, ground, ground)), "PNG")
        mark = Mark(text="Глина · clay", corner="centre", opacity=80, size=50)
        image = opened(make(plain, Spec(format="kept", width=800, mark=mark))).convert("L")
        left, _top, right, _bottom = _box_of_change(image, ground)
        assert abs((right - left) - 400) <= 8
        low, high = image.getextrema()
        assert high - low > 60  # type: ignore[operator]


def test_every_letter_of_a_text_is_drawn_as_itself() -> None:
    """A font that lacks a letter draws the same empty box for each."""
    plain = encoded(Image.new("RGB", (400, 300), (90, 90, 90)), "PNG")
    drawn = {
        letter: make(plain, Spec(format="kept", width=400, mark=Mark(text=letter, size=40))).data
        for letter in "AБdЖéыЯ№€"
    }
    assert len(set(drawn.values())) == len(drawn)
    assert WRITABLE.fullmatch("Глина © 2026, café №1 — “ok”…") and not WRITABLE.fullmatch("茶")


def test_an_animation_stays_one_with_its_pauses() -> None:
    for format, ext in (("kept", "gif"), ("webp", "webp")):
        made = make(moving(), Spec(format=format, width=120))  # type: ignore[arg-type]
        image = opened(made)
        assert (made.ext, image.size, getattr(image, "n_frames", 1)) == (ext, (120, 60), 4)
        image.seek(1)
        image.load()
        assert image.info["duration"] == 80


def test_of_an_animation_the_first_picture_is_enough_where_the_shop_says_so() -> None:
    made = make(moving(), Spec(format="webp", width=120, is_moving=False))
    image = opened(made)
    assert getattr(image, "n_frames", 1) == 1
    assert is_near(colour_at(image, 0.5, 0.5), (255, 0, 0), 20)


def test_deep_grey_is_scaled_and_not_cut_off() -> None:
    deep = Image.new("I;16", (64, 64), 32_768)
    image = opened(make(encoded(deep, "PNG"), Spec(format="kept", width=64)))
    assert is_near(colour_at(image, 0.5, 0.5), (128, 128, 128), 3)


def test_equal_specs_have_equal_keys_and_others_have_others() -> None:
    base = Spec(format="webp", width=400)
    assert base.key == Spec(format="webp", width=400).key
    others = [
        Spec(format="avif", width=400),
        Spec(format="webp", width=401),
        Spec(format="webp", width=400, quality=81),
        Spec(format="webp", width=400, mark=Mark(text="a")),
        Spec(format="webp", width=400, mark=Mark(text="b")),
    ]
    assert len({base.key, *(one.key for one in others)}) == 6
