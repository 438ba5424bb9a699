"""The schedules that there are: built in, changed and added by PPM_SCHEDULES, and kept as rows (R18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Select, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import Schedule, ScheduleRun, now
from ppm_web.services.schedules.times import next_time
from ppm_web.services.upserts import upsert


class ScheduleError(ValueError):
    """There is no such schedule; the message names those that there are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a schedule does and when, as built in or as the settings say.

    ``task`` is the built-in schedule whose work it does. ``shops`` are the names of the shops that a
    nightly sync is for, none for all. Without ``keeps_runs`` a run's row goes when a later one has
    ended, and times that passed while nothing ran leave none.
    """

    name: str
    task: str
    cron: str
    catch_up: bool
    keeps_runs: bool = True
    shops: tuple[str, ...] = ()


NIGHTLY, RETRY, SWEEP, RETENTION = "nightly", "retry", "sweep", "retention"

BUILT_IN: Final = (
    Plan(NIGHTLY, NIGHTLY, "0 2 * * *", catch_up=True),
    Plan(RETRY, RETRY, "0 */6 * * *", catch_up=False),
    Plan(SWEEP, SWEEP, "* * * * *", catch_up=False, keeps_runs=False),
    Plan(RETENTION, RETENTION, "30 3 * * *", catch_up=True),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A schedule as it stands: its plan, its row, and the newest of its runs."""

    plan: Plan
    schedule: Schedule
    last_run: ScheduleRun | None


def plans() -> dict[str, Plan]:
    """Name → plan: the built-in ones with the changes of PPM_SCHEDULES, then those that it adds."""
    found = {plan.name: plan for plan in BUILT_IN}
    for name, wish in current_app.config["SCHEDULES"].items():
        found[name] = _changed(name, found.get(name), {"cron": wish} if isinstance(wish, str) else wish)
    return found


def zone() -> ZoneInfo:
    """The time zone of every cron line: PPM_TIMEZONE."""
    return ZoneInfo(current_app.config["TIMEZONE"])


def make_rows(moment: datetime) -> None:
    """Make the rows that are missing, and bring those to what the settings say that differ; commits.

    A time that has passed stays due: it is caught up or marked as missed.
    """
    with reading():
        rows = {row.name: row for row in db.session.scalars(_fresh())}
    for plan in plans().values():
        row = rows.get(plan.name)
        if row is None:
            _insert(plan, moment)
        elif not _fits(row, plan, moment):
            _adjust(row, plan, moment)
    db.session.commit()


def list_schedules() -> list[Listed]:
    """Every schedule that is configured, in the order of the settings."""
    make_rows(now())
    with reading():
        rows = {row.name: row for row in db.session.scalars(_fresh())}
        return [Listed(plan, rows[name], _last_run(rows[name].id)) for name, plan in plans().items()]


def schedule_named(name: str) -> Schedule:
    """The row of the schedule ``name``. Raises ScheduleError."""
    names = plans()
    if name not in names:
        raise ScheduleError(f"There is no schedule {name!r}. There are: {', '.join(names)}")
    make_rows(now())
    with reading():
        return db.session.scalars(_fresh().where(Schedule.name == name)).one()


def set_active(name: str, active: bool) -> Schedule:
    """Switch a schedule on or off, and commit. What passed while it was off is not made up for.

    Raises ScheduleError when there is none of that name.
    """
    schedule = schedule_named(name)
    values: dict[str, Any] = {"active": active}
    if active:
        values["next_due_at"] = next_time(schedule.cron, zone(), now())
    db.session.execute(
        update(Schedule)
        .where(Schedule.id == schedule.id, Schedule.active.is_(not active))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return schedule_named(name)


def _changed(name: str, plan: Plan | None, wish: Mapping[str, Any]) -> Plan:
    """The plan with the changes of a setting, whose form config.py has checked."""
    if plan is None:
        task = next(built_in for built_in in BUILT_IN if built_in.name == wish["task"])
        plan = replace(task, name=name)
    return replace(
        plan,
        cron=" ".join(wish.get("cron", plan.cron).lower().split()),
        catch_up=wish.get("catch_up", plan.catch_up),
        shops=tuple(wish.get("shops", plan.shops)),
    )


def _insert(plan: Plan, moment: datetime) -> None:
    values = {
        "name": plan.name,
        "cron": plan.cron,
        "active": True,
        "catch_up": plan.catch_up,
        "next_due_at": next_time(plan.cron, zone(), moment),
    }
    upsert(Schedule, values, ["name"])


def _fits(row: Schedule, plan: Plan, moment: datetime) -> bool:
    """Whether the row is as planned, its next time too: the time zone may have been changed."""
    if (row.cron, row.catch_up) != (plan.cron, plan.catch_up):
        return False
    due = row.next_due_at
    return due <= moment or next_time(plan.cron, zone(), due - timedelta(seconds=1)) == due


def _adjust(row: Schedule, plan: Plan, moment: datetime) -> None:
    """A guarded update: another process may have claimed a time of the row meanwhile."""
    due = row.next_due_at if row.next_due_at <= moment else next_time(plan.cron, zone(), moment)
    db.session.execute(
        update(Schedule)
        .where(Schedule.id == row.id, Schedule.next_due_at == row.next_due_at)
        .values(cron=plan.cron, catch_up=plan.catch_up, next_due_at=due)
        .execution_options(synchronize_session=False)
    )


def _fresh() -> Select[Schedule]:
    return select(Schedule).execution_options(populate_existing=True)


def _last_run(schedule_id: int) -> ScheduleRun | None:
    return db.session.scalars(
        select(ScheduleRun)
        .where(ScheduleRun.schedule_id == schedule_id)
        .order_by(ScheduleRun.due_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
