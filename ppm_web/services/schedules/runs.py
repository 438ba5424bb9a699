"""Schedules that are due, each claimed once however many schedulers run (R18, ADR 12)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import Schedule, ScheduleRun, ScheduleRunState, now
from ppm_web.queue import QueueUnavailableError
from ppm_web.services.schedules.plan import Plan, make_rows, plans, schedule_named, zone
from ppm_web.services.schedules.tasks import TASKS, Steps, TaskError
from ppm_web.services.schedules.times import last_times, next_time
from ppm_web.services.upserts import upsert

LATE = timedelta(minutes=10)
"""A time that passed less than this ago is late, and no time that was missed."""

LEASE = timedelta(hours=1)
"""A run that goes on for longer lost its scheduler."""

MISSED_KEPT = 100
"""At most so many missed times are told at once, the newest ones."""

SCHEDULER_DIED = "the scheduler stopped in the middle"

logger = logging.getLogger("ppm.schedule")


class _Due(NamedTuple):
    """A schedule as it was read: plain values, as a row would be read anew after a rollback."""

    id: int
    name: str
    next_due_at: datetime


class _StoppedError(Exception):
    """The scheduler is to end: the task was left after a commit."""


def run_due(moment: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Do what is due at ``moment`` (UTC) and nobody else has claimed; returns how many schedules ran.

    A task that fails is recorded in its run, and the others go on. Once ``stopping`` says so, the
    task under way is left after its next commit and becomes due again. Raises only what the
    database raises.
    """
    make_rows(moment)
    _give_up_dead_runs(moment)
    ran = 0
    for due in _due(moment):
        plan = plans()[due.name]
        if not stopping() and (run := _claim(due, plan, moment)) is not None:
            _do(run, plan, stopping)
            ran += 1
    return ran


def run_now(name: str, by: str) -> ScheduleRun:
    """Do a schedule's task here and now, due or not, on or off; returns the run as recorded.

    Raises ScheduleError when there is none of that name.
    """
    run = _begun(schedule_named(name).id, now(), by)
    db.session.add(run)
    db.session.commit()
    _do(run, plans()[name], lambda: False)
    return run


def next_due() -> datetime | None:
    """When the next schedule is due (UTC); None when all are off."""
    with reading():
        return db.session.scalar(
            select(func.min(Schedule.next_due_at)).where(Schedule.active, Schedule.name.in_(plans()))
        )


def _give_up_dead_runs(moment: datetime) -> None:
    with reading():
        dead = db.session.scalars(
            select(ScheduleRun.id).where(
                ScheduleRun.state == ScheduleRunState.RUNNING, ScheduleRun.started_at < moment - LEASE
            )
        ).all()
    for run_id in dead:
        _end(run_id, ScheduleRunState.FAILED, SCHEDULER_DIED)
        db.session.commit()


def _due(moment: datetime) -> list[_Due]:
    with reading():
        rows = db.session.execute(
            select(Schedule.id, Schedule.name, Schedule.next_due_at)
            .where(Schedule.active, Schedule.next_due_at <= moment, Schedule.name.in_(plans()))
            .order_by(Schedule.next_due_at, Schedule.id)
        ).all()
    return [_Due(row.id, row.name, row.next_due_at) for row in rows]


