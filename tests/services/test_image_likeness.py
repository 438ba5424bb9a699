"""A picture that a shop has written anew is the same one still; another one is not."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from ppm_web.services.images.likeness import likeness
from tests.services.pictures import SVG, from_a_camera, noise, opened, picture, saved


def same(one: bytes, other: bytes) -> bool:
    mine, theirs = likeness(one), likeness(other)
    return mine is not None and theirs is not None and mine.is_like(theirs)


def mug(label: str = "HELLO", colour: str = "red", size: tuple[int, int] = (600, 500)) -> Image.Image:
    """A mug with a label on a white ground, as shops show them."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((200, 120, 400, 400), fill=colour, outline="black", width=4)
    draw.arc((370, 180, 480, 320), 270, 90, fill="black", width=12)
    draw.text((240, 220), label, fill="white", font_size=40)
    return image


@pytest.mark.parametrize("quality", [95, 90, 75])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_a_picture_written_anew_as_jpeg_is_the_same(kind: str, quality: int) -> None:
    ours = saved(mug(), kind)
    assert same(ours, saved(opened(ours).convert("RGB"), "JPEG", quality=quality))


@pytest.mark.parametrize("quality", [90, 75])
def test_a_photograph_written_anew_is_the_same(quality: int) -> None:
    ours = noise(size=(1200, 900))
    assert same(ours, saved(opened(ours), "JPEG", quality=quality))


def test_a_ground_that_shows_through_becomes_white() -> None:
    drawn = mug()
    drawn.putalpha(drawn.convert("L").point([255] * 255 + [0]))
    assert same(saved(drawn, "PNG"), saved(mug(), "JPEG", quality=90))


def test_a_photograph_that_lay_on_its_side_is_the_same_when_it_stands() -> None:
    lying = from_a_camera()
    upright = opened(lying).transpose(Image.Transpose.ROTATE_270)
    assert same(lying, saved(upright, "JPEG", quality=90))


@pytest.mark.parametrize(
    "other",
    [mug("HELLP"), mug("HELLO", "blue"), mug("HELLO", "#f00000"), mug(size=(601, 500)), mug("")],
    ids=["label", "colour", "shade", "size", "blank"],
)
def test_another_picture_is_not_the_same(other: Image.Image) -> None:
    assert not same(saved(mug(), "PNG"), saved(other, "PNG"))


@pytest.mark.parametrize("data", [b"", b"hello", SVG, picture()[:40]])
def test_what_is_no_picture_is_like_none(data: bytes) -> None:
    assert likeness(data) is None
