"""What a worker leaves behind when it is killed: nothing."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.scenario.conftest import HOPELESS_SECONDS, House, descendants, until

pytestmark = pytest.mark.scenario


def lives(pid: int) -> bool:
    """Whether that process runs; one that has ended and waits to be asked after does not."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


def test_the_scheduler_of_a_killed_worker_ends_by_itself(house: House) -> None:
    house.start_workers()
    worker = house.workers[0]
    until(lambda: bool(descendants(worker.pid)))
    children = descendants(worker.pid)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(HOPELESS_SECONDS)
    until(lambda: not any(lives(pid) for pid in children))
