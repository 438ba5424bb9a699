"""The job that looks what a publication would do in a shop, before anything is written (R25)."""

from __future__ import annotations

from ppm_web.services.batches.surveys import run_survey


def survey_shop(survey_id: str) -> None:
    """Look at the next products of the survey; leave quietly if it is gone or has ended."""
    run_survey(survey_id)
