"""The storage folder: every picture kept once, under the SHA-256 of its content, whoever uses it.

The row comes before the file and goes with it, so that a picture that a product refers to is always there;
a file is written beside its place and renamed, so that nobody ever reads half of one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy import ColumnElement, delete, select

from ppm_web.extensions import db, reading
from ppm_web.models import ImageFile, ProductImage, now
from ppm_web.services.images import formats
from ppm_web.services.images.formats import ImageError
from ppm_web.services.upserts import upsert

HASH: Final = re.compile(r"[0-9a-f]{64}")
GRACE: Final = timedelta(days=1)
"""How long an unused picture stays: it may be on its way to its product, or come back by an undo."""

_THUMBNAILS = "thumbnails"
_UNFINISHED = ".part-"


def keep(data: bytes) -> ImageFile:
    """Keep a picture, made fit for shops where it is not (image_formats), and commit.

    The same content is kept once. Raises ImageError. Unpacking may take a second or two: no transaction
    must be open.
    """
    picture = formats.fitting(data, current_app.config["IMAGE_MAX_BYTES"])
    content_hash = hashlib.sha256(picture.data).hexdigest()
    values = {
        "content_hash": content_hash,
        "media_type": picture.media_type,
        "size": len(picture.data),
        "width": picture.width,
        "height": picture.height,
        "created_at": now(),
    }
    # The time is set anew, so that forget_unused() leaves a picture alone that has just come again.
    upsert(ImageFile, values, ["content_hash"], {"created_at": values["created_at"]})
    db.session.commit()
    _write(_path(content_hash), picture.data)
    with reading():
        return db.session.get_one(ImageFile, content_hash, populate_existing=True)


def read(content_hash: str) -> bytes:
    """The content of a picture. Raises ImageError when it is not in the folder."""
    try:
        return _path(content_hash).read_bytes()
    except OSError as error:
        raise ImageError("is lost from the storage folder: upload or import it again") from error


def media_type(content_hash: str) -> str:
    """The type of a picture, such as image/png. Raises ImageError when nobody keeps it any more."""
    with reading():
        found = db.session.scalars(
            select(ImageFile.media_type).where(ImageFile.content_hash == content_hash)
        ).one_or_none()
    if found is None:
        raise ImageError("is not in the storage folder any more: upload or import it again")
    return found


def thumbnail_path(content_hash: str) -> Path:
    """The picture's thumbnail (webp), made when it is asked for first. Raises ImageError."""
    path = _path(content_hash, _THUMBNAILS)
    if not path.is_file():
        _write(path, formats.thumbnail(read(content_hash)))
    return path


def original_path(content_hash: str) -> Path:
    """Where the picture is. Raises ImageError when it is not in the folder."""
    path = _path(content_hash)
    if not path.is_file():
        raise ImageError("is lost from the storage folder: upload or import it again")
    return path


def forget_unused() -> int:
    """Delete the pictures that no product has had for a day, and return how many; commits each.

    For the retention schedule. What was left half written by a killed process goes with them.
    """
    limit = now() - GRACE
    _sweep_unfinished(limit)
    with reading():
        unused = db.session.scalars(
            select(ImageFile.content_hash).where(ImageFile.created_at < limit, ~_used())
        ).all()
    return sum(_forget(content_hash, limit) for content_hash in unused)


def folder() -> Path:
    """The storage folder: PPM_IMAGE_FOLDER, or ``images`` in the instance folder."""
    return Path(current_app.config["IMAGE_FOLDER"] or Path(current_app.instance_path) / "images")


def _used() -> ColumnElement[bool]:
    return select(ProductImage.id).where(ProductImage.content_hash == ImageFile.content_hash).exists()


def _forget(content_hash: str, limit: datetime) -> bool:
    """The files go before the commit: whoever keeps the same content meanwhile waits, and writes it anew."""
    result = db.session.execute(
        delete(ImageFile)
        .where(ImageFile.content_hash == content_hash, ImageFile.created_at < limit, ~_used())
        .execution_options(synchronize_session=False)
    )
    gone = bool(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for a DELETE
    if gone:
        _path(content_hash).unlink(missing_ok=True)
        _path(content_hash, _THUMBNAILS).unlink(missing_ok=True)
    db.session.commit()
    return gone


def _path(content_hash: str, *below: str) -> Path:
    """Two levels of folders of 256 each: no folder gets too full."""
    if not HASH.fullmatch(content_hash):
        raise ImageError("is not named by a content hash")
    return folder().joinpath(*below, content_hash[:2], content_hash[2:4], content_hash)


def _write(path: Path, data: bytes) -> None:
    if path.is_file() and path.stat().st_size == len(data):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _sweep_unfinished(limit: datetime) -> None:
    for path in folder().glob(f"**/{_UNFINISHED}*"):
        with suppress(FileNotFoundError):  # its writer has just finished it, or another sweep was first
            if path.stat().st_mtime < limit.timestamp():
                path.unlink()
