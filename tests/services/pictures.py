"""Pictures for tests, made here."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

GPS = 0x8825
ORIENTATION = 0x0112
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(
    colour: str | int = "red",
    kind: str = "PNG",
    size: tuple[int, int] = (8, 6),
    mode: str = "RGB",
    **options: Any,
) -> bytes:
    """A small picture of one colour."""
    return saved(Image.new(mode, size, colour), kind, **options)


def noise(kind: str = "JPEG", size: tuple[int, int] = (400, 300), **options: Any) -> bytes:
    """A picture that does not compress well."""
    return saved(Image.effect_noise(size, 90).convert("RGB"), kind, **options)


def animation(frames: int = 3, size: tuple[int, int] = (8, 6)) -> bytes:
    """An animated gif."""
    colours = [Image.new("RGB", size, (80 * number, 10, 10)) for number in range(frames)]
    return saved(colours[0], "GIF", save_all=True, append_images=colours[1:])


def from_a_camera() -> bytes:
    """A jpeg that a camera took lying on its side, with the place where it was."""
    image = Image.effect_noise((300, 200), 90).convert("RGB")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[1] = "N"
    return saved(image, "JPEG", exif=exif, quality=100)


def bomb(side: int = 40_000) -> bytes:
    """A png of a few bytes that says it is huge."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def opened(data: bytes) -> Image.Image:
    """The picture that these bytes are."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
