"""/attachments/file: the files of attachments (recordings whole_attachment_*)."""

from __future__ import annotations

from .errors import WebserviceError, php_warning
from .messages import Answer, Request
from .reading import find_entity
from .rendering import XML_TYPE, Renderer, document
from .rows import add_row
from .store import Entity, Store
from .uploads import Upload, read_upload


def answers_here(request: Request) -> bool:
    """Whether a request is about a file, or a POST of XML, which makes nothing."""
    if request.resource != "attachments":
        return False
    return request.segments[1:2] == ["file"] or request.effective_method == "POST"


def answer_attachments(renderer: Renderer, request: Request, method: str) -> Answer:
    """Raises WebserviceError, also for a new file that was saved: 500, code 3 (WHOLE, trap 22)."""
    if request.segments[1:2] != ["file"]:
        return Answer(200, document(), XML_TYPE)
    store = renderer.store
    identifier = request.segments[2] if len(request.segments) > 2 else ""
    attachment = find_entity(store, "attachments", identifier)
    if method in {"GET", "HEAD"}:
        return _show(store, attachment)
    upload = read_upload(request, "file")
    if upload is None:
        raise WebserviceError(400, (76, 'Please set a "file" parameter with file data for value'))
    with store.transaction():
        if method == "POST":
            _add(store, upload)
            place = "classes/webservice/WebserviceSpecificManagementAttachments.php, line 344"
            raise WebserviceError(
                500, php_warning("Trying to access array offset on value of type null", place)
            )
        if attachment is None or method != "PUT":
            raise WebserviceError(400, (57, "This file id does not exist"))
        store.change("attachments", attachment, **_of_file(upload))
        store.save_picture(f"attachments/{attachment.id}", upload.content)
    return Answer(200)


def _show(store: Store, attachment: Entity | None) -> Answer:
    content = store.pictures.get(f"attachments/{attachment.id}") if attachment else None
    if attachment is None or content is None:
        return Answer(404)
    name = attachment.text("file_name").replace('"', "")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(200, content, attachment.text("mime"), headers)


def _add(store: Store, upload: Upload) -> None:
    names = dict.fromkeys(store.languages, upload.fields.get("name", ""))
    row = add_row(store, "attachments", name=names)
    store.change("attachments", row, file=f"file{row.id}", **_of_file(upload))
    store.save_picture(f"attachments/{row.id}", upload.content)


def _of_file(upload: Upload) -> dict[str, str]:
    return {"file_name": upload.name, "file_size": str(len(upload.content)), "mime": upload.mimetype}
