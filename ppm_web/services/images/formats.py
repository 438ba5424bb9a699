"""What a picture is, by its content, and making it fit for a shop: bytes in, bytes out.

PrestaShop takes jpeg, png, gif and webp by content, up to 2 MB by default, and takes a damaged jpeg
without a word (recordings image_post_*): what it would refuse or spoil is converted or told here.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

LONGEST_SIDE = 3000  # pixels; PrestaShop's own largest size is far below
MOST_PIXELS = 50_000_000  # of a picture that is unpacked at all: 150 MB of memory
MOST_BYTES = 20 * 1024 * 1024  # of a picture as it comes, before it is made smaller
THUMBNAIL_SIDE = 240  # pixels: twice what the page shows, for sharp screens

_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a jpeg with a second one behind it, as some cameras write it
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
_READ = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "ICO", "PPM", "TGA")
_FAULTS: tuple[type[Exception], ...] = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error),
    *(IndexError, KeyError, TypeError, OverflowError, MemoryError),
)
"""What Pillow's readers let through when a file is damaged."""
_QUALITIES = (90, 82, 74)
_SMALLEST_SIDE = 16


class ImageError(ValueError):
    """A picture that cannot be used; the message says why, to go on after the picture's name.

    ``temporary``: the next try may well succeed.
    """

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that shops take; ``width`` and ``height`` in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def fitting(data: bytes, max_bytes: int) -> Picture:
    """The picture as shops take it: as it is where it can be, else written anew as png or jpeg.

    Written anew is what has another type, more than ``max_bytes`` bytes or more than LONGEST_SIDE pixels;
    it is turned upright then, and loses its metadata (a camera's position). Raises ImageError for what is
    no picture, is damaged, or cannot be made to fit.
    """
    image = opened(data)
    media_type = _MEDIA_TYPES.get(image.format or "")
    if media_type and len(data) <= max_bytes and max(image.size) <= LONGEST_SIDE:
        return Picture(data, media_type, *image.size)
    if getattr(image, "is_animated", False) and media_type != "image/jpeg":
        raise ImageError(
            f"is an animation of {megabytes(len(data))} and {image.width} × {image.height} pixels, which PPM "
            f"cannot make smaller: {megabytes(max_bytes)} and {LONGEST_SIDE} pixels at most"
        )
    try:
        return _written_anew(image, max_bytes)
    except ImageError:
        raise
    except _FAULTS as error:
        raise ImageError("has colours that PPM cannot convert: save it as PNG or JPEG") from error


def thumbnail(data: bytes) -> bytes:
    """A small webp of a picture, for pages; of an animation the first frame. Raises ImageError."""
    image = upright(opened(data))
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _saved(image, "WEBP", quality=80)


def megabytes(size: int) -> str:
    """A number of bytes in words: 2 MB, 0.5 MB."""
    return f"{size / 1024 / 1024:.1f}".removesuffix(".0") + " MB"


def opened(data: bytes) -> Image.Image:
    """The picture, unpacked, so that damage shows here and not in the shop. Raises ImageError."""
    if not data:
        raise ImageError("is empty")
    if len(data) > MOST_BYTES:
        raise ImageError(f"has {megabytes(len(data))}: {megabytes(MOST_BYTES)} at most")
    try:
        image = Image.open(BytesIO(data), formats=_READ)
        if image.width * image.height > MOST_PIXELS:
            raise _too_many_pixels()
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise ImageError(_what_it_is(data)) from error
    except ImageError:
        raise
    except _FAULTS as error:
        raise ImageError("is damaged, or ends in the middle: save or upload it again") from error
    return image


def _too_many_pixels() -> ImageError:
    return ImageError(f"has more than {MOST_PIXELS // 1_000_000} million pixels: make it smaller")


def _what_it_is(data: bytes) -> str:
    begin = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if begin.startswith((b"<svg", b"<?xml")) and b"<svg" in begin:
        return "is an SVG drawing, which PrestaShop does not take: save it as PNG"
    if begin.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a picture"
    if begin.startswith(b"%pdf"):
        return "is a PDF, not a picture: save its page as PNG or JPEG"
    return "is no picture that PPM can read: use JPEG, PNG, GIF or WebP"


def upright(image: Image.Image) -> Image.Image:
    """In RGB or RGBA, turned as its camera said, without the profile of colours that are gone.

    Raises ImageError for what has more than 8 bits of grey."""
    profile = None if image.mode == "CMYK" else image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):  # 16 bits of grey and more: converting would cut them off
        raise ImageError("has 16 or more bits of grey: save it with 8")
    upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    upright.info = {"icc_profile": profile} if profile else {}
    return upright


def _written_anew(image: Image.Image, max_bytes: int) -> Picture:
    """As png what has no loss yet or lets the ground show through, as jpeg what is a photograph."""
    lossless = image.format not in {"JPEG", "MPO", "WEBP", "AVIF"}
    image = upright(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if lossless and image.mode == "RGB" and len(data := _saved(image, "PNG")) <= max_bytes:
        return Picture(data, "image/png", *image.size)
    while True:
        data = _smallest(image, max_bytes)
        if len(data) <= max_bytes:
            media_type = "image/png" if image.mode == "RGBA" else "image/jpeg"
            return Picture(data, media_type, *image.size)
        if max(image.size) <= _SMALLEST_SIDE:
            raise ImageError(f"cannot be made to fit into {megabytes(max_bytes)}")
        shrink = min(0.9, math.sqrt(max_bytes / len(data)) * 0.95)
        image.thumbnail((max(1, int(image.width * shrink)), max(1, int(image.height * shrink))))


def _smallest(image: Image.Image, max_bytes: int) -> bytes:
    """The picture with as much quality as fits; where nothing fits, with the least."""
    if image.mode == "RGBA":
        return _saved(image, "PNG")
    for quality in _QUALITIES:
        if len(data := _saved(image, "JPEG", quality=quality, optimize=True)) <= max_bytes:
            break
    return data


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, icc_profile=image.info.get("icc_profile"), **options)
    return buffer.getvalue()
