"""Who may see and do what: closed by default, by role, and ways back only inside the site."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import Final, ParamSpec, cast
from urllib.parse import urlsplit

from flask import Flask, Response, abort, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from htmx_flask import request as htmx_request
from werkzeug.middleware.proxy_fix import ProxyFix

from ppm_web.extensions import db, login, read_only
from ppm_web.models import Role, User

OPEN_TO_ALL: Final = frozenset({"auth.new", "auth.create", "health.show", "languages.update", "static"})
"""The only endpoints that answer a person who is not signed in."""

RANKS: Final = {Role.VIEWER: 0, Role.MANAGER: 1, Role.ADMIN: 2}

P = ParamSpec("P")


def init_app(app: Flask) -> None:
    """Guard every route of ``app``, also those that are added later."""
    login.user_loader(_load_user)
    if proxies := app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a token lives as long as its session: a page may stay open
    # Before the CSRF check, so that an ended session answers "sign in" and not "the page is too old".
    app.before_request_funcs.setdefault(None, [])[:0] = [_begin_reading, _require_sign_in]
    app.teardown_request(_end_reading)
    app.context_processor(lambda: {"may": may})


def sign_in(user: User) -> None:
    """Begin a new session for ``user``: nothing of the old one stays, its CSRF token included."""
    session.clear()
    session.permanent = True  # for PPM_SESSION_HOURS after the last click, also when the browser is closed
    login_user(user)


def sign_out() -> None:
    """End the session."""
    logout_user()
    session.clear()


def may(role: Role | str) -> bool:
    """Whether the person who is signed in has ``role``, or one that may more."""
    return bool(current_user.is_authenticated) and RANKS[current_user.role] >= RANKS[Role(role)]


def needs(
    role: Role,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Answer 403 to those whose role may less than ``role``."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            return view(*args, **kwargs) if may(role) else abort(403)

        return guarded

    return decorate


def safe_path(target: str | None) -> str | None:
    """``target`` if it is a path of this site, else None.

    Browsers read a backslash as a slash and drop control characters, so neither may be in it.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(character) < 0x21 for character in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def redirect_back(otherwise: str, anchor: str = "") -> Response:
    """Back to the page of this site that the form stood on, else to ``otherwise``."""
    here = _path_of(request.referrer) or otherwise
    return cast(Response, redirect(f"{here}#{anchor}" if anchor else here, 303))


def _load_user(session_id: str) -> User | None:
    """The person of a session; None when the session key is an old one."""
    number, _, key = session_id.partition(".")
    user = db.session.get(User, int(number)) if number.isdecimal() and len(number) < 10 else None
    return user if user is not None and compare_digest(user.session_key.encode(), key.encode()) else None


def _begin_reading() -> None:
    read_only.set(request.method in {"GET", "HEAD"})


def _end_reading(_error: BaseException | None) -> None:
    read_only.set(False)


def _require_sign_in() -> Response | None:
    if request.endpoint in OPEN_TO_ALL or current_user.is_authenticated:
        return None
    if htmx_request.htmx:
        response = make_response(gettext("Your session has ended: sign in again."), 401)
        response.headers["HX-Redirect"] = _sign_in_page(_path_of(htmx_request.htmx.current_url))
        response.content_type = "text/plain; charset=utf-8"
        return response
    return cast(Response, redirect(_sign_in_page(_present_path()), 303))


def _sign_in_page(after: str | None) -> str:
    return url_for("auth.new", next=None if after == "/" else after)


def _present_path() -> str | None:
    if request.method != "GET":
        return _path_of(request.referrer)
    return request.full_path if request.query_string else request.path


def _path_of(url: str | None) -> str | None:
    """Path and query of an address of this site; None for any other."""
    parts = urlsplit(url or "")
    if parts.netloc != request.host:
        return None
    return safe_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
