"""Error pages: plain words and a way on, never a trace."""

from __future__ import annotations

from flask import Flask, g, render_template
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from htmx_flask import request
from werkzeug.exceptions import HTTPException

from ppm_web.extensions import db


def init_app(app: Flask) -> None:
    """Answer every HTTP error of ``app`` by a page, and to htmx by a sentence that it shows."""
    app.register_error_handler(HTTPException, show)


def show(error: Exception) -> ResponseReturnValue:
    """The error's page; it touches no database, for that may be what failed."""
    assert isinstance(error, HTTPException)  # noqa: S101  (it is registered for nothing else)
    if error.response is not None:
        return error
    if error.code == 500:
        db.session.rollback()
        g.setdefault("_login_user", AnonymousUserMixin())  # Flask-Login would ask the database for it
    name = "form" if isinstance(error, CSRFError) else str(error.code)
    response = error.get_response()
    kind = "txt" if request.htmx else "html"
    response.set_data(render_template(f"errors/show.{kind}", name=name))
    response.content_type = f"text/{'plain' if kind == 'txt' else 'html'}; charset=utf-8"
    return response
