"""The job that does a schedule's task because a person asked for it now (R18)."""

from __future__ import annotations

from ppm_web.services.schedules.runs import run_now


def run_schedule(name: str, by: str) -> None:
    """Do it; what came of it stands in its run."""
    run_now(name, by)
