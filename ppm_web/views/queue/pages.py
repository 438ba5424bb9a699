"""The queues, the workers, and what runs by itself (R18, R20)."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import Role, Schedule
from ppm_web.queue import QueueUnavailableError
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.services.schedules import requests as schedule_requests
from ppm_web.services.schedules.plan import ScheduleError
from ppm_web.views.queue import rows as queue_rows
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.said import said

blueprint = Blueprint("queue", __name__)
blueprint.add_app_template_filter(queue_rows.duration, "wait_in_words")


@blueprint.get("/queue")
def index() -> ResponseReturnValue:
    """Queues, workers and schedules; the first two alone for whoever asks again."""
    if request.htmx and "polled" in request.args:
        return render_template("queue/_queues.html", view=queue_rows.queue_view(), names=queue_rows.NAMES)
    return render_template(
        "queue/index.html",
        view=queue_rows.queue_view(),
        names=queue_rows.NAMES,
        schedules=queue_rows.schedule_views(),
    )


@blueprint.post("/queue/schedules/<row:schedule_id>/on")
@needs(Role.MANAGER)
def switch_on(schedule_id: int) -> ResponseReturnValue:
    """Let the schedule run by itself again, from its next time on."""
    return _switch(schedule_id, active=True)


@blueprint.post("/queue/schedules/<row:schedule_id>/off")
@needs(Role.MANAGER)
def switch_off(schedule_id: int) -> ResponseReturnValue:
    """Let the schedule not run by itself until it is switched on."""
    return _switch(schedule_id, active=False)


@blueprint.post("/queue/schedules/<row:schedule_id>/run")
@needs(Role.MANAGER)
def run(schedule_id: int) -> ResponseReturnValue:
    """Let a worker do the schedule's task now, due or not."""
    name = db.get_or_404(Schedule, schedule_id).name
    try:
        taken = schedule_requests.request_run(name, current_user.email)
    except QueueUnavailableError:
        told = gettext(
            "%(name)s was not started: the queue cannot be reached now. Try again in a moment.", name=name
        )
        flash(told, "error")
    except ScheduleError as error:
        flash(said(str(error)), "error")
    else:
        told = gettext("%(name)s runs as soon as a worker is free.", name=name)
        flash(told if taken else gettext("%(name)s is on its way already.", name=name), "success")
    return redirect_back(url_for("queue.index"), f"schedule-{schedule_id}")


def _switch(schedule_id: int, *, active: bool) -> ResponseReturnValue:
    name = db.get_or_404(Schedule, schedule_id).name
    try:
        schedule_plan.set_active(name, active)
    except ScheduleError as error:
        flash(said(str(error)), "error")
    else:
        told = gettext("%(name)s is on.", name=name) if active else gettext("%(name)s is off.", name=name)
        flash(told, "success")
    return redirect_back(url_for("queue.index"), f"schedule-{schedule_id}")
