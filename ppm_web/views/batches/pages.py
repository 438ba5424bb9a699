"""Batches: the list, a batch with its bar and products, starting one, and pause, resume, cancel, retry."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import BatchState, ItemOutcome, JobBatch, PrestaShopShop, Role
from ppm_web.services.batches import control as batch_control
from ppm_web.services.batches import reports as batch_reports
from ppm_web.services.batches import surveys
from ppm_web.services.batches.control import BatchError
from ppm_web.services.batches.first_publication import UnconfirmedError
from ppm_web.services.errors import SyncRefusedError
from ppm_web.services.ledger import hooks as batch_hooks
from ppm_web.views.batches import form
from ppm_web.views.batches import progress as batch_progress
from ppm_web.views.batches import rows as batch_rows
from ppm_web.views.batches.form import Choice, ChoiceError
from ppm_web.views.batches.progress import Seen
from ppm_web.views.batches.rows import Place
from ppm_web.views.categories import choice as category_choice
from ppm_web.views.products import rows as product_rows
from ppm_web.views.web.access import needs
from ppm_web.views.web.addresses import id_argument, text_argument
from ppm_web.views.web.display import number
from ppm_web.views.web.said import said

blueprint = Blueprint("batches", __name__)
blueprint.add_app_template_filter(batch_progress.in_words, "time_in_words")


@blueprint.get("/batches")
def index() -> ResponseReturnValue:
    """Batches, newest first; shop, state and page stand in the address."""
    state = text_argument("state")
    shop_id, known = id_argument("shop"), BatchState(state) if state in list(BatchState) else None
    page = batch_rows.batch_page(shop_id, known, text_argument("before"))
    shops = product_rows.shops()
    return render_template("batches/index.html", page=page, shops=shops, shop_id=shop_id, state=known)


@blueprint.get("/batches/<batch_id>")
def show(batch_id: str) -> ResponseReturnValue:
    """A batch with its bar and its products; the filters of the products stand in the address."""
    batch = _found(batch_id)
    wanted, search = text_argument("outcome"), text_argument("q")
    outcome = ItemOutcome(wanted) if wanted in list(ItemOutcome) else None
    return render_template(
        "batches/show.html",
        batch=batch,
        progress=batch_progress.progress_of(batch, None),
        page=batch_rows.item_page(batch, outcome, search, Place.read(text_argument("after"))),
        outcome=outcome,
        search=search,
        outcomes=batch_rows.ORDER,
    )


@blueprint.get("/batches/<batch_id>/progress")
def progress(batch_id: str) -> ResponseReturnValue:
    """The bar. When what a page polled for has ended, screen readers are told."""
    batch = _found(batch_id)
    told = {"message": batch_hooks.in_words(batch), "kind": "quiet"} if "polled" in request.args else None
    return _bar(batch, told, Seen.read(text_argument("seen")))


@blueprint.get("/shops/<row:shop_id>/batches/new")
def new(shop_id: int) -> ResponseReturnValue:
    """What a batch of the chosen products would do: nothing is written, no shop is asked."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    choice, problem, estimate = Choice.read(request.args), "", None
    categories = category_choice.choices(id_argument("category") or 0)
    try:
        estimate = batch_reports.estimate(shop_id, choice.selection())
    except ChoiceError as error:
        problem = str(error)
    return render_template(
        "batches/new.html",
        shop=shop,
        choice=choice,
        kinds=form.KINDS,
        categories=categories,
        most_categories=category_choice.MOST,
        problem=problem,
        estimate=estimate,
    )


