"""flask schedule: what runs by itself, and the process that runs it."""

from __future__ import annotations

import logging
import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from ppm_web.cli.output import fail, json_option, print_json, print_table
from ppm_web.cli.stop_signal import StopSignal
from ppm_web.models import Schedule, ScheduleRun, ScheduleRunState, now
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.services.schedules import runs as schedule_runs
from ppm_web.services.schedules.plan import Listed, ScheduleError
from ppm_web.services.schedules.times import in_words

LONGEST_SLEEP = 5.0
"""Seconds after which a scheduler looks again, though nothing is due: somebody may have switched one on."""

logger = logging.getLogger("ppm.schedule")

schedule_commands = AppGroup("schedule", help="What runs by itself, and when.")


@schedule_commands.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """Every schedule, when it is due next, and what came of its last run."""
    listed = schedule_plan.list_schedules()
    if as_json:
        print_json([_listed_json(one) for one in listed])
        return
    print_table(
        ("Name", "When", "Next (UTC)", "Last run"),
        [
            (one.plan.name, in_words(one.plan.cron), _next_words(one), _last_words(one.last_run))
            for one in listed
        ],
        empty="There is no schedule.",
    )
    click.echo(f"Time zone: {schedule_plan.zone().key}")


@schedule_commands.command("run")
@click.argument("name")
def run_command(name: str) -> None:
    """Do the task of the schedule NAME now, due or not; status 1 when it failed."""
    try:
        run = schedule_runs.run_now(name, "command line")
    except ScheduleError as error:
        fail(str(error), status=2)
    failed = run.state is not ScheduleRunState.FINISHED
    click.echo(f"{name}: {run.message}", err=failed)
    sys.exit(1 if failed else 0)


@schedule_commands.command("on")
@click.argument("name")
def on_command(name: str) -> None:
    """Switch the schedule NAME on: it goes on with its next time."""
    schedule = _switch(name, active=True)
    click.echo(f"{name} is on; next at {schedule.next_due_at:%Y-%m-%d %H:%M} UTC")


@schedule_commands.command("off")
@click.argument("name")
def off_command(name: str) -> None:
    """Switch the schedule NAME off: it does not run by itself until it is switched on again."""
    _switch(name, active=False)
    click.echo(f"{name} is off")


@schedule_commands.command("work")
def work_command() -> None:
    """Run what is due until stopped (Ctrl-C or SIGTERM), with status 0. Several may run at once."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with StopSignal() as stop:
        logger.info("the scheduler runs, in the time zone %s", app.config["TIMEZONE"])
        while not stop.requested:
            stop.wait(_work_once(app, stop))
    logger.info("the scheduler ends")


def _work_once(app: Flask, stop: StopSignal) -> float:
    """Run what is due; the seconds until something may be due again."""
    with app.app_context():
        try:
            schedule_runs.run_due(now(), lambda: stop.requested)
            due = schedule_runs.next_due()
        except Exception:  # the scheduler outlives a database that is away; it is logged, and tried again
            logger.exception("the schedules cannot be run; the next try is in %d s", LONGEST_SLEEP)
            return LONGEST_SLEEP
    seconds = (due - now()).total_seconds() if due else LONGEST_SLEEP
    return min(max(seconds, 0), LONGEST_SLEEP)


def _switch(name: str, *, active: bool) -> Schedule:
    try:
        return schedule_plan.set_active(name, active)
    except ScheduleError as error:
        fail(str(error), status=2)


def _listed_json(listed: Listed) -> dict[str, object]:
    schedule, run = listed.schedule, listed.last_run
    return {
        "name": schedule.name,
        "cron": schedule.cron,
        "words": in_words(schedule.cron),
        "timezone": schedule_plan.zone().key,
        "active": schedule.active,
        "catch_up": schedule.catch_up,
        "next_due_at": schedule.next_due_at.isoformat(),
        "last_run": _run_json(run) if run else None,
    }


def _run_json(run: ScheduleRun) -> dict[str, object]:
    return {
        "due_at": run.due_at.isoformat(),
        "state": run.state.value,
        "requested_by": run.requested_by,
        "started_at": run.started_at.isoformat() if run.started_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "message": run.message,
    }


def _next_words(listed: Listed) -> str:
    return f"{listed.schedule.next_due_at:%Y-%m-%d %H:%M}" if listed.schedule.active else "off"


def _last_words(run: ScheduleRun | None) -> str:
    if run is None:
        return "never"
    told = f"{run.due_at:%Y-%m-%d %H:%M} {run.state.value}"
    return f"{told}: {run.message}" if run.message else told