def _claim(due: _Due, plan: Plan, moment: datetime) -> ScheduleRun | None:
    """Take what is due of a schedule, and record what was missed; the run to do, None for none.

    The guarded update is the lock: the schedulers that come second change no row.
    """
    taken = db.session.execute(
        update(Schedule)
        .where(Schedule.id == due.id, Schedule.active, Schedule.next_due_at == due.next_due_at)
        .values(next_due_at=next_time(plan.cron, zone(), moment))
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
        db.session.rollback()
        return None
    passed = last_times(plan.cron, zone(), due.next_due_at, moment, MISSED_KEPT)
    passed = passed or [due.next_due_at]  # the line was changed after this time had passed
    run = None
    if (plan.catch_up or moment - passed[0] <= LATE) and not _is_recorded(due.id, passed[0]):
        run = _begun(due.id, passed.pop(0), "schedule")
        db.session.add(run)
    if not plan.catch_up and plan.keeps_runs:
        _record_missed(due.id, passed)
    db.session.commit()
    return run


def _is_recorded(schedule_id: int, due_at: datetime) -> bool:
    """Whether that time had its run: the machine's clock may have been put back."""
    query = select(ScheduleRun.id).where(ScheduleRun.schedule_id == schedule_id, ScheduleRun.due_at == due_at)
    return db.session.execute(query).first() is not None


def _begun(schedule_id: int, due_at: datetime, by: str) -> ScheduleRun:
    return ScheduleRun(
        schedule_id=schedule_id,
        due_at=due_at,
        state=ScheduleRunState.RUNNING,
        requested_by=by,
        started_at=now(),
        message="",
    )


def _record_missed(schedule_id: int, times: Sequence[datetime]) -> None:
    for due_at in times:
        values = {
            "schedule_id": schedule_id,
            "due_at": due_at,
            "state": ScheduleRunState.MISSED,
            "requested_by": "",
            "message": "nothing ran at this time",
        }
        upsert(ScheduleRun, values, ["schedule_id", "due_at"])


def _do(run: ScheduleRun, plan: Plan, stopping: Callable[[], bool]) -> None:
    """Do the task of a run and record what came of it, committed."""
    logger.info("schedule %s started due=%s by=%s", plan.name, run.due_at, run.requested_by)
    try:
        state, message = ScheduleRunState.FINISHED, _walk(TASKS[plan.task](plan), stopping)
    except _StoppedError:
        _hand_back(run)
        return
    except (TaskError, QueueUnavailableError) as error:
        state, message = ScheduleRunState.FAILED, str(error)
    except Exception as error:  # a task must not end the scheduler; it is logged, and recorded
        logger.exception("schedule %s failed", plan.name)
        state, message = ScheduleRunState.FAILED, f"{type(error).__name__}: the scheduler's log says more"
    db.session.rollback()
    _end(run.id, state, message)
    if not plan.keeps_runs:
        _forget_earlier(run)
    db.session.commit()
    db.session.refresh(run)
    db.session.commit()
    logger.info("schedule %s %s: %s", plan.name, state, message)


def _walk(task: Steps, stopping: Callable[[], bool]) -> str:
    """Go through a task; what it returns. Raises _StoppedError, and what the task raises."""
    while True:
        try:
            next(task)
        except StopIteration as end:
            return str(end.value)
        if stopping():
            raise _StoppedError


def _hand_back(run: ScheduleRun) -> None:
    """Make a time that was left in the middle due again, for the next scheduler."""
    db.session.execute(delete(ScheduleRun).where(ScheduleRun.id == run.id))
    db.session.execute(
        update(Schedule)
        .where(Schedule.id == run.schedule_id, Schedule.next_due_at > run.due_at)
        .values(next_due_at=run.due_at)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    logger.info("schedule %s left in the middle: the scheduler ends; it stays due", run.schedule_id)


def _end(run_id: int, state: ScheduleRunState, message: str) -> None:
    """Record the end of a run in the open transaction, unless it was given up meanwhile."""
    values: dict[str, Any] = {"state": state, "message": message, "ended_at": now()}
    db.session.execute(
        update(ScheduleRun)
        .where(ScheduleRun.id == run_id, ScheduleRun.state == ScheduleRunState.RUNNING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _forget_earlier(run: ScheduleRun) -> None:
    db.session.execute(
        delete(ScheduleRun)
        .where(ScheduleRun.schedule_id == run.schedule_id, ScheduleRun.due_at < run.due_at)
        .where(ScheduleRun.state != ScheduleRunState.RUNNING)
        .execution_options(synchronize_session=False)
    )
