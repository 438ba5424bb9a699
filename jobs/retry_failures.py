"""The job that requests again all failures of a filter (R20)."""

from __future__ import annotations

from ppm_web.services.failures.actions import run_retry
from ppm_web.services.failures.lists import FailureFilter


def retry_failures(by: str, *filter_fields: int | str) -> None:
    """Request them again as ``by``; the rest are the fields of a FailureFilter."""
    run_retry(FailureFilter.of(filter_fields), by)
