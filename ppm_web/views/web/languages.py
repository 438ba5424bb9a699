"""The language of the pages: chosen by the person, else what the browser asks for, else English."""

from __future__ import annotations

from typing import Final, cast

from flask import Blueprint, Flask, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from ppm_web.extensions import babel
from ppm_web.views.web.access import redirect_back

LANGUAGES: Final = {"en": "English", "pl": "Polski"}
"""The languages of the pages, each in its own words. Not PPM_LANGUAGES, which are the catalogue's."""

COOKIE: Final = "language"
ONE_YEAR: Final = 365 * 24 * 3600

blueprint = Blueprint("languages", __name__)


def init_app(app: Flask) -> None:
    """Let every page of ``app`` speak the person's language, with times in PPM_TIMEZONE."""
    babel.init_app(
        app, locale_selector=chosen_language, timezone_selector=lambda: cast(str, app.config["TIMEZONE"])
    )
    app.context_processor(lambda: {"language": str(get_locale() or "en"), "languages": LANGUAGES})


def chosen_language() -> str:
    """The language of this request: the cookie's, else the best of those that the browser asks for."""
    wanted = request.cookies.get(COOKIE, "")
    return wanted if wanted in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"


@blueprint.post("/language")
def update() -> ResponseReturnValue:
    """Keep the chosen language for a year, and show the same page in it."""
    response: Response = redirect_back(url_for("auth.new"))
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        secure: bool = current_app.config["COOKIE_SECURE"]
        response.set_cookie(COOKIE, wanted, ONE_YEAR, httponly=True, samesite="Lax", secure=secure)
    return response
