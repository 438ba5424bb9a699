"""``benchmarks/RESULTS.md``: the figures of the last full run, with the machine that they come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.figures import GOALS, Failure, Result, shown

PATH = Path(__file__).with_name("RESULTS.md")

HEAD = """\
# Results of `make bench`

Written by the last full run. Every figure is a ratio of two measurements that were taken in turn, in the
same minute, or an amount beside the one that it grew from: absolute figures say more about the machine.
Where rates are told, the shops are practice shops with the costs of a real one: 18 ms a request, 9 ms an
entity written.
"""


def write(
    results: Sequence[Result], machine: Sequence[tuple[str, str]], moment: datetime, seconds: float
) -> None:
    """Write the file. ``moment`` is when the run began, ``seconds`` how long it took."""
    PATH.write_text(text_of(results, machine, moment, seconds), encoding="utf-8")


def text_of(
    results: Sequence[Result], machine: Sequence[tuple[str, str]], moment: datetime, seconds: float
) -> str:
    """The file's text, as Markdown."""
    about = [("date", f"{moment:%Y-%m-%d %H:%M} UTC"), ("took", f"{seconds / 60:.1f} minutes"), *machine]
    return "\n".join(
        [
            HEAD,
            "| | |",
            "| --- | --- |",
            *(f"| {name} | {value} |" for name, value in about),
            "",
            "| figure | value | goal | | numerator | denominator |",
            "| --- | --- | --- | --- | --- | --- |",
            *map(_row, results),
            "",
        ]
    )


def _row(result: Result) -> str:
    verdict = "met" if result.met else "**missed**"
    if isinstance(result, Failure):
        return f"| {result.name} | – | {_goal(result.name)} | {verdict} | {result.reason} | |"
    value = f"{shown(result.value)}{f' ({result.broken})' if result.broken else ''}"
    return (
        f"| {result.name} | {value} | {_goal(result.name)} | {verdict} "
        f"| {result.numerator} | {result.denominator} |"
    )


def _goal(name: str) -> str:
    return GOALS[name].replace("<=", "≤ ").replace(">=", "≥ ")
