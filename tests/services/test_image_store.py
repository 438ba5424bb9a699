"""Pictures are kept once by their content, made fit for shops, and refused in plain words."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from ppm_web import create_app
from ppm_web.config import SettingError
from ppm_web.extensions import db
from ppm_web.models import ImageFile, ProductImage, now
from ppm_web.services.images import store as image_store
from ppm_web.services.images.formats import ImageError
from tests.factories import make_product
from tests.services.pictures import GPS, SVG, animation, bomb, from_a_camera, noise, opened, picture, saved
from tests.support import SECRET_KEY


@pytest.fixture(autouse=True)
def folder(app: Flask, tmp_path: Path) -> Path:
    app.config["IMAGE_FOLDER"] = str(tmp_path / "images")
    return tmp_path / "images"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (picture(kind="JPEG"), "image/jpeg"),
        (picture(kind="PNG"), "image/png"),
        (picture(kind="WEBP"), "image/webp"),
        (picture(kind="GIF"), "image/gif"),
        (animation(), "image/gif"),
    ],
)
def test_what_shops_take_is_kept_as_it_is(folder: Path, data: bytes, media_type: str) -> None:
    kept = image_store.keep(data)

    assert kept.content_hash == hashlib.sha256(data).hexdigest()
    assert (kept.media_type, kept.size, kept.width, kept.height) == (media_type, len(data), 8, 6)
    assert image_store.read(kept.content_hash) == data
    (path,) = files(folder)
    name = kept.content_hash
    assert path.relative_to(folder).parts == (name[:2], name[2:4], name)


def test_the_same_content_is_kept_once(folder: Path) -> None:
    first = image_store.keep(picture())
    second = image_store.keep(picture())

    assert first.content_hash == second.content_hash
    assert len(files(folder)) == 1
    assert len(db.session.scalars(select(ImageFile)).all()) == 1


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (picture(kind="BMP"), "image/png"),
        (picture(kind="TIFF"), "image/png"),
        (picture(kind="TIFF", mode="RGBA", colour="#ff000080"), "image/png"),
        (noise("BMP", (2000, 1500)), "image/jpeg"),
    ],
)
def test_other_types_are_converted(data: bytes, media_type: str) -> None:
    kept = image_store.keep(data)
    converted = opened(image_store.read(kept.content_hash))
    assert (kept.media_type, converted.size) == (media_type, opened(data).size)
    assert converted.has_transparency_data == opened(data).has_transparency_data


def test_too_many_bytes_are_made_fewer_until_they_fit(app: Flask) -> None:
    app.config["IMAGE_MAX_BYTES"] = 20_000
    for data in (noise("JPEG", quality=100), noise("PNG")):
        kept = image_store.keep(data)
        assert len(data) > 20_000
        assert kept.size == len(image_store.read(kept.content_hash)) <= 20_000
        assert kept.width / kept.height == pytest.approx(4 / 3, rel=0.05)


def test_transparency_is_kept_when_a_picture_is_made_smaller(app: Flask) -> None:
    app.config["IMAGE_MAX_BYTES"] = 20_000
    image = opened(noise("PNG")).convert("RGBA")
    image.putalpha(100)
    kept = image_store.keep(saved(image, "PNG"))
    assert (kept.media_type, kept.size <= 20_000) == ("image/png", True)
    assert opened(image_store.read(kept.content_hash)).getpixel((0, 0))[3] == 100  # type: ignore[index]


def test_too_many_pixels_a_side_are_made_fewer() -> None:
    kept = image_store.keep(picture(kind="JPEG", size=(4000, 1000)))
    assert (kept.width, kept.height) == (3000, 750)


def test_a_photograph_that_is_written_anew_stands_upright_and_does_not_tell_where_it_was_taken(
    app: Flask,
) -> None:
    data = from_a_camera()
    assert opened(data).getexif().get_ifd(GPS)
    app.config["IMAGE_MAX_BYTES"] = len(data) - 1

    kept = image_store.keep(data)

    assert (kept.width, kept.height) == (200, 300)
    assert not opened(image_store.read(kept.content_hash)).getexif()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"just a text", "no picture"),
        (SVG, "SVG"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
        (noise("JPEG")[:2000], "damaged"),
        (noise("PNG")[:2000], "damaged"),
        (noise("WEBP")[:2000], "damaged|no picture"),
        (picture("red", "PNG")[:20], "damaged|no picture"),
        (bomb(), "million pixels"),
        (bomb(9_000), "million pixels"),
        (b"\0" * (20 * 1024 * 1024 + 1), "20 MB"),
        (animation(size=(3200, 4)), "animation"),
        (picture(kind="TIFF", mode="I;16", colour=900), "16 or more bits"),
    ],
)
def test_what_cannot_be_used_is_told_and_not_kept(folder: Path, data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        image_store.keep(data)
    assert not caught.value.temporary
    assert not files(folder)
    assert not db.session.scalars(select(ImageFile)).all()


def test_a_limit_that_no_picture_fits_into_is_no_setting() -> None:
    with pytest.raises(SettingError, match="PPM_IMAGE_MAX_BYTES"):
        create_app({"SECRET_KEY": SECRET_KEY, "IMAGE_MAX_BYTES": 9_999})


def test_a_thumbnail_is_made_once(folder: Path) -> None:
    kept = image_store.keep(noise(size=(800, 400)))
    path = image_store.thumbnail_path(kept.content_hash)
    made = path.stat().st_mtime_ns

    assert image_store.thumbnail_path(kept.content_hash).stat().st_mtime_ns == made
    thumbnail = opened(path.read_bytes())
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (240, 120))


@pytest.mark.parametrize("name", ["", "..", "../../ppm.sqlite3", "A" * 64, "a" * 63])
def test_only_hashes_name_pictures(name: str) -> None:
    with pytest.raises(ImageError):
        image_store.read(name)


def test_a_lost_picture_comes_back_when_it_is_kept_again(folder: Path) -> None:
    kept = image_store.keep(picture())
    files(folder)[0].unlink()
    with pytest.raises(ImageError, match="lost"):
        image_store.read(kept.content_hash)
    image_store.keep(picture())
    assert image_store.read(kept.content_hash) == picture()


def test_pictures_that_no_product_has_go_after_a_day(folder: Path) -> None:
    used, unused, again = (image_store.keep(picture(colour)) for colour in ("red", "green", "blue"))
    image_store.thumbnail_path(unused.content_hash)
    unfinished = folder / used.content_hash[:2] / ".part-0123"
    unfinished.write_bytes(b"half")
    image = ProductImage(position=0, source="red.png", content_hash=used.content_hash)
    make_product(images=[image])
    assert image_store.forget_unused() == 0

    with time_machine.travel(now() + timedelta(hours=25)):
        image_store.keep(picture("blue"))
        assert image_store.forget_unused() == 1

    left = {path.name for path in files(folder)}
    assert left == {used.content_hash, again.content_hash}
    rows = db.session.scalars(select(ImageFile.content_hash)).all()
    assert set(rows) == left


def test_a_half_written_picture_that_is_finished_meanwhile_does_not_stop_the_retention(folder: Path) -> None:
    below = folder / "00"
    below.mkdir(parents=True)
    (below / ".part-0123").symlink_to(
        below / "renamed by its writer"
    )  # listed, and gone when it is looked at
    assert image_store.forget_unused() == 0
