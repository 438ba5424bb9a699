"""What failed for good: by cause and one by one; trying again and deleting (R20)."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from htmx_flask import request

from ppm_web import queue
from ppm_web.models import FailedJob, Role
from ppm_web.services.failures import actions as failure_actions
from ppm_web.services.failures import lists as failure_lists
from ppm_web.services.failures.actions import Action
from ppm_web.services.failures.lists import FailureFilter, FailurePage
from ppm_web.views.failures import filter
from ppm_web.views.products import rows as product_rows
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.addresses import id_argument, text_argument
from ppm_web.views.web.display import number
from ppm_web.views.web.said import said

blueprint = Blueprint("failures", __name__)

GONE = lazy_gettext("This failure is not on the list any more: it was tried again, or deleted.")


@blueprint.get("/failures")
def index() -> ResponseReturnValue:
    """Failures by cause, or one by one; filter and page stand in the address."""
    wanted = filter.read(request.args)
    listed = request.args.get("view") == "list" or bool(wanted.cause)
    page = failure_lists.failure_page(wanted, id_argument("before")) if listed else None
    return render_template(
        "failures/index.html",
        wanted=wanted,
        address=filter.address(wanted),
        kinds=filter.KINDS,
        listed=listed,
        page=page,
        causes=None if listed else failure_lists.cause_page(wanted, text_argument("after")),
        count=_counted(wanted, page),
        cause=failure_lists.cause_message(wanted.cause) if wanted.cause else "",
        shops=product_rows.shops(),
    )


@blueprint.get("/failures/<row:failure_id>")
def show(failure_id: int) -> ResponseReturnValue:
    """Everything about a failure: its trace, and what the shop answered."""
    failure = failure_lists.failure(failure_id)
    if request.htmx:
        return render_template("failures/_details.html", failure=failure)
    if failure is None:
        flash(str(GONE), "warning")
        return redirect(url_for("failures.index"))
    return render_template("failures/show.html", failure=failure)


@blueprint.post("/failures/<row:failure_id>/retry")
@needs(Role.MANAGER)
def retry(failure_id: int) -> ResponseReturnValue:
    """Request it again; what came of it is told in its row, or on the page gone back to."""
    failure = failure_lists.failure(failure_id)
    if failure is None:
        return _row(failure_id, None, str(GONE), "warning")
    result = failure_actions.retry_chosen([failure_id], current_user.email)
    if result.skipped:
        return _row(failure_id, failure, " ".join(said(reason) for reason in result.reasons), "error")
    hint = _why_it_waits()
    told = gettext("Requested again: %(thing)s → %(shop)s", thing=_thing(failure), shop=failure.shop.name)
    return _row(failure_id, None, f"{told}. {hint}" if hint else told, "warning" if hint else "success")


@blueprint.post("/failures/<row:failure_id>/delete")
@needs(Role.MANAGER)
def destroy(failure_id: int) -> ResponseReturnValue:
    """Take it off the list; the product stays in error."""
    failure_actions.delete_chosen([failure_id])
    return _row(failure_id, None, gettext("Deleted from this list. The product stays in error."), "success")


@blueprint.post("/failures/retry")
@needs(Role.MANAGER)
def retry_many() -> ResponseReturnValue:
    """Request the chosen failures again, or all that the filter finds; first how many that are."""
    return _many(Action.RETRY)


@blueprint.post("/failures/delete")
@needs(Role.MANAGER)
def destroy_many() -> ResponseReturnValue:
    """Take the chosen failures off the list, or all that the filter finds; first how many that are."""
    return _many(Action.DELETE)


@blueprint.get("/failures/work")
def work() -> ResponseReturnValue:
    """How far the work in the background on a filter's failures is; all about it stands in the address."""
    wanted = filter.read(request.args)
    action = Action.DELETE if request.args.get("action") == Action.DELETE else Action.RETRY
    progress = failure_actions.progress(action, wanted, filter.number(request.args, "total"))
    template = "failures/_work.html" if request.htmx else "failures/work.html"
    return render_template(
        template,
        action=action,
        progress=progress,
        address=filter.address(wanted),
        words=filter.in_words(wanted),
        hint="" if progress.ended else _why_it_waits(),
    )


