"""``make demo``: from nothing to a panel where one can sign in, and back to nothing."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.services.demo import LATER
from tests.scenario.conftest import until

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "ppm_web.cli", "demo", "--folder"]
START_SECONDS, END_SECONDS = 60, 20  # on a machine that is busy
PUBLISH_SECONDS = 60  # usually ten

pytestmark = pytest.mark.demo


@dataclass
class Demo:
    """A demo that runs, and what it printed."""

    process: subprocess.Popen[bytes]
    output: Path

    def told(self, label: str) -> str:
        """What stands beside ``label`` in the block that it printed."""
        found = re.search(rf"^  {re.escape(label)}  +(\S+)$", self.output.read_text(), re.MULTILINE)
        assert found, self.output.read_text()
        return found[1]

    @property
    def shops(self) -> list[str]:
        return [self.told("Practice shop 8.2"), self.told("Practice shop 9.1")]

    def end(self, number: signal.Signals) -> int:
        """Send a signal, as a terminal does, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)


class DemoStarter:
    """Starts demos of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.demos: list[Demo] = []

    def __call__(self) -> Demo:
        output = self.folder.parent / f"output-{len(self.demos)}"
        # A setting of a real PPM, which the demo must not touch.
        environment = os.environ | {"PPM_DATABASE_URL": "sqlite:////nonexistent/ppm.sqlite3"}
        with output.open("wb") as file:
            process = subprocess.Popen(
                [*COMMAND, str(self.folder)], cwd=ROOT, stdout=file, stderr=file, env=environment
            )
        demo = Demo(process, output)
        self.demos.append(demo)
        until(lambda: "Ctrl-C ends" in output.read_text() or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, output.read_text()
        return demo


@pytest.fixture
def start(tmp_path: Path) -> Iterator[DemoStarter]:
    starter = DemoStarter(tmp_path / "demo")
    yield starter
    for demo in starter.demos:
        if demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def sign_in(demo: Demo) -> requests.Response:
    url = demo.told("PPM")
    with requests.Session() as browser:
        page = browser.get(url, timeout=10)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert token, page.text
        return browser.post(
            f"{url}login",
            {"csrf_token": token[1], "email": demo.told("sign in as"), "password": demo.told("password")},
            timeout=10,
        )


def published(shop: str) -> set[str]:
    """The references of the products in a practice shop."""
    answer = requests.get(
        f"{shop}api/products?display=[reference]&output_format=JSON", auth=(DEFAULT_KEY, ""), timeout=10
    )
    found = answer.json()
    return {product["reference"] for product in found["products"]} if found else set()


def writes(shop: str) -> int:
    """How many requests that write the shop has got."""
    counts = requests.get(f"{shop}__practice/stats", timeout=10).json()["requests"]
    return sum(sum(by.values()) for method, by in counts.items() if method != "GET")


def publishable(number: int) -> set[str]:
    """What of the sample can be published to the shop of that number (from 0): two products never can."""
    with (ROOT / "sample" / "catalogue.csv").open(newline="", encoding="utf-8-sig") as file:
        skus = {row["sku"] for row in csv.DictReader(file)} - {"LAMP-PAPER"}
    return skus - LATER if number else skus


def processes_of(demo: Demo) -> set[int]:
    """The demo's process and all that it started, with the broker, as it runs."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = {int(pid): int(parent) for pid, parent in map(str.split, listed.stdout.splitlines())}
    found = {demo.process.pid}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found


def still_there(pids: set[int]) -> set[int]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,stat="], capture_output=True, text=True, check=True)
    states = dict(line.split() for line in listed.stdout.splitlines())
    return {pid for pid in pids if not states.get(str(pid), "Z").startswith("Z")}


def test_from_nothing_to_published_products_and_back_to_nothing(start: DemoStarter) -> None:
    demo = start()
    page = sign_in(demo)
    assert page.status_code == 200
    assert page.url == demo.told("PPM")

    for number, shop in enumerate(demo.shops):
        until(lambda n=number, shop=shop: publishable(n) <= published(shop), PUBLISH_SECONDS)  # type: ignore[misc]

    second = subprocess.run(
        [*COMMAND, str(start.folder)], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert second.returncode == 1
    assert f"The demo runs already at {demo.told('PPM')} (process {demo.process.pid})" in second.stderr

    pids = processes_of(demo)
    assert len(pids) >= 8, "itself, two shops, the broker, the web with its process, two workers"
    assert demo.end(signal.SIGINT) == 0
    assert still_there(pids) == set()
    for name in ("password", "secret_key"):
        assert (start.folder / name).stat().st_mode & 0o077 == 0, f"others can read {name}"


def test_a_start_after_a_killed_one_goes_on_and_a_process_that_dies_ends_it(start: DemoStarter) -> None:
    first = start()
    for number, shop in enumerate(first.shops):
        until(lambda n=number, shop=shop: publishable(n) <= published(shop), PUBLISH_SECONDS)  # type: ignore[misc]
    password = first.told("password")
    left_behind = processes_of(first)
    first.process.kill()
    first.process.wait()
    assert len(still_there(left_behind)) >= 7, "nobody was there to end them"

    demo = start()
    assert demo.told("password") == password
    assert sign_in(demo).url == demo.told("PPM")
    assert all(publishable(number) <= published(shop) for number, shop in enumerate(demo.shops))
    assert [writes(shop) for shop in demo.shops] == [0, 0], "nothing is synced again"

    pids = processes_of(demo)
    os.kill(_pid_of_a_worker(demo), signal.SIGKILL)
    assert demo.process.wait(END_SECONDS) == 1
    assert "worker 1 was killed by SIGKILL" in demo.output.read_text()
    until(lambda: still_there(pids | left_behind) == set(), 5)


def _pid_of_a_worker(demo: Demo) -> int:
    """The process id of worker 1, which is the first of two children that work on the queue."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return min(
        int(pid) for pid, parent, args in rows if int(parent) == demo.process.pid and "queue work" in args
    )
