"""People: who may sign in, as what, and who did what. Admins only (R20)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_login import current_user

from ppm_web.models import Role, User, now
from ppm_web.services.accounts import audit, users
from ppm_web.services.accounts.audit import AuditFilter
from ppm_web.services.accounts.users import UserError
from ppm_web.views.web.access import needs, sign_in
from ppm_web.views.web.addresses import id_argument, text_argument
from ppm_web.views.web.audit import ACTIONS, about
from ppm_web.views.web.said import said

blueprint = Blueprint("people", __name__)

ROLES = {
    Role.VIEWER: lazy_gettext("Viewer: looks at everything, changes nothing"),
    Role.MANAGER: lazy_gettext("Manager: edits, syncs and retries"),
    Role.ADMIN: lazy_gettext("Admin: also sets up shops and people"),
}
SINCE = {
    "day": (timedelta(days=1), lazy_gettext("The last 24 hours")),
    "week": (timedelta(days=7), lazy_gettext("The last 7 days")),
    "month": (timedelta(days=30), lazy_gettext("The last 30 days")),
}


@blueprint.get("/people")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Everybody, and the form for one more."""
    return _page()


@blueprint.post("/people")
@needs(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Let somebody sign in. Without a password one is made, and shown this once."""
    email, role = request.form.get("email", ""), request.form.get("role", "")
    about(email.replace("\0", ""))
    try:
        password, made = _wanted_password()
        user = users.add_user(email, password, role)
    except UserError as error:
        return _page(problem=said(str(error)), email=email, role=role), 422
    if made:
        return _page(made=(user.email, password)), 201
    flash(gettext("%(person)s may sign in.", person=user.email), "success")
    return redirect(url_for("people.index"), 303)


@blueprint.post("/people/<row:user_id>/role")
@needs(Role.ADMIN)
def set_role(user_id: int) -> ResponseReturnValue:
    """Give somebody another role."""
    role = request.form.get("role", "")

    def change(user: User) -> str:
        users.set_role(user, role)
        return str(gettext("%(person)s has another role from the next click on.", person=user.email))

    return _changed(user_id, change)


@blueprint.post("/people/<row:user_id>/on")
@needs(Role.ADMIN)
def switch_on(user_id: int) -> ResponseReturnValue:
    """Let somebody sign in again."""

    def change(user: User) -> str:
        users.set_active(user, True)
        return str(gettext("%(person)s may sign in.", person=user.email))

    return _changed(user_id, change)


@blueprint.post("/people/<row:user_id>/off")
@needs(Role.ADMIN)
def switch_off(user_id: int) -> ResponseReturnValue:
    """Let somebody no longer sign in, and end the sessions."""

    def change(user: User) -> str:
        if user.id == current_user.id:
            raise UserError("You cannot switch yourself off: another admin can")
        users.set_active(user, False)
        return str(gettext("%(person)s may no longer sign in.", person=user.email))

    return _changed(user_id, change)


@blueprint.post("/people/<row:user_id>/password")
@needs(Role.ADMIN)
def set_password(user_id: int) -> ResponseReturnValue:
    """Give somebody a new password, which is shown this once, and end the sessions."""
    user = users.find(user_id) or abort(404)
    password = secrets.token_urlsafe(12)
    users.set_password(user, password)
    if user.id == current_user.id:
        sign_in(user)
    return _page(made=(user.email, password))


@blueprint.get("/people/audit")
@needs(Role.ADMIN)
def audit_log() -> ResponseReturnValue:
    """Who did what, newest first; the filters stand in the address."""
    person, action, since = text_argument("person").lower(), text_argument("action"), text_argument("since")
    wanted = AuditFilter(
        person=person,
        action=action if action in ACTIONS else "",
        since=now() - SINCE[since][0] if since in SINCE else None,
    )
    page = audit.page(wanted, id_argument("before"))
    return render_template(
        "people/audit.html",
        page=page,
        wanted=wanted,
        since=since if since in SINCE else "",
        periods={name: words for name, (_, words) in SINCE.items()},
        actions=ACTIONS,
    )


def _changed(user_id: int, change: Callable[[User], str]) -> ResponseReturnValue:
    user = users.find(user_id) or abort(404)
    try:
        flash(change(user), "success")
    except UserError as error:
        flash(said(str(error)), "error")
    return redirect(url_for("people.index"), 303)


def _wanted_password() -> tuple[str, bool]:
    """The password of the form, typed twice, or one that is made here; and whether it was."""
    password, again = request.form.get("password", ""), request.form.get("again", "")
    if not password and not again:
        return secrets.token_urlsafe(12), True
    if password != again:
        raise UserError("The two passwords differ")
    return password, False


def _page(made: tuple[str, str] | None = None, problem: str = "", email: str = "", role: str = "") -> str:
    return render_template(
        "people/index.html",
        people=users.users(),
        roles=ROLES,
        made=made,
        problem=problem,
        email=email,
        role=role or Role.VIEWER.value,
    )
