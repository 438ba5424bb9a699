"""The images resource: pictures of products, categories, manufacturers and suppliers."""

from __future__ import annotations

import base64

from .errors import PhpDiedError, WebserviceError, php_warning
from .image_rows import add_image, drop_image, images_of, is_cover_lost
from .messages import Answer, Request
from .reading import find_entity
from .rendering import XML_TYPE, Renderer, cdata, document, json_body
from .store import Entity, Store
from .uploads import read_upload

LIMIT = 2 * 1024 * 1024  # bytes; the shop's default for a picture
SMALLEST_JPEG = 100  # bytes; what is shorter is a file that broke off
KINDS = ("general", "products", "categories", "manufacturers", "suppliers", "stores", "customizations")
_MIME_TYPES = "image/gif, image/jpg, image/jpeg, image/pjpeg, image/png, image/webp, image/x-png"


_NO_PICTURE = (
    "Image upload error : Image format not recognized, allowed formats are: gif, jpg, jpeg, jpe, png, webp"
)


def answer_images(renderer: Renderer, request: Request, method: str) -> Answer:
    """One request to /api/images (recordings images_*, image_*). Raises WebserviceError.

    The pictures are kept as they were sent; the real shop writes them anew.
    """
    parts = request.segments[1:]
    if parts and parts[0] not in KINDS:
        raise WebserviceError(400, (54, f'Image type "{parts[0]}" does not exist'))
    if method in {"GET", "HEAD"}:
        return _show(renderer, parts, as_json=request.wants_json)
    if method == "PATCH":
        raise WebserviceError(405, (67, "This method is not allowed for images"))
    if len(parts) < 2 or parts[0] not in renderer.store.tables:
        raise WebserviceError(
            405, (25, f"Method {method} is not allowed for the resource images with this path")
        )
    with renderer.store.transaction():
        if method == "DELETE":
            return _delete(renderer.store, parts)
        return _upload(renderer, request, parts, method)


def picture_type(content: bytes) -> str | None:
    """The type of a picture by its first bytes: jpeg, png, gif or webp; None for anything else."""
    if content.startswith(b"\xff\xd8\xff") and len(content) > SMALLEST_JPEG:
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def _show(renderer: Renderer, parts: list[str], *, as_json: bool) -> Answer:
    if len(parts) >= 2 + (parts[:1] == ["products"]):
        return _show_picture(renderer.store, parts)
    if len(parts) == 2 and not _images(renderer.store, parts[1]):
        return Answer(404)
    if as_json:
        # JSON of images is broken in the real shop, too (recording images_products_1_json).
        place = "classes/webservice/WebserviceOutputJSON.php, line 127"
        code, warning = php_warning('Undefined array key "objectsNodeName"', place)
        errors = [
            {"code": code, "message": warning},
            {"code": 61, "message": "This image does not exist on disk"},
        ]
        return Answer(500, json_body({"": [], "errors": errors}), "application/json")
    if len(parts) == 2:
        return _show_images_of(renderer, parts[1])
    return _show_kinds(renderer) if not parts else _show_owners(renderer, parts[0])


def _show_picture(store: Store, parts: list[str]) -> Answer:
    """A picture as it was sent, in any of its sizes (WHOLE, "Images")."""
    kind, owner, *rest = parts
    if kind == "products":
        found = find_entity(store, "products", owner)
        rest[0] = str(_image(store, found.id if found else 0, parts).id)
    if len(rest) > (kind == "products") and not any(
        row.text("name") == rest[-1] for row in store["image_types"].all()
    ):
        raise WebserviceError(400, (58, f"This image size does not exist: {rest[-1]}"))
    content = store.pictures.get("/".join([kind, owner, *rest[: int(kind == "products")]]))
    if content is None:
        raise WebserviceError(500, (61, "This image does not exist on disk"))
    return Answer(200, content, picture_type(content) or "application/octet-stream")


def _show_images_of(renderer: Renderer, product: str) -> Answer:
    lines = [
        f'<declination id="{image.id}"{renderer.href(f"images/products/{product}/{image.id}")}/>'
        for image in _images(renderer.store, product)
    ]
    return Answer(200, document(f'<image id="{int(product)}">', *lines, "</image>"), XML_TYPE)


