"""How ``make bench`` tells its figures: what scripts read, and the file that is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import pytest

from benchmarks import report, run
from benchmarks.figures import (
    NAMES,
    Failure,
    Figure,
    Result,
    Side,
    UnknownFigureError,
    all_met,
    meets,
    ratio,
    shown,
    wanted_names,
)
from benchmarks.groups import GROUPS, Group
from ppm_web.cli.processes import StopRequestedError

FAST = ratio("throughput_vs_wire", Side(93.14159, "products/s", "PPM"), Side(100, "products/s", "a loop"))
SLOW = ratio("two_shops", Side(150, "products/s", "two shops"), Side(100, "products/s", "one shop"))


def test_a_figure_tells_its_two_sides_and_then_the_line_that_scripts_read() -> None:
    assert FAST.lines == [
        "throughput_vs_wire: numerator 93.142 products/s, PPM",
        "throughput_vs_wire: denominator 100 products/s, a loop",
        "bench: throughput_vs_wire 0.931 >=0.8 met",
    ]
    assert SLOW.lines[-1] == "bench: two_shops 1.5 >=1.6 missed"


def test_a_figure_that_is_broken_is_missed_whatever_its_value_is() -> None:
    sides = (Side(1, "s", "a run"), Side(1, "s", "an INSERT"))
    figure = ratio("nightly_unchanged_100k", *sides, broken="the shop was asked 3 times")
    assert figure.lines[-2:] == [
        "nightly_unchanged_100k: the shop was asked 3 times",
        "bench: nightly_unchanged_100k 1 <=3 missed",
    ]


def test_a_figure_that_could_not_be_measured_says_why() -> None:
    assert Failure("four_shops", "a shop ended").lines == [
        "four_shops: a shop ended",
        "bench: four_shops nan >=2.5 missed",
    ]


@pytest.mark.parametrize(
    ("value", "goal", "met"),
    [
        (8, "<=8", True),
        (8.001, "<=8", False),
        (0.7996, ">=0.8", True),  # it is shown as 0.8
        (0.799, ">=0.8", False),
        (-0.02, "<=0.1", True),
        (float("nan"), "<=8", False),
        (float("nan"), ">=0.8", False),
    ],
)
def test_a_goal_is_compared_with_the_value_as_it_is_shown(value: float, goal: str, met: bool) -> None:
    assert meets(value, goal) is met


@pytest.mark.parametrize(
    ("value", "text"),
    [(8, "8"), (0.5, "0.5"), (1234.5678, "1234.568"), (-0.0001, "0"), (100, "100"), (float("nan"), "nan")],
)
def test_numbers_are_shown_with_three_decimals_at_most(value: float, text: str) -> None:
    assert shown(value) == text


def test_without_names_all_figures_are_wanted_and_names_keep_their_order() -> None:
    assert wanted_names("") == list(NAMES)
    assert wanted_names("two_shops requests_price_100, two_shops") == ["requests_price_100", "two_shops"]


def test_an_unknown_name_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownFigureError, match="no figure warp"):
        wanted_names("two_shops warp")
    assert run.main(["warp"]) == 2
    assert "button_during_batch" in capsys.readouterr().err


def test_every_figure_belongs_to_one_group_in_the_order_of_the_names() -> None:
    assert sorted(name for group in GROUPS for name in group.names) == sorted(NAMES)


def test_what_fails_in_a_group_is_told_for_each_figure_that_is_missing() -> None:
    def measure(wanted: Collection[str]) -> Iterator[Result]:
        yield SLOW
        raise RuntimeError("no worker")

    results = list(Group(("two_shops", "four_shops", "dead_shop_cost"), measure).results(NAMES))
    assert results == [
        SLOW,
        Failure("four_shops", "not measured: RuntimeError: no worker"),
        Failure("dead_shop_cost", "not measured: RuntimeError: no worker"),
    ]
    assert not all_met(results)


def test_a_stop_is_no_failed_figure() -> None:
    def measure(wanted: Collection[str]) -> Iterator[Result]:
        yield SLOW
        raise StopRequestedError

    results = Group(("two_shops", "four_shops"), measure).results(NAMES)
    assert next(results) is SLOW
    with pytest.raises(StopRequestedError):
        next(results)


def test_the_results_file_holds_each_figure_and_the_machine() -> None:
    results: list[Result] = [FAST, SLOW, Failure("four_shops", "a shop ended")]
    text = report.text_of(results, [("memory", "8 GB")], datetime(2026, 1, 2, 3, 4, tzinfo=UTC), 90)
    assert "| date | 2026-01-02 03:04 UTC |\n| took | 1.5 minutes |\n| memory | 8 GB |" in text
    assert "| throughput_vs_wire | 0.931 | ≥ 0.8 | met | 93.142 products/s, PPM |" in text
    assert "| two_shops | 1.5 | ≥ 1.6 | **missed** |" in text
    assert "| four_shops | – | ≥ 2.5 | **missed** | a shop ended | |" in text


def test_a_figure_of_a_group_that_nobody_wants_is_not_measured() -> None:
    def measure(wanted: Collection[str]) -> Iterator[Result]:
        yield Figure("two_shops", 1, Side(1, "s", "a"), Side(1, "s", "b"))

    assert list(Group(("two_shops",), measure).results(["four_shops"])) == []
