"""What runs by itself: schedules as rows, so that any number of schedulers run each due time once (R18)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ppm_web.extensions import Model
from ppm_web.models.types import PrimaryKey, UtcDateTime, enum_column


class Schedule(Model):
    """Something that runs by itself at the times of ``cron``, in the time zone of PPM_TIMEZONE.

    ``next_due_at`` is the next of these times, in UTC. ``catch_up`` says what becomes of times that
    passed while nothing ran: one run makes up for all of them, or they are marked as missed.
    """

    __tablename__ = "schedule"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    cron: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool] = mapped_column(default=True)
    catch_up: Mapped[bool] = mapped_column(default=True)
    next_due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ScheduleRunState(StrEnum):
    """How a due time of a schedule went."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    MISSED = "missed"


class ScheduleRun(Model):
    """One due time of a schedule, or one "run now": what ran when, and what came of it."""

    __tablename__ = "schedule_run"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_at"),
        Index("ix_schedule_run_due_at", "due_at"),
    )

    id: Mapped[PrimaryKey]
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id", ondelete="CASCADE"))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[ScheduleRunState] = mapped_column(enum_column(ScheduleRunState))
    requested_by: Mapped[str] = mapped_column(String(255), default="")
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    message: Mapped[str] = mapped_column(Text, default="")

    schedule: Mapped[Schedule] = relationship()
