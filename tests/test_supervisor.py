"""PPM under a real supervisord with supervisor/ppm.conf: whatever is killed is back, a stop loses nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Worker

from ppm_web import broker
from ppm_web.cli.processes import free_port
from ppm_web.cli.programs import web_answers
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from tests.scenario.conftest import until
from tests.support import SECRET_KEY

ROOT = Path(__file__).parents[1]
CONFIGURATION = ROOT / "supervisor" / "ppm.conf"
PROGRAMS = {"web", "worker:worker-1", "worker:worker-2", "scheduler"}
HOST, PORT = "127.0.0.1", 8700
FOREIGN = ("PPM_", "FLASK_", "GUNICORN_")
PRODUCTS = 40
SHOPS = 3
"""More than workers, so that tickets wait, and a job ends after its group of products."""

pytestmark = pytest.mark.supervisor


class Supervised:
    """A PPM of its own in a folder, under supervisord."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port(PORT, HOST)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.environment |= {
            "PPM_SECRET_KEY": SECRET_KEY,
            "PPM_DATABASE_URL": f"sqlite:///{folder / 'ppm.sqlite3'}",
            "PPM_BROKER_FOLDER": str(folder),
            "PPM_RUN_FOLDER": str(folder),
            "PPM_HOST": HOST,
            "PPM_PORT": str(self.port),
            "PPM_ALLOW_PRIVATE_SHOPS": "1",
            "PPM_GROUP_SIZE": "5",
            "PPM_PACE_START": "6000",
            "PPM_PACE_MAX": "6000",
            "PPM_SWEEP_SECONDS": "5",
            "PYTHONUNBUFFERED": "1",
        }
        self._killed: list[int] = []

    def start(self) -> None:
        """Start supervisord, and wait until all of PPM runs."""
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                self._command("supervisord"), env=self.environment, cwd="/", stdout=output, stderr=output
            )
        until(lambda: set(self.pids()) == PROGRAMS)
        until(lambda: web_answers(HOST, self.port))
        until(lambda: self.worker_pids() <= self.registered_workers())

    def stop(self) -> int:
        """Tell supervisord to stop all and end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    def pids(self) -> dict[str, int]:
        """Program → process id, of those that run."""
        told = subprocess.run(
            [*self._command("supervisorctl"), "status"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        found = re.findall(r"^(\S+) +RUNNING +pid (\d+),", told, re.MULTILINE)
        return {name: int(pid) for name, pid in found}

    def worker_pids(self) -> set[int]:
        """The process ids of the workers that run."""
        return {pid for name, pid in self.pids().items() if name.startswith("worker")}

    def registered_workers(self) -> set[int]:
        """The process ids of the workers that the queue knows."""
        with Redis.from_url(broker.broker_url(self.folder)) as connection:
            return {worker.pid for worker in Worker.all(connection=connection) if worker.pid}

    def kill(self, name: str) -> int:
        """SIGKILL a program, as a machine without memory does; its process id."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        self._killed.append(pid)
        return pid

    def flask(self, *arguments: str, text: str | None = None) -> str:
        """Run a command that has to succeed; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            input=text,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run a command with --json; its document."""
        return json.loads(self.flask(*arguments, "--json"))

    def clean_up(self) -> None:
        """End everything. A worker that was killed leaves its group behind: RQ's scheduler."""
        if self.process.poll() is None:
            self.stop()
        for pid in self._killed:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        broker.stop(self.folder)

    @staticmethod
    def _command(program: str) -> list[str]:
        return [str(Path(sys.executable).parent / program), "-c", str(CONFIGURATION)]


@pytest.fixture
def supervised() -> Iterator[Supervised]:
    """PPM under supervisord, on an empty database. The path has to be short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="ppm-") as folder:
        supervised = Supervised(Path(folder))
        supervised.flask("db", "upgrade")
        try:
            supervised.start()
            yield supervised
        finally:
            supervised.clean_up()


@pytest.fixture
def shops(supervised: Supervised) -> Iterator[list[PracticeShop]]:
    """Practice shops that take a while for each product, known to PPM, and a catalogue for them."""
    practices = [PracticeShop(version="8.2", entity_ms=80) for _ in range(SHOPS)]
    catalogue = supervised.folder / "catalogue.csv"
    lines = [f"SKU-{number},12.50,23,5,Thing {number},Rzecz {number}" for number in range(PRODUCTS)]
    catalogue.write_text("\n".join(["sku,price_net,tax_rate,quantity,name:en,name:pl", *lines]))
    supervised.flask("catalog", "import", str(catalogue))
    with ExitStack() as stack:
        for number, practice in enumerate(practices):
            url = stack.enter_context(serve(practice)).url
            supervised.flask("shop", "add", f"Shop {number}", url, "--key", "-", text=DEFAULT_KEY)
        yield practices


def references(practice: PracticeShop) -> Counter[str]:
    return Counter(row["reference"] for row in practice.products())


def test_whatever_is_killed_is_back(supervised: Supervised) -> None:
    log = supervised.folder / "scheduler.log"
    until(lambda: log.exists() and "the scheduler runs" in log.read_text())  # else it never says so twice
    killed = {name: supervised.kill(name) for name in sorted(PROGRAMS)}
    until(lambda: all(supervised.pids().get(name, pid) != pid for name, pid in killed.items()))
    until(lambda: web_answers(HOST, supervised.port))
    until(lambda: supervised.worker_pids() <= supervised.registered_workers())
    until(lambda: log.read_text().count("the scheduler runs") == 2)
    assert supervised.stop() == 0


def test_a_stop_in_the_middle_of_batches_loses_nothing(
    supervised: Supervised, shops: list[PracticeShop]
) -> None:
    supervised.flask("schedule", "run", "nightly")
    until(lambda: all(references(practice) for practice in shops))
    assert supervised.stop() == 0
    done = sum(references(practice).total() for practice in shops)
    assert done < SHOPS * PRODUCTS, "it was stopped in the middle"
    assert not [name for name in supervised.folder.glob("*.log") if "Traceback" in name.read_text()]
    states = supervised.json("queue", "stats")["states"]
    assert {counts["syncing"] for counts in states.values()} == {0}, "each job came to its end"
    assert sum(counts["synced"] for counts in states.values()) == done

    supervised.start()

    until(lambda: all(references(practice).total() >= PRODUCTS for practice in shops), 120)
    until(lambda: all_ended(supervised))
    wanted = {f"SKU-{number}": 1 for number in range(PRODUCTS)}
    assert [references(practice) for practice in shops] == [wanted] * SHOPS
    states = supervised.json("queue", "stats")["states"]
    assert [counts["synced"] for counts in states.values()] == [PRODUCTS] * SHOPS


def all_ended(supervised: Supervised) -> bool:
    states = supervised.json("queue", "stats")["states"]
    return all(counts["syncing"] == counts["pending"] == 0 for counts in states.values())