def _counted(wanted: FailureFilter, page: FailurePage | None) -> str:
    """The list's total in words; a page that holds all of it needs no further look."""
    if page is not None and page.older is None and "before" not in request.args:
        return filter.counted(len(page.failures))
    return filter.counted(failure_lists.count(wanted, failure_lists.COUNTED))


def _many(action: Action) -> ResponseReturnValue:
    wanted = filter.read(request.form)
    chosen = [int(text) for text in request.form.getlist("id", type=int)][: failure_lists.PAGE]
    if "chosen" in request.form and not chosen:
        flash(gettext("Choose failures first, by the boxes in front of them."), "warning")
        return redirect_back(url_for("failures.index"))
    if "confirmed" not in request.form:
        return _confirm(action, wanted, chosen)
    ids = chosen or failure_actions.few(wanted)
    if ids is None:
        return _begin(action, wanted)
    _do(action, ids)
    return _back_to_list(wanted)


def _confirm(action: Action, wanted: FailureFilter, chosen: list[int]) -> ResponseReturnValue:
    """The page that says how many failures are meant, and asks."""
    meant = failure_lists.until_now(wanted)
    return render_template(
        "failures/confirm.html",
        action=action,
        count=len(chosen) or failure_lists.count(meant),
        chosen=chosen,
        address=filter.address(meant),
        words=[] if chosen else filter.in_words(wanted),
        back=url_for("failures.index", **filter.address(wanted)),
    )


def _begin(action: Action, wanted: FailureFilter) -> ResponseReturnValue:
    """Let a worker do it, and show how far it is."""
    try:
        total = failure_actions.request(action, wanted, current_user.email)
    except queue.QueueUnavailableError:
        flash(gettext("Nothing was done: the queue cannot be reached now. Try again in a moment."), "error")
        return _back_to_list(wanted)
    address = filter.address(wanted)
    return redirect(url_for("failures.work", action=action.value, total=total, **address), 303)


def _do(action: Action, ids: list[int]) -> None:
    """Do it here and now, and tell how many it were."""
    if action is Action.DELETE:
        deleted = number(failure_actions.delete_chosen(ids))
        flash(gettext("Deleted from this list: %(count)s", count=deleted), "success")
        return
    result = failure_actions.retry_chosen(ids, current_user.email)
    hint = _why_it_waits()
    if result.retried:
        told = gettext("Requested again: %(count)s.", count=number(result.retried))
        flash(f"{told} {hint}".strip(), "warning" if hint else "success")
    if result.skipped:
        why = "; ".join(said(reason) for reason in result.reasons[:5])
        flash(gettext("Not requested: %(count)s. %(why)s", count=number(result.skipped), why=why), "error")


def _back_to_list(wanted: FailureFilter) -> ResponseReturnValue:
    """The list as it was filtered before: also with what fails from now on."""
    seen = replace(wanted, newest=0, until=0)
    return redirect(url_for("failures.index", **filter.address(seen)), 303)


def _row(failure_id: int, failure: FailedJob | None, message: str, kind: str) -> ResponseReturnValue:
    """The failure's row; without a failure what became of it."""
    if not request.htmx:
        flash(message, kind)
        page_of_it = url_for("failures.show", failure_id=failure_id)
        if failure is None and urlsplit(request.referrer or "").path == page_of_it:
            return redirect(url_for("failures.index", view="list"), 303)
        return redirect_back(url_for("failures.index"))
    row = render_template("failures/_row.html", failure=failure, failure_id=failure_id, message=message)
    response = make_response(row, 409 if kind == "error" else 200)
    told = {"ppm:tell": {"message": message, "kind": kind}}
    response.headers["HX-Trigger-After-Swap"] = json.dumps(told)
    return response


def _why_it_waits() -> str:
    """Why nothing goes on just now; "" when it does."""
    if queue.runs_at_once():
        return ""
    try:
        return "" if queue.worker_count() else gettext("It waits: no worker runs.")
    except queue.QueueUnavailableError:
        return str(gettext("It waits: the queue cannot be reached now."))


def _thing(failure: FailedJob) -> str:
    if failure.product is not None:
        return failure.product.sku
    return failure.category.name if failure.category is not None else failure.job
