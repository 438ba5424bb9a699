"""The job that requests again all failures of a filter (R20)."""

from __future__ import annotations

from ppm_web.services.failure_actions import run_retry
from ppm_web.services.failure_lists import FailureFilter


def retry_failures(shop_id: int, cause: str, text: str, kind: str, newest: int, by: str) -> None:
    """Request them again as ``by``; the filter is a FailureFilter's fields."""
    run_retry(FailureFilter(shop_id, cause, text, kind, newest), by)
