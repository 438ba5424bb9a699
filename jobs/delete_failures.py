"""The job that takes all failures of a filter off the list (R20)."""

from __future__ import annotations

from ppm_web.services.failure_actions import run_delete
from ppm_web.services.failure_lists import FailureFilter


def delete_failures(shop_id: int, cause: str, text: str, kind: str, newest: int, _by: str) -> None:
    """Delete them; the filter is a FailureFilter's fields."""
    run_delete(FailureFilter(shop_id, cause, text, kind, newest))
