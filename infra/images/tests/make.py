"""Originals to try: drawn here, so that every pixel of an output can be reckoned."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255)


def quarters(width: int = 800, height: int = 600, mode: str = "RGB") -> Image.Image:
    """Four fields: red and green above, blue and white below."""
    image = Image.new(mode, (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill=GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill=BLUE)
    return image


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **({"quality": 95} | options if format == "JPEG" else options))
    return out.getvalue()


def turned(image: Image.Image, orientation: int) -> bytes:
    """A JPEG as a phone writes it: its pixels lie, and EXIF says how it was held, where, and by whom."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera of nobody"
    exif.get_ifd(0x8825)[1] = "N"
    return encoded(image, exif=exif.tobytes())


def bomb(side: int, rows: int | None = None) -> bytes:
    """A PNG of some kilobytes that says it is `side` × `side` pixels of eight bytes, and holds so many `rows`."""
    head = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    packer, row = zlib.compressobj(9), b"\0" * (1 + side * 8)
    body = b"".join(packer.compress(row) for _ in range(side if rows is None else rows)) + packer.flush()
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def moving(frames: int = 4, size: tuple[int, int] = (240, 120)) -> bytes:
    """A GIF whose pictures go from red to blue."""
    made = [
        Image.new("RGB", size, (255 - 60 * n, 0, 60 * n)).convert("P", palette=Image.Palette.ADAPTIVE)
        for n in range(frames)
    ]
    out = io.BytesIO()
    made[0].save(out, "GIF", save_all=True, append_images=made[1:], duration=80, loop=0)
    return out.getvalue()
