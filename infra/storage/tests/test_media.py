from __future__ import annotations

import io

import pytest
from django.core.files.storage import InMemoryStorage
from PIL import Image

from infra.storage.inspect import BadPicture, inspect_picture
from infra.storage.media import MediaStore, sha256_of

HEAD = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 30">'


def raster(kind: str, size: tuple[int, int] = (12, 8)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#aabbcc").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "ext"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif")])
def test_the_bytes_say_what_a_picture_is(kind, ext):
    seen = inspect_picture(raster(kind))

    assert (seen.ext, seen.width, seen.height) == (ext, 12, 8)


@pytest.mark.parametrize(
    ("head", "size"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30">', (40, 30)),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="80px" height="60" viewBox="0 0 4 3">', (80, 60)),
        (b'\xef\xbb\xbf<?xml version="1.0"?><!-- drawn --><svg viewBox="0,0,40.4,30">', (40, 30)),
    ],
)
def test_an_svg_has_its_size_or_its_box(head, size):
    seen = inspect_picture(head + b'<path d="M0 0h9" style="fill:url(#g)"/></svg>')

    assert (seen.ext, (seen.width, seen.height)) == ("svg", size)


@pytest.mark.parametrize(
    "inner",
    [
        b"<script>alert(1)</script>",
        b'<rect onload="alert(1)"/>',
        b'<a href="https://example.com"><rect/></a>',
        b'<use href="https://example.com/x.svg#y"/>',
        b'<use xlink:href="data:image/svg+xml;base64,PHN2Zz4="/>',
        b'<image href="https://example.com/x.png"/>',
        b"<foreignObject><p/></foreignObject>",
        b"<animate attributeName='href' to='javascript:x'/>",
        b"<style>@import 'https://example.com/x.css';</style>",
        b"<style>rect{fill:url(https://example.com/x)}</style>",
        b"<rect style=\"fill:url('//example.com/x')\"/>",
        b'<rect fill="url(https://example.com/x)"/>',
        b"<?xml-stylesheet href='x'?>",
        b'<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
    ],
)
def test_an_svg_that_does_more_than_draw_is_refused(inner):
    with pytest.raises(BadPicture):
        inspect_picture(HEAD + inner + b"</svg>")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        raster("PNG")[:40],
        raster("JPEG")[:-80],
        b"<html><body/></html>",
        b"<svg",
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        b"<svg viewBox='0 0 0 5'></svg>",
        b"<svg viewBox='0 0 nan 5'></svg>",
        b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg viewBox='0 0 1 1'>&a;</svg>",
        b"BM" + raster("PNG"),
    ],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(BadPicture):
        inspect_picture(data)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked():
    with pytest.raises(BadPicture, match="pixels"):
        inspect_picture(raster("PNG", (10_000, 6_000)))


def test_one_content_lies_there_once():
    store = MediaStore(InMemoryStorage())

    first, again = store.put(b"same", "png"), store.put(b"same", "png")

    assert first == again == sha256_of(b"same")
    assert store.read(f"{first}.png") == b"same"
    assert store.storage.listdir(first[:2])[1] == [f"{first}.png"]


def test_a_file_that_was_cut_short_is_written_again():
    store = MediaStore(InMemoryStorage())
    sha = store.put(b"whole", "png")
    store.storage.delete(f"{sha[:2]}/{sha}.png")
    store.storage.save(f"{sha[:2]}/{sha}.png", io.BytesIO(b"wh"))

    store.put(b"whole", "png")

    assert store.read(f"{sha}.png") == b"whole"


@pytest.mark.parametrize("name", ["../etc/passwd", "a" * 64, "a" * 64 + ".exe", "A" * 64 + ".png", ""])
def test_a_name_that_is_none_is_not_there(name):
    store = MediaStore(InMemoryStorage())

    assert not store.has(name)
    with pytest.raises(FileNotFoundError):
        store.read(name)
