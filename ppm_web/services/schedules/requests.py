"""Asking that a schedule's task be done now: by a worker, as it may take longer than a person waits (R18)."""

from __future__ import annotations

from ppm_web import queue
from ppm_web.services.schedules.plan import schedule_named

TIMEOUT = 3600
"""Seconds that a task may take: as long as a run counts as running."""


def request_run(name: str, by: str) -> bool:
    """Hand out a ticket for the schedule's task; False when one is out already.

    Raises ScheduleError when there is none of that name, and QueueUnavailableError.
    """
    ticket_id = f"schedule-{schedule_named(name).id}-now"
    if not queue.runs_at_once() and queue.ticket_waits(ticket_id):
        return False
    queue.enqueue(
        *("run_schedule", name, by),
        ticket_id=ticket_id,
        queue=queue.BACKGROUND,
        at=None,
        timeout=TIMEOUT,
    )
    return True