def _show_kinds(renderer: Renderer) -> Answer:
    rights = 'get="true" put="false" post="false" patch="false" delete="false" head="true"'
    lines = [
        f'<{kind}{renderer.href(f"images/{kind}")} {rights} upload_allowed_mimetypes="{_MIME_TYPES}"/>'
        for kind in KINDS
    ]
    return Answer(200, document("<image_types>", *lines, "</image_types>"), XML_TYPE)


def _show_owners(renderer: Renderer, kind: str) -> Answer:
    types = [
        f'<image_type id="{found.id}" name="{found.text("name")}"{renderer.href(f"image_types/{found.id}")}/>'
        for found in renderer.store["image_types"].all()
    ]
    owners = sorted({int(key.split("/")[1]) for key in renderer.store.pictures if key.startswith(f"{kind}/")})
    images = [f'<image id="{owner}"{renderer.href(f"images/{kind}/{owner}")}/>' for owner in owners]
    return Answer(
        200, document("<image_types>", *types, "</image_types>", "<images>", *images, "</images>"), XML_TYPE
    )


def _images(store: Store, product: str) -> list[Entity]:
    found = find_entity(store, "products", product)
    return images_of(store, found.id) if found else []


def _upload(renderer: Renderer, request: Request, parts: list[str], method: str) -> Answer:
    store, (kind, owner) = renderer.store, parts[:2]
    found = find_entity(store, kind, owner)
    if found is None:
        name = store[kind].resource.object_name
        raise WebserviceError(400, (76, f"{name} {owner} does not exist"))
    upload = read_upload(request, "image")
    if upload is None:
        raise WebserviceError(400, (76, 'Please set an "image" parameter with image data for value'))
    content = upload.content
    if len(content) > LIMIT:
        raise WebserviceError(
            400, (72, f"The image size is too large (maximum allowed is {LIMIT // 1024} KB)")
        )
    if kind == "products" and method != "PUT":
        return _add_image(renderer, found.id, content)
    key = f"{kind}/{found.id}"
    if kind == "products":
        key += f"/{_image(store, found.id, parts).id}"
    elif method != "PUT" and key in store.pictures:
        raise WebserviceError(400, (65, "This image already exists. To modify it, please use the PUT method"))
    if picture_type(content) is None:
        raise WebserviceError(400, (73 if method == "PUT" else 76, _NO_PICTURE))
    store.save_picture(key, content)
    return Answer(200, content, picture_type(content) or "")


def _add_image(renderer: Renderer, product: int, content: bytes) -> Answer:
    store = renderer.store
    if is_cover_lost(store, product):  # WHOLE, trap 6
        if renderer.dialect.twin_code is None:
            raise PhpDiedError
        raise WebserviceError(400, (76, _NO_PICTURE))
    is_picture = picture_type(content) is not None
    image = add_image(store, product, content if is_picture else None)
    if not is_picture:  # refused, and yet it is there (WHOLE, trap 5)
        raise WebserviceError(400, (76, _NO_PICTURE))
    legend = "".join(
        f'<language id="{language}"{renderer.href(f"languages/{language}")}>{cdata("")}</language>'
        for language in renderer.languages
    )
    lines = [
        f"<id>{cdata(str(image.id))}</id>",
        *(f"<{name}>{cdata(image.text(name))}</{name}>" for name in ("id_product", "position", "cover")),
    ]
    picture = base64.b64encode(content).decode()
    body = document(
        "<image>", *lines, f"<legend>{legend}</legend>", "</image>",
        f'<content encode="base64">{cdata(picture)}</content>',
    )  # fmt: skip
    return Answer(200, body, XML_TYPE)


def _delete(store: Store, parts: list[str]) -> Answer:
    kind, owner = parts[:2]
    found = find_entity(store, kind, owner)
    if kind != "products":
        if found is None or f"{kind}/{found.id}" not in store.pictures:
            raise WebserviceError(500, (64, "This image does not exist on disk"))
        store.save_picture(f"{kind}/{found.id}", None)
        return Answer(200)
    if found is not None and len(parts) == 2:
        return Answer(200)  # and deletes nothing (WHOLE, trap 7)
    image = _image(store, found.id if found else 0, parts)
    drop_image(store, image)
    return Answer(200)


def _image(store: Store, product: int, parts: list[str]) -> Entity:
    image = find_entity(store, "images", parts[2]) if len(parts) > 2 else None
    if image is None or image.number("id_product") != product:
        raise _no_image()
    return image


def _no_image() -> WebserviceError:
    return WebserviceError(400, (57, "This image id does not exist"))  # recording image_delete_404
