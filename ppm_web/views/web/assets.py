"""Static files carry a hash of their content in their address, so that browsers may keep them.

Those that are text are sent gzipped.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

ONE_YEAR: Final = 365 * 24 * 3600

COMPRESSED: Final = frozenset({".css", ".js", ".svg"})

_versions: dict[Path, tuple[int, str]] = {}
_gzipped: dict[str, bytes] = {}


def init_app(app: Flask) -> None:
    """Add the hash to every address of a static file, and let such addresses be kept for a year."""
    app.url_defaults(_add_version)
    app.after_request(_let_keep)


def version_of(filename: str) -> str:
    """A short hash of the static file's content; empty where there is no such file."""
    joined = safe_join(str(current_app.static_folder), filename)
    path = Path(joined or "")
    if joined is None or not path.is_file():
        return ""
    changed = path.stat().st_mtime_ns
    if path not in _versions or _versions[path][0] != changed:
        _versions[path] = changed, hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return _versions[path][1]


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "v" not in values:
        values["v"] = version_of(values["filename"]) or None


def _let_keep(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code in {200, 304}:
        filename = (request.view_args or {}).get("filename", "")
        version = version_of(filename)
        kept = bool(version) and request.args.get("v") == version
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable" if kept else "no-cache"
        if response.status_code == 200 and Path(filename).suffix in COMPRESSED:
            _compress(response, filename, version)
    return response


def _compress(response: Response, filename: str, version: str) -> None:
    """Send a text gzipped (the style sheet is an eighth of its size then) to those who take that."""
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") <= 0 or request.method != "GET":
        return
    if version not in _gzipped:
        _gzipped[version] = gzip.compress(Path(str(current_app.static_folder), filename).read_bytes())
    response.close()  # the plain file, which is not sent
    response.direct_passthrough = False
    response.set_data(_gzipped[version])
    response.headers["Content-Encoding"] = "gzip"
    response.set_etag(version, weak=True)
