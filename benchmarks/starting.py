"""Starting batches of 100,000: how long, with how much memory, and what the broker gets of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks import bare_insert, batch_runs, catalog, memory, shops
from benchmarks.figures import Figure, Result, Side, ratio
from benchmarks.house import House
from ppm_web import queue
from ppm_web.cli.programs import ROOT
from ppm_web.models import ItemOutcome

NAMES = ("batch_start_100k", "batch_start_memory", "nightly_unchanged_100k", "broker_memory")
ROUNDS = 3
SECONDS = 120
FEW: Final = 1_000
"""Products of the small batch that the broker's memory is compared with."""


@dataclass(frozen=True, slots=True)
class Started:
    """What the process that started a batch told."""

    waiting: int
    unchanged: int
    seconds: float
    before: float
    peak: float


def measure(
    wanted: Collection[str], house: House, shop_id: int, small_id: int, url: str, count: int
) -> Iterator[Result]:
    """Start batches of all products, unchanged and then changed, with a bare INSERT after each."""
    if "nightly_unchanged_100k" in wanted:
        yield _nightly(house, shop_id, url, count)
    if {"batch_start_100k", "batch_start_memory"} & set(wanted):
        yield from _changed(wanted, house, shop_id, count)
    if "broker_memory" in wanted:
        yield _broker(house, shop_id, small_id, count)


def _nightly(house: House, shop_id: int, url: str, count: int) -> Figure:
    shops.forget_requests(url)
    started, bare = _rounds(house, shop_id, ItemOutcome.UNCHANGED, count, lambda: None)
    broken = "" if all(each.unchanged == count for each in started) else "not all were found unchanged"
    if requests := shops.requests_of(url):
        broken = f"the shop was asked {requests} times"
    return ratio(
        "nightly_unchanged_100k",
        Side(median(each.seconds for each in started), "s", f"a run over {count} unchanged products"),
        _bare(bare),
        broken,
    )


def _changed(wanted: Collection[str], house: House, shop_id: int, count: int) -> Iterator[Figure]:
    started, bare = _rounds(house, shop_id, ItemOutcome.WAITING, count, catalog.raise_prices)
    broken = "" if all(each.waiting == count for each in started) else "not all were found changed"
    if "batch_start_100k" in wanted:
        took = Side(median(each.seconds for each in started), "s", f"to start a batch of {count}")
        yield ratio("batch_start_100k", took, _bare(bare), broken)
    if "batch_start_memory" in wanted:
        peak = Side(median(each.peak for each in started), "MB", "at most, while it started the batch")
        before = Side(median(each.before for each in started), "MB", "before, the app loaded")
        yield Figure("batch_start_memory", peak.amount - before.amount, peak, before, broken)


def _rounds(
    house: House, shop_id: int, outcome: ItemOutcome, count: int, change: Callable[[], None]
) -> tuple[list[Started], list[float]]:
    started, bare = [], []
    for _ in range(ROUNDS):
        _clear(house)
        change()
        started.append(_start(house, shop_id))
        _clear(house)
        bare.append(bare_insert.seconds(shop_id, outcome, count))
    _clear(house)
    return started, bare


def _start(house: House, shop_id: int) -> Started:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.start_probe", str(shop_id)],
        env=house.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise batch_runs.WrongOutcomeError(f"The batch could not be started: {done.stderr}")
    told = json.loads(done.stdout)
    return Started(**{name: told[name] for name in Started.__slots__})


def _broker(house: House, shop_id: int, small_id: int, count: int) -> Figure:
    """Both batches wait, with no worker: what the broker holds is theirs alone."""
    used: dict[int, float] = {}
    for each in (small_id, shop_id):
        _clear(house)
        catalog.raise_prices()
        batch_runs.start(each)
        used[each] = memory.of_keys(queue.connection(), os.environ["RQ_KEY_PREFIX"])
    _clear(house)
    return ratio(
        "broker_memory",
        Side(used[shop_id] * 1000, "KB", f"in the broker for a waiting batch of {count}"),
        Side(used[small_id] * 1000, "KB", f"in the broker for a waiting batch of {FEW}"),
    )


def _bare(seconds: list[float]) -> Side:
    what = f"the bare INSERT … SELECT of its items, in one transaction, median of {ROUNDS}"
    return Side(median(seconds), "s", what)


def _clear(house: House) -> None:
    bare_insert.put_back()
    house.empty_broker()
