"""What every answer says to the browser: what it may load, run, frame and keep."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, current_app, request

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the style sheet draws its form controls with data: images
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


KEPT: Final = frozenset({"static", "product_images.thumbnail", "product_images.show"})
"""What browsers may keep, as long as the answer itself says: its address names its content."""


def init_app(app: Flask) -> None:
    """Set the headers on every answer of ``app``."""
    app.after_request(_set_headers)


def _set_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if current_app.config["COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint not in KEPT or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    return response
