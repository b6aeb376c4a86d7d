"""What nobody can make a picture of: each says why, and the process that asked goes on."""

from __future__ import annotations

import io
import os
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from infra.images.errors import (
    BrokenPicture,
    FileTooLarge,
    MakerDied,
    NoPicture,
    OutOfMemory,
    TookTooLong,
    TooManyPixels,
    UnfitPicture,
)
from infra.images.spec import Made, Spec
from infra.images.tests.make import bomb, encoded, quarters
from infra.images.workshop import Limits, make_all

pytestmark = pytest.mark.slow

SMALL = Spec(format="webp", width=100)


def test_outputs_come_in_order_each_as_soon_as_it_is_made() -> None:
    specs = [Spec(format="webp", width=width) for width in (100, 200, 300)]
    assert [made.width for made in make_all(encoded(quarters()), specs)] == [100, 200, 300]


def test_nothing_wanted_asks_no_child() -> None:
    assert list(make_all(b"whatever", [])) == []


@pytest.mark.parametrize(
    ("original", "error", "says"),
    [
        (b"\xff" * 50_000_000, FileTooLarge, "50000000 bytes, more than 20000000: save it smaller"),
        (b"Dear shop, please find attached", NoPicture, "upload the picture itself"),
        (b"", NoPicture, "upload the picture itself"),
        (encoded(quarters())[:4_000], BrokenPicture, "upload it again from where it came"),
        (encoded(quarters(), "PNG")[:900], BrokenPicture, "upload it again from where it came"),
        (bomb(7_200, rows=9), TooManyPixels, "7200 × 7200 pixels, more than 50000000 in all: save it smaller"),
        (bomb(30_000, rows=9), TooManyPixels, "save it smaller"),
        (encoded(quarters(), "BMP"), NoPicture, "no JPEG, PNG, WebP, GIF or AVIF"),
    ],
    ids=["50 MB", "no picture", "empty", "cut off jpeg", "cut off png", "bomb", "huge bomb", "another kind"],
)
def test_a_bad_original_is_refused_in_words(original: bytes, error: type[UnfitPicture], says: str) -> None:
    with pytest.raises(error) as caught:
        list(make_all(original, [SMALL]))
    assert says in str(caught.value)


def test_a_bomb_takes_its_child_and_nobody_else() -> None:
    """Small enough in pixels, too large for the memory its child may use."""
    with pytest.raises((OutOfMemory, MakerDied)):
        list(make_all(bomb(5_000), [SMALL], limits=Limits(memory=260_000_000)))
    assert [made.width for made in make_all(encoded(quarters()), [SMALL])] == [100]


def test_what_takes_too_long_is_ended() -> None:
    slow = Spec(format="avif", width=4_000, quality=95)
    noise = encoded(Image.effect_noise((4_000, 4_000), 90).convert("RGB"))
    began = time.monotonic()
    with pytest.raises(TookTooLong, match="save it smaller or simpler"):
        list(make_all(noise, [slow] * 20, limits=Limits(seconds=1)))
    assert time.monotonic() - began < 10


def test_an_animation_of_too_many_pixels_is_refused() -> None:
    frames = [Image.new("P", (3_000, 3_000), n) for n in range(30)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(TooManyPixels, match="make it shorter or smaller"):
        list(make_all(out.getvalue(), [SMALL]))


def test_what_was_made_before_the_trouble_is_whole() -> None:
    """The time is up for the second output: the first came over and stands."""
    noise = encoded(Image.effect_noise((3_000, 3_000), 90).convert("RGB"))
    slow = [Spec(format="avif", width=3_000, quality=95 - n) for n in range(9)]
    came: list[Made] = []
    with pytest.raises(UnfitPicture):
        for made in make_all(noise, [Spec(format="webp", width=50), *slow], limits=Limits(seconds=2)):
            came.append(made)
    came = came[:1]
    assert [one.width for one in came] == [50]
    assert Image.open(io.BytesIO(came[0].data)).size == (50, 50)


def test_an_iterator_that_is_closed_ends_its_child() -> None:
    outputs = make_all(encoded(quarters()), [SMALL] * 200)
    next(outputs)
    outputs.close()
    assert list(outputs) == []


def test_a_child_that_is_killed_is_told_of_and_its_outputs_stand():
    outputs = make_all(encoded(quarters()), [SMALL] * 200)
    assert next(outputs).width == 100
    for child in _children():
        os.kill(child, signal.SIGKILL)

    with pytest.raises(MakerDied, match="try again"):
        list(outputs)


def _children() -> list[int]:
    """The processes of `infra.images.child` that this one has."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"infra.images.child" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found
