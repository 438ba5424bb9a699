"""Workers as a supervisor keeps them, and somebody who kills them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.scenario.conftest import FLASK, ROOT

WAYS = ("worker and work-horse", "work-horse", "worker", "stop")
"""Whom a kill meets: all that a power cut meets, or one of them as the kernel picks it when memory runs
out; ``stop`` is the SIGTERM of a deployment."""
SHARES = (4, 2, 2, 1)


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the system."""

    pid: int
    parent: int
    group: int
    session: int


class Crew:
    """``count`` workers (``flask queue work``); one that ends is replaced by ``keep``.

    May be used from several threads. ``kills`` counts the kills by way; ``log`` gets what all say.
    """

    def __init__(
        self, environment: Mapping[str, str], log: Path, count: int, dice: random.Random | None = None
    ) -> None:
        self.kills: Counter[str] = Counter()
        self._environment = environment
        self._log = log
        self._dice = dice or random.Random()
        self._lock = threading.Lock()
        self._started: list[int] = []
        self._workers = [self._start() for _ in range(count)]

    def keep(self) -> None:
        """Start a worker for each one that has ended."""
        with self._lock:
            self._workers = [self._start() if w.poll() is not None else w for w in self._workers]

    def kill_one(self) -> str:
        """Kill a worker by chance, in a way by chance; returns the way."""
        with self._lock:
            worker = self._dice.choice(self._workers)
            way = self._dice.choices(WAYS, SHARES)[0]
            number = signal.SIGTERM if way == "stop" else signal.SIGKILL
            for pid in _met(way, worker.pid):
                _kill(pid, number)
            self.kills[way] += 1
        return way

    def end(self) -> None:
        """Kill all workers there were, with whatever they left behind."""
        with self._lock:
            for process in _processes():
                if process.session in self._started:
                    _kill(process.pid, signal.SIGKILL)
            for worker in self._workers:
                worker.wait(10)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            worker = subprocess.Popen(
                [*FLASK, "queue", "work"],
                env=self._environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(worker.pid)
        return worker


def _met(way: str, worker: int) -> list[int]:
    """The processes that a kill in this way meets. A work-horse leads a process group of its own."""
    if way in {"worker", "stop"}:
        return [worker]
    session = [process for process in _processes() if process.session == worker]
    if way == "work-horse":
        return [process.pid for process in session if process.group == process.pid != worker]
    return [worker, *(process.pid for process in session if process.pid != worker)]


def _processes() -> list[Process]:
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,pgid=,sess="], capture_output=True, text=True, check=True
    )
    return [Process(*map(int, line.split())) for line in listed.stdout.splitlines()]


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
