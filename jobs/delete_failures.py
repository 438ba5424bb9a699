"""The job that takes all failures of a filter off the list (R20)."""

from __future__ import annotations

from ppm_web.services.failures.actions import run_delete
from ppm_web.services.failures.lists import FailureFilter


def delete_failures(_by: str, *filter_fields: int | str) -> None:
    """Delete them; the arguments behind who asked for it are the fields of a FailureFilter."""
    run_delete(FailureFilter.of(filter_fields))
