"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from ppm_web.services.accounts.users import SignInThrottledError, authenticate, note_sign_in
from ppm_web.views.web import audit
from ppm_web.views.web.access import safe_path, sign_in, sign_out

blueprint = Blueprint("auth", __name__)


class SignInForm(FlaskForm):  # type: ignore[misc]  # flask-wtf ships no types
    """An address and a password, with a CSRF token."""

    email = StringField(validators=[InputRequired()])
    password = PasswordField(validators=[InputRequired()])


@blueprint.get("/login")
def new() -> ResponseReturnValue:
    """The form; those who are signed in go on."""
    if current_user.is_authenticated:
        return redirect(_way_on())
    return render_template("auth/new.html", form=SignInForm(), after=safe_path(request.args.get("next")))


@blueprint.post("/login")
def create() -> ResponseReturnValue:
    """Sign in and go where the person wanted to."""
    form = SignInForm()
    audit.by(form.email.data or "")
    try:
        user = form.validate_on_submit() and authenticate(
            form.email.data or "", form.password.data or "", origin=request.remote_addr or ""
        )
    except SignInThrottledError as error:
        abort(429, retry_after=error.seconds)
    if not user:
        after = safe_path(request.form.get("next"))
        return render_template("auth/new.html", form=form, after=after, refused=True), 422
    sign_in(user)
    note_sign_in(user)
    return redirect(_way_on(), 303)


@blueprint.post("/logout")
def destroy() -> ResponseReturnValue:
    """Sign out."""
    sign_out()
    return redirect(url_for("auth.new"), 303)


def _way_on() -> str:
    return safe_path(request.form.get("next") or request.args.get("next")) or url_for("overview.index")
