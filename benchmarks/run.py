"""``make bench``: measure, tell, and write down; exit status 0 only when every goal is met."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from benchmarks import machine, report
from benchmarks.figures import NAMES, Result, UnknownFigureError, all_met, wanted_names
from benchmarks.groups import GROUPS
from ppm_web.cli.processes import StopRequestedError
from ppm_web.models import now


def main(arguments: Sequence[str]) -> int:
    """Measure the figures that are named, all without a name: then the results are written down, too.

    Returns 0 when all goals are met, 1 when one is missed or the run was stopped, 2 for wrong use.
    """
    try:
        wanted = wanted_names(" ".join(arguments))
    except UnknownFigureError as error:
        print(error, file=sys.stderr)
        return 2
    moment, began = now(), time.monotonic()
    try:
        results = _measure(wanted)
    except (StopRequestedError, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        return 1
    if len(wanted) == len(NAMES):
        report.write(results, machine.described(), moment, time.monotonic() - began)
    return 0 if all_met(results) else 1


def _measure(wanted: Sequence[str]) -> list[Result]:
    results: list[Result] = []
    for group in GROUPS:
        for result in group.results(wanted):
            print(*result.lines, sep="\n", flush=True)
            results.append(result)
    return sorted(results, key=lambda result: NAMES.index(result.name))
