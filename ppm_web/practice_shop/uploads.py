"""Files that are sent as multipart forms."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import IO

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from .messages import Request


@dataclass(frozen=True)
class Upload:
    """One file of a form, and the form's other fields."""

    content: bytes
    name: str
    mimetype: str
    fields: dict[str, str]


def read_upload(request: Request, name: str) -> Upload | None:
    """The file with this name. None without one, and for anything but a POST: PHP reads no other form.

    Source: recording image_put_replace_multipart_real_put.
    """
    if request.method != "POST":
        return None
    mimetype, options = parse_options_header(request.headers.get("content-type"))
    parser = FormDataParser(stream_factory=_in_memory, silent=True)
    _stream, form, files = parser.parse(BytesIO(request.body), mimetype, len(request.body), options)
    found = files.get(name)
    if found is None:
        return None
    return Upload(found.stream.read(), found.filename or "", found.mimetype, form.to_dict())


def _in_memory(*_arguments: object, **_named: object) -> IO[bytes]:
    return BytesIO()
