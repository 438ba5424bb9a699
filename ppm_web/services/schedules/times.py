"""When a schedule is due: cron lines in the company's time zone, changes of the clock included (R18)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from croniter import croniter

LONGEST_CHANGE = timedelta(hours=2)
"""More than any zone's clock goes forward or back at once."""

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBER = re.compile(r"\d+")


def next_time(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first time (UTC) of ``cron`` that is later than ``after``.

    A time of the day comes once a day: where the clock skips it, by as much later as the clock is
    put forward; where the clock shows it twice, at the first. Only lines with every hour go by the
    time that passes. Both as cron has always done.
    """
    if _every_hour(cron):
        clock = croniter(cron, after.astimezone(zone))
        return _utc(clock.get_next(datetime))
    clock = croniter(cron, after.astimezone(zone).replace(tzinfo=None) - LONGEST_CHANGE)
    while (found := _utc(clock.get_next(datetime).replace(tzinfo=zone))) <= after:
        pass
    return found


def last_times(cron: str, zone: ZoneInfo, first: datetime, last: datetime, limit: int) -> list[datetime]:
    """The times (UTC) of ``cron`` from ``first`` to ``last``, the newest first, at most ``limit``."""
    return list(islice(takewhile(lambda found: found >= first, _backwards(cron, zone, last)), limit))


def in_words(cron: str) -> str:
    """A cron line in plain English: "every day at 02:00"; unusual ones are told as they stand."""
    minute, hour, day, month, weekday = cron.split()
    if cron == "* * * * *":
        return "every minute"
    if (day, month, weekday) == ("*", "*", "*") and (often := _often(minute, hour)):
        return often
    if (
        month == "*"
        and _NUMBER.fullmatch(minute)
        and _NUMBER.fullmatch(hour)
        and (days := _days(day, weekday))
    ):
        return f"{days} at {int(hour):02}:{int(minute):02}"
    return f"at the times of the cron line {cron!r}"


def _every_hour(cron: str) -> bool:
    return bool(croniter.expand(cron)[0][1] == ["*"])


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _backwards(cron: str, zone: ZoneInfo, last: datetime) -> Iterator[datetime]:
    """The times of ``cron`` that are not later than ``last``, the newest first."""
    by_the_clock = not _every_hour(cron)
    start = (last + LONGEST_CHANGE).astimezone(zone)
    clock = croniter(cron, start.replace(tzinfo=None) if by_the_clock else start)
    while True:
        shown = clock.get_prev(datetime)
        found = _utc(shown.replace(tzinfo=zone) if by_the_clock else shown)
        if found <= last:
            yield found
            last = found - timedelta(seconds=1)  # where the clock skips an hour, two may come at once


def _often(minute: str, hour: str) -> str:
    """Several times a day: every 5 minutes, every hour, every 6 hours; "" for anything else."""
    if hour == "*" and (step := _step(minute)):
        return f"every {step} minutes"
    if not _NUMBER.fullmatch(minute) or not (hour == "*" or _step(hour)):
        return ""
    often = "every hour" if hour == "*" else f"every {_step(hour)} hours"
    return often if int(minute) == 0 else f"{often} at minute {int(minute)}"


def _step(field: str) -> str:
    """The 6 of ``*/6``."""
    found = re.fullmatch(r"\*/(\d+)", field)
    return found[1] if found else ""


def _days(day: str, weekday: str) -> str:
    if (day, weekday) == ("*", "*"):
        return "every day"
    if day == "*" and weekday in ("1-5", "mon-fri"):
        return "Monday to Friday"
    if day == "*" and re.fullmatch(r"[0-7]", weekday):
        return f"every {WEEKDAYS[int(weekday)]}"
    if weekday == "*" and _NUMBER.fullmatch(day):
        return f"on day {int(day)} of every month"
    return ""
