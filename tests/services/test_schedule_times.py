"""When schedules are due, the two nights with a change of the clock included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ppm_web.services.schedules.times import in_words, last_times, next_time

WARSAW = ZoneInfo("Europe/Warsaw")
NIGHTLY, EVERY_SIX_HOURS = "0 2 * * *", "0 */6 * * *"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


YEAR = utc("2026-01-01T00:00"), utc("2027-01-01T00:00")
CHANGES_OF_THE_CLOCK = [
    (utc(f"2026-{first}T00:00"), utc(f"2026-{last}T00:00"))
    for first, last in (("03-06", "03-10"), ("03-27", "04-07"), ("10-02", "10-06"), ("10-23", "11-03"))
]
"""The days of all the zones below on which the clock is changed, with those around them."""


def times(cron: str, after: datetime, count: int, zone: ZoneInfo = WARSAW) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(count):
        after = next_time(cron, zone, after)
        found.append(after)
    return found


def test_the_times_are_those_of_the_time_zone() -> None:
    assert times(NIGHTLY, utc("2026-11-23T12:00"), 2) == [utc("2026-11-24T01:00"), utc("2026-11-25T01:00")]
    assert times(NIGHTLY, utc("2026-07-23T12:00"), 1) == [utc("2026-07-24T00:00")]
    assert times(NIGHTLY, utc("2026-11-23T12:00"), 1, ZoneInfo("UTC")) == [utc("2026-11-24T02:00")]


def test_a_time_is_not_later_than_itself() -> None:
    assert next_time(NIGHTLY, WARSAW, utc("2026-11-24T01:00")) == utc("2026-11-25T01:00")


@pytest.mark.parametrize("cron", [NIGHTLY, "30 2 * * *"])
def test_where_the_clock_skips_the_time_it_comes_once_and_an_hour_later(cron: str) -> None:
    minute = timedelta(minutes=int(cron.split(maxsplit=1)[0]))
    assert [found - minute for found in times(cron, utc("2026-03-27T12:00"), 3)] == [
        utc("2026-03-28T01:00"),
        utc("2026-03-29T01:00"),  # 03:00: there is no 02:00 in this night
        utc("2026-03-30T00:00"),
    ]


@pytest.mark.parametrize("cron", [NIGHTLY, "30 2 * * *"])
def test_where_the_clock_shows_the_time_twice_it_comes_once_and_at_the_first(cron: str) -> None:
    minute = timedelta(minutes=int(cron.split(maxsplit=1)[0]))
    assert [found - minute for found in times(cron, utc("2026-10-23T12:00"), 3)] == [
        utc("2026-10-24T00:00"),
        utc("2026-10-25T00:00"),  # and not at 01:00, which is 02:00 again
        utc("2026-10-26T01:00"),
    ]


@pytest.mark.parametrize("moment", ["2026-10-25T00:00", "2026-10-25T00:30", "2026-10-25T01:00"])
def test_after_the_first_of_two_it_is_not_due_again_in_that_night(moment: str) -> None:
    assert next_time(NIGHTLY, WARSAW, utc(moment)) == utc("2026-10-26T01:00")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_what_is_due_every_minute_goes_on_through_a_change_of_the_clock(day: str) -> None:
    start = utc(f"{day}T00:00")
    assert times("* * * * *", start, 180) == [start + timedelta(minutes=n + 1) for n in range(180)]


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"])
@pytest.mark.parametrize(
    ("cron", "first", "last"),
    [
        *((cron, *YEAR) for cron in (NIGHTLY, EVERY_SIX_HOURS, "15,45 1-3 * * *", "0 1-3 * * sun")),
        *(("*/30 * * * *", *weeks) for weeks in CHANGES_OF_THE_CLOCK),
    ],
)
def test_forward_and_backward_has_the_same_times_each_once(
    cron: str, first: datetime, last: datetime, zone: str
) -> None:
    forward = []
    moment = first
    while (moment := next_time(cron, ZoneInfo(zone), moment)) <= last:
        forward.append(moment)
    assert len(forward) >= 150
    assert forward == sorted(set(forward))
    backward = last_times(cron, ZoneInfo(zone), first + timedelta(seconds=1), last, len(forward) + 1)
    assert backward == forward[::-1]


def test_of_many_passed_times_the_newest_are_given() -> None:
    found = last_times("* * * * *", WARSAW, utc("2026-01-01T00:00"), utc("2026-11-23T12:00"), 3)
    assert found == [utc("2026-11-23T12:00"), utc("2026-11-23T11:59"), utc("2026-11-23T11:58")]


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        (NIGHTLY, "every day at 02:00"),
        (EVERY_SIX_HOURS, "every 6 hours"),
        ("15 */6 * * *", "every 6 hours at minute 15"),
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("0 * * * *", "every hour"),
        ("30 3 * * 1", "every Monday at 03:30"),
        ("30 3 * * 1-5", "Monday to Friday at 03:30"),
        ("30 3 1 * *", "on day 1 of every month at 03:30"),
        ("30 3 1 6 *", "at the times of the cron line '30 3 1 6 *'"),
        ("0 1-3 * * *", "at the times of the cron line '0 1-3 * * *'"),
        ("0 2 1 * 1", "at the times of the cron line '0 2 1 * 1'"),
        ("*/5 2 * * *", "at the times of the cron line '*/5 2 * * *'"),
    ],
)
def test_a_cron_line_in_words(cron: str, words: str) -> None:
    assert in_words(cron) == words
