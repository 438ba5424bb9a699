"""Durations as people write them on the command line: 30s, 5m, 2h, 1d."""

from __future__ import annotations

import re
from datetime import timedelta

import click

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Duration(click.ParamType[timedelta]):
    """A click parameter such as 5m."""

    name = "duration"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The duration that ``value`` says; wrong use for anything else."""
        if isinstance(value, timedelta):
            return value
        if (match := re.fullmatch(r"(\d{1,6})([smhd])", value.strip())) is None:
            self.fail(f"{value!r} is no duration: write it like 30s, 5m, 2h or 1d", param, ctx)
        return timedelta(**{UNITS[match[2]]: int(match[1])})
