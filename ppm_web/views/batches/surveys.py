"""Looking before publishing: a page with a bar, what was found, and the press that publishes it (R25)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from htmx_flask import request
from markupsafe import Markup

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Role, ShopSurvey
from ppm_web.services.batches import surveys
from ppm_web.services.batches.first_publication import Findings
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.ledger import hooks as batch_hooks
from ppm_web.views.batches.form import Choice, ChoiceError
from ppm_web.views.web.access import needs
from ppm_web.views.web.said import said

blueprint = Blueprint("surveys", __name__)

POLL_SECONDS: Final = 2
HELD_UP_POLL_SECONDS: Final = 5


@blueprint.get("/surveys/<survey_id>")
def show(survey_id: str) -> ResponseReturnValue:
    """A look at a shop: its bar while it goes on, then what was found."""
    return _page("show", _found(survey_id))


@blueprint.get("/surveys/<survey_id>/progress")
def progress(survey_id: str) -> ResponseReturnValue:
    """The fragment; it asks again only until the look has ended."""
    return _page("_survey", _found(survey_id))


@blueprint.post("/shops/<row:shop_id>/surveys")
@needs(Role.MANAGER)
def create(shop_id: int) -> ResponseReturnValue:
    """Look what a publication of the chosen products would do; nothing is sent."""
    db.get_or_404(PrestaShopShop, shop_id)
    choice = Choice.read(request.form)
    name = request.form.get("name", "").replace("\0", "").strip()[:255]
    try:
        survey = surveys.request_survey(
            shop_id, choice.selection(), by=current_user.email, name=name or choice.name
        )
    except (ChoiceError, SyncRefusedError) as error:
        flash(said(str(error)), "error")
        return redirect(url_for("batches.new", shop_id=shop_id, **choice.address), 303)
    return redirect(url_for("surveys.show", survey_id=survey.id), 303)


@blueprint.post("/surveys/<survey_id>/again")
@needs(Role.MANAGER)
def again(survey_id: str) -> ResponseReturnValue:
    """Look again for the same products: it failed, or its worker died, or the shop has moved on."""
    _found(survey_id)
    try:
        survey = surveys.look_again(survey_id, by=current_user.email)
    except SyncRefusedError as error:
        flash(said(str(error)), "error")
        return redirect(url_for("surveys.show", survey_id=survey_id), 303)
    return redirect(url_for("surveys.show", survey_id=survey.id), 303)


@blueprint.post("/surveys/<survey_id>/start")
@needs(Role.MANAGER)
def start(survey_id: str) -> ResponseReturnValue:
    """Publish what was looked at: the person has seen what would change."""
    _found(survey_id)
    try:
        batch = surveys.start_from(survey_id, by=current_user.email)
    except SyncRefusedError as error:
        flash(said(str(error)), "error")
    else:
        if batch is not None:
            flash(gettext("Started: %(what)s", what=said(batch_hooks.in_words(batch))), "success")
            return redirect(url_for("batches.show", batch_id=batch.id), 303)
        flash(gettext("Nothing to do: no product is meant. No batch was started."), "warning")
    return redirect(url_for("surveys.show", survey_id=survey_id), 303)


def links(looks: Sequence[ShopSurvey]) -> Markup:
    """That shops are looked at first, with links to where one sees it."""
    link = Markup('<a href="{}">{}</a>')
    found = [link.format(url_for("surveys.show", survey_id=look.id), look.shop.name) for look in looks]
    why = gettext("Nothing was published there yet: it is looked first what would change in")
    return Markup("{} {}").format(why, Markup(", ").join(found))


def _found(survey_id: str) -> ShopSurvey:
    if "\0" in survey_id:
        abort(404)  # PostgreSQL cannot hold it
    try:
        return surveys.found(survey_id)
    except SyncRefusedError:
        abort(404)


def _page(template: str, survey: ShopSurvey) -> str:
    held_up = _held_up(survey)
    return render_template(
        f"surveys/{template}.html",
        survey=survey,
        shop=survey.shop,
        findings=Findings.from_json(survey.result),
        held_up=held_up,
        poll_seconds=None
        if not survey.state.in_flight
        else HELD_UP_POLL_SECONDS
        if held_up
        else POLL_SECONDS,
    )


def _held_up(survey: ShopSurvey) -> str:
    """Why the look does not go on now, "" while it does or where nobody can tell."""
    if not survey.state.in_flight or queue.runs_at_once():
        return ""
    try:
        ticket = surveys.ticket_of(survey.id)
        if not ticket.ready and ticket.delayed:
            return str(gettext("It waits so that the shop is not asked too often, and goes on by itself"))
        if not queue.worker_count():
            return str(gettext("No worker runs: it goes on when one is there"))
    except queue.QueueUnavailableError:
        return str(gettext("The queue cannot be reached: it goes on when it is back"))
    if not ticket.ready:
        return str(gettext("Its worker is gone: it goes on by itself within a minute or two"))
    return ""
