"""PPM as people run it: commands and workers as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import SECRET_KEY

ROOT = Path(__file__).parents[2]
HOPELESS_SECONDS = 180
"""After so long a wait is given up: far longer than it takes on a machine that others keep busy."""
FLASK = [sys.executable, "-m", "flask"]


@dataclass
class House:
    """A PPM of its own: its environment, and its processes."""

    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    log: Path = Path("worker.log")
    errors: str = ""

    def flask(self, *arguments: str, status: int = 0) -> str:
        """Run a command, check its exit status, and return its standard output."""
        done = subprocess.run(
            [*FLASK, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=HOPELESS_SECONDS,
            check=False,
        )
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        self.errors = done.stderr
        return done.stdout

    def json(self, *arguments: str, status: int = 0) -> Any:
        """Run a command with --json and return its document."""
        return json.loads(self.flask(*arguments, "--json", status=status))

    def start_workers(self, count: int = 1) -> None:
        """Start workers that run until the test ends or kills them; several share the app's loading."""
        command = [*FLASK, "queue", "work"]
        if count > 1:
            command = [sys.executable, "-m", "tests.scenario.workers", str(count)]
        with self.log.open("ab") as log:
            self.workers.append(
                subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=log, stderr=log)
            )

    def kill_workers(self) -> None:
        """SIGKILL the workers with their work-horses and schedulers, as a power cut would."""
        for worker in self.workers:
            for pid in [*descendants(worker.pid), worker.pid]:
                _kill(pid, signal.SIGKILL)
            worker.wait(HOPELESS_SECONDS)
        self.workers.clear()


@pytest.fixture
def house(database_url: str, clean_broker: str, tmp_path: Path) -> Iterator[House]:
    """A PPM on a fresh database, with waits short enough for a test."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PPM_")}
    environment |= {
        "PPM_SECRET_KEY": SECRET_KEY,
        "PPM_DATABASE_URL": database_url,
        "PPM_REDIS_URL": clean_broker,
        "PPM_ALLOW_PRIVATE_SHOPS": "1",
        "PPM_SYNC_BACKOFF": "[1, 1, 1]",
        "PPM_SWEEP_SECONDS": "1",
        "PPM_REQUEST_TIMEOUT_SECONDS": "2",
        "PPM_LEASE_SECONDS": "4",
        "PPM_PACE_START": "100000",
        "PPM_PACE_MAX": "100000",
        "PYTHONWARNINGS": "error",
    }
    house = House(environment, log=tmp_path / "worker.log")
    yield house
    house.kill_workers()


def until(condition: Callable[[], bool], seconds: float = HOPELESS_SECONDS) -> None:
    """Wait until ``condition`` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    children = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = [tuple(map(int, line.split())) for line in children.stdout.splitlines()]
    found = [child for child, parent in parents if parent == pid]
    return [grandchild for child in found for grandchild in descendants(child)] + found


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