@blueprint.post("/shops/<row:shop_id>/batches")
@needs(Role.MANAGER)
def create(shop_id: int) -> ResponseReturnValue:
    """Start a batch of the chosen products; its page is where one goes on."""
    db.get_or_404(PrestaShopShop, shop_id)
    choice = Choice.read(request.form)
    name = request.form.get("name", "").replace("\0", "").strip()
    who = current_user.email
    try:
        name = name or choice.name
        batch = batch_control.bulk_sync(shop_id, choice.selection(), by=who, name=name)
    except UnconfirmedError:
        survey = surveys.request_survey(shop_id, choice.selection(), by=who, name=name[:255], starts=True)
        return redirect(url_for("surveys.show", survey_id=survey.id), 303)
    except (ChoiceError, SyncRefusedError) as error:
        flash(said(str(error)), "error")
    else:
        if batch is not None:
            flash(gettext("Started: %(what)s", what=said(batch_hooks.in_words(batch))), "success")
            return redirect(url_for("batches.show", batch_id=batch.id), 303)
        flash(gettext("Nothing to do: no product is meant. No batch was started."), "warning")
    return redirect(url_for("batches.new", shop_id=shop_id, **choice.address), 303)


@blueprint.post("/batches/<batch_id>/pause")
@needs(Role.MANAGER)
def pause(batch_id: str) -> ResponseReturnValue:
    """Let the batch wait after the groups that run now."""

    def change(batch: JobBatch) -> str:
        batch_control.pause(batch.id)
        return str(gettext("Paused: what runs now is finished, the rest waits"))

    return _changed(batch_id, change)


@blueprint.post("/batches/<batch_id>/resume")
@needs(Role.MANAGER)
def resume(batch_id: str) -> ResponseReturnValue:
    """Let a paused batch go on."""

    def change(batch: JobBatch) -> str:
        batch_control.resume(batch.id)
        return str(
            ngettext(
                "Goes on: %(count)s product waits",
                "Goes on: %(count)s products wait",
                batch.waiting,
                count=number(batch.waiting),
            )
        )

    return _changed(batch_id, change)


@blueprint.post("/batches/<batch_id>/cancel")
@needs(Role.MANAGER)
def cancel(batch_id: str) -> ResponseReturnValue:
    """End the batch; what still waits is not sent."""

    def change(batch: JobBatch) -> str:
        cancelled = batch_control.cancel(batch.id)
        return str(
            ngettext(
                "Cancelled: %(count)s product that waited is not sent",
                "Cancelled: %(count)s products that waited are not sent",
                cancelled,
                count=number(cancelled),
            )
        )

    return _changed(batch_id, change)


@blueprint.post("/batches/<batch_id>/retry")
@needs(Role.MANAGER)
def retry(batch_id: str) -> ResponseReturnValue:
    """Sync what failed, and what was in conflict, again: a new run of the same batch."""

    def change(batch: JobBatch) -> str:
        again = batch_control.retry_failed(batch.id, by=current_user.email)
        return str(
            ngettext(
                "%(count)s product is tried again",
                "%(count)s products are tried again",
                again,
                count=number(again),
            )
        )

    return _changed(batch_id, change)


def _found(batch_id: str) -> JobBatch:
    return batch_progress.find(batch_id) or abort(404)


def _changed(batch_id: str, change: Callable[[JobBatch], str]) -> ResponseReturnValue:
    """Change the batch; what came of it is told beside the bar, or on the batch's page."""
    batch = _found(batch_id)
    try:
        message, kind, code = change(batch), "success", 200
    except BatchError as error:
        message, kind, code = said(str(error)), "error", 409
    if not request.htmx:
        flash(message, kind)
        return redirect(url_for("batches.show", batch_id=batch_id), 303)
    return _bar(_found(batch_id), {"message": message, "kind": kind}, None), code


def _bar(batch: JobBatch, told: dict[str, str] | None, seen: Seen | None) -> Response:
    """The fragment, and for ppm.js and the page what to tell and that nothing is under way any more."""
    found = batch_progress.progress_of(batch, seen)
    response = make_response(render_template("batches/_bar.html", batch=batch, progress=found))
    ended = found.poll_seconds is None
    if told is not None and told["kind"] == "quiet":
        told = (
            told | {"message": f"{batch.name}: {said(batch.state)}, {said(told['message'])}"}
            if ended
            else None
        )
    events = ({"ppm:tell": told} if told else {}) | ({"ppm:settled": {}} if told and ended else {})
    if events:
        response.headers["HX-Trigger-After-Swap"] = json.dumps(events)
    return response
