"""The long fault run (``make chaos``): people at work, a shop that fails, and everything else that dies.

Rounds of blows, each with a rest at its end in which all must come right, for CHAOS_SECONDS (600) in all,
on SQLite and on a PostgreSQL of its own. CHAOS_SEED repeats a run's dice. Writes chaos.json; the exit status
is 1 when anything was lost, doubled or stuck.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.blows import Blows
from tests.faults.cluster import Cluster, ClusterError
from tests.faults.people import People
from tests.faults.shop import every_fault
from tests.faults.stage import SHOP_COSTS, Stage, set_up
from tests.faults.verdict import Verdict, judge, unfinished

PRODUCTS = 300
WORKERS = 3
ROUND_SECONDS = 45
"""How long the blows of a round fall."""
REST_SECONDS = 90
"""How long a round may take to come right after the last blow, before it counts as stuck."""
REPORT = Path("chaos.json")


@dataclass
class Report:
    """What was done to PPM, and what became of it."""

    seed: int
    rounds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    blows: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=lambda: Verdict([], [], []))

    def add(self, found: Verdict) -> None:
        """Add what went wrong in a round."""
        self.verdict.lost.extend(found.lost)
        self.verdict.doubled.extend(found.doubled)
        self.verdict.stuck.extend(found.stuck)

    def write(self) -> None:
        """Write it to chaos.json."""
        document = {
            "seed": self.seed,
            "rounds": self.rounds,
            "faults": dict(sorted(self.faults.items())),
            "blows": dict(sorted(self.blows.items())),
            "acts": dict(sorted(self.acts.items())),
            "lost": self.verdict.lost,
            "doubled": self.verdict.doubled,
            "stuck": self.verdict.stuck,
        }
        REPORT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    def last_line(self) -> str:
        """What a run has come to."""
        survived = self.faults.total() + self.blows.total()
        found = self.verdict
        return (
            f"{survived} faults survived, {len(found.lost)} lost, {len(found.doubled)} doubled, "
            f"{len(found.stuck)} stuck"
        )


def main() -> int:
    """Run; the exit status."""
    seconds = float(os.environ.get("CHAOS_SECONDS", "600"))
    report = Report(int(os.environ.get("CHAOS_SEED") or random.randrange(1_000_000)))
    print(f"seed {report.seed}; again with: make chaos CHAOS_SEED={report.seed}", flush=True)
    with ExitStack() as stack:
        try:
            cluster = Cluster()
            stack.callback(cluster.end)
        except ClusterError as error:
            print(f"SQLite only: {error}", flush=True)
            _ground("SQLite", None, seconds, report)
        else:
            _ground("SQLite", None, seconds / 2, report)
            _ground("PostgreSQL", cluster, seconds / 2, report)
    report.write()
    print(*report.verdict.faults, report.last_line(), sep="\n")
    return 1 if report.verdict.faults else 0


def _ground(name: str, cluster: Cluster | None, seconds: float, report: Report) -> None:
    """Rounds on one database, until the time is up or something went wrong."""
    deadline = time.monotonic() + seconds
    folder = Path(tempfile.mkdtemp(prefix="ppm-chaos-"))
    print(f"{name}, logs in {folder}", flush=True)
    url = cluster.url if cluster else ""
    with set_up(
        folder, report.seed, count=PRODUCTS, workers=WORKERS, database_url=url, costs=SHOP_COSTS
    ) as stage:
        is_well = True
        while is_well and time.monotonic() + ROUND_SECONDS < deadline:
            report.rounds += 1
            is_well = _round(stage, cluster, report)
            print(f"round {report.rounds}: {'well' if is_well else 'something went wrong'}", flush=True)
        report.faults.update(stage.shop.stats()["faults"])
        report.blows.update(stage.crew.kills)
    if cluster is None:
        report.verdict.stuck.extend(
            line for line in stage.house.log.read_text().splitlines() if "database is locked" in line
        )


def _round(stage: Stage, cluster: Cluster | None, report: Report) -> bool:
    """Blows and people's acts at random moments; then rest, and a verdict: whether all is well."""
    stage.shop.set_faults(every_fault())
    blows = Blows(stage, cluster, report.blows)
    people = People(stage, report.acts)
    end = time.monotonic() + ROUND_SECONDS
    try:
        while time.monotonic() < end:
            people.act()
    finally:
        blows.end()
    people.go_home()
    stage.be_quiet()
    try:
        stage.wait(REST_SECONDS)
        stage.batches.append(stage.house.start_batch())
        stage.wait(REST_SECONDS)
    except AssertionError:
        print("it did not come to rest", flush=True)
    found = judge(stage.engine, stage.shop)
    found.lost.extend(unfinished(stage.engine))
    found.stuck.extend(stage.watch.faults)
    report.add(found)
    return not found.faults


if __name__ == "__main__":
    sys.exit(main())
