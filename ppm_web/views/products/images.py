"""A product's pictures: upload, order, cover, removal; and the pictures themselves, for those signed in."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, flash, make_response, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import Product, Role
from ppm_web.services.catalog import image_edits
from ppm_web.services.catalog.errors import CatalogError
from ppm_web.services.catalog.image_edits import Uploaded
from ppm_web.services.images import store as image_store
from ppm_web.services.images.formats import ImageError
from ppm_web.services.images.store import HASH
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.said import said

ONE_YEAR: Final = 365 * 24 * 3600

blueprint = Blueprint("product_images", __name__)


@blueprint.get("/images/<content_hash>")
def thumbnail(content_hash: str) -> ResponseReturnValue:
    """A small webp of a picture."""
    return _picture(content_hash, image_store.thumbnail_path, lambda _hash: "image/webp")


@blueprint.get("/images/<content_hash>/original")
def show(content_hash: str) -> ResponseReturnValue:
    """A picture as it is sent to shops."""
    return _picture(content_hash, image_store.original_path, image_store.media_type)


@blueprint.post("/products/<row:product_id>/images")
@needs(Role.MANAGER)
def create(product_id: int) -> ResponseReturnValue:
    """Add the uploaded pictures; those that cannot be used are told, the others are added."""
    db.get_or_404(Product, product_id)
    files = [(file.filename, file.read()) for file in request.files.getlist("images") if file.filename]
    if not files:
        return _answer(product_id, gettext("Choose one or more pictures first"), "error", 422)
    return _told(product_id, image_edits.add_images(product_id, files))


@blueprint.post("/products/<row:product_id>/images/<row:image_id>/remove")
@needs(Role.MANAGER)
def remove(product_id: int, image_id: int) -> ResponseReturnValue:
    """Take a picture away."""
    return _edited(
        gettext("Removed. The next sync brings it to the shops"),
        product_id,
        image_id,
        image_edits.remove_image,
    )


@blueprint.post("/products/<row:product_id>/images/<row:image_id>/up")
@needs(Role.MANAGER)
def up(product_id: int, image_id: int) -> ResponseReturnValue:
    """Move a picture one place to the front."""
    return _edited(
        gettext("Moved. The next sync brings it to the shops"),
        product_id,
        image_id,
        partial(image_edits.move_image, by=-1),
    )


@blueprint.post("/products/<row:product_id>/images/<row:image_id>/down")
@needs(Role.MANAGER)
def down(product_id: int, image_id: int) -> ResponseReturnValue:
    """Move a picture one place to the back."""
    return _edited(
        gettext("Moved. The next sync brings it to the shops"),
        product_id,
        image_id,
        partial(image_edits.move_image, by=1),
    )


@blueprint.post("/products/<row:product_id>/images/<row:image_id>/cover")
@needs(Role.MANAGER)
def cover(product_id: int, image_id: int) -> ResponseReturnValue:
    """Make a picture the cover."""
    return _edited(
        gettext("New cover. The next sync brings it to the shops"),
        product_id,
        image_id,
        image_edits.make_cover,
    )


def _picture(
    content_hash: str, path_of: Callable[[str], Path], type_of: Callable[[str], str]
) -> ResponseReturnValue:
    """The content under a hash never changes, so a browser may keep it; nobody between may."""
    if not HASH.fullmatch(content_hash):
        abort(404)
    try:
        path, media_type = path_of(content_hash), type_of(content_hash)
    except ImageError:
        abort(404)
    response = send_file(path, mimetype=media_type, etag=content_hash, last_modified=None)
    response.headers["Cache-Control"] = f"private, max-age={ONE_YEAR}, immutable"
    return response


def _edited(
    done: str, product_id: int, image_id: int, edit: Callable[[int, int, str], None]
) -> ResponseReturnValue:
    db.get_or_404(Product, product_id)
    try:
        edit(product_id, image_id, request.form.get("source", ""))
    except CatalogError as error:
        return _answer(product_id, said(str(error)), "error", 409)
    return _answer(product_id, done, "success", 200)


def _told(product_id: int, uploaded: Uploaded) -> ResponseReturnValue:
    added = ngettext("%(num)s image added", "%(num)s images added", uploaded.added)
    if not uploaded.refused:
        return _answer(
            product_id,
            gettext("%(added)s. The next sync brings them to the shops", added=added),
            "success",
            200,
        )
    told = ". ".join([*map(said, uploaded.refused), *([added] if uploaded.added else [])])
    return _answer(product_id, told, "error", 422)


def _answer(product_id: int, message: str, kind: str, code: int) -> ResponseReturnValue:
    """The fragment with its message, or the way back to the page that shows both."""
    if not request.htmx:
        flash(message, kind)
        return redirect_back(url_for("products.show", product_id=product_id), "images")
    product = db.get_or_404(Product, product_id, populate_existing=True)
    response: Response = make_response(render_template("products/_images.html", product=product), code)
    response.headers["HX-Trigger-After-Swap"] = json.dumps({"ppm:tell": {"message": message, "kind": kind}})
    return response
