"""One's own account: the role, and the password."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from ppm_web.services.accounts import users
from ppm_web.services.accounts.users import SHORTEST_PASSWORD, SignInThrottledError, UserError
from ppm_web.views.web.access import sign_in
from ppm_web.views.web.said import said

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
def show() -> ResponseReturnValue:
    """The account, with the form for another password."""
    return render_template("account/show.html", shortest=SHORTEST_PASSWORD)


@blueprint.post("/account/password")
def update() -> ResponseReturnValue:
    """Change the password: this session goes on, all others of the person end."""
    form = request.form
    user = users.find(current_user.id) or abort(401)
    try:
        if form.get("password", "") != form.get("again", ""):
            raise UserError("The two passwords differ")
        origin = request.remote_addr or ""
        users.change_password(user, form.get("present", ""), form.get("password", ""), origin=origin)
    except SignInThrottledError as error:
        abort(429, retry_after=error.seconds)
    except UserError as error:
        page = render_template("account/show.html", shortest=SHORTEST_PASSWORD, problem=said(str(error)))
        return page, 422
    sign_in(user)
    flash(gettext("The password is changed. Everywhere else you have to sign in again."), "success")
    return redirect(url_for("account.show"), 303)
