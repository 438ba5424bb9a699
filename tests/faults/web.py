"""PPM's web as it is served, and somebody who is signed in and looks at its pages all the time."""

from __future__ import annotations

import re
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import requests

from ppm_web.cli.programs import web_answers, web_program
from tests.faults.cluster import any_port
from tests.scenario.conftest import FLASK, ROOT, House, until

EMAIL, PASSWORD = "looker@example.com", "a pass phrase for tests"


class Web:
    """The web, with somebody who asks for ``paths`` in turn, in a thread; ``answers`` counts by status."""

    def __init__(self, house: House, log: Path, paths: Sequence[str]) -> None:
        _add_user(house.environment)
        port = any_port()
        program = web_program(f"127.0.0.1:{port}", processes=1, threads=4)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                program.command, env=house.environment, cwd=ROOT, stdout=output, stderr=output
            )
        until(lambda: web_answers("127.0.0.1", port))
        self.answers: Counter[int] = Counter()
        self._url = f"http://127.0.0.1:{port}"
        self._paths = paths
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, name="looker")
        self._thread.start()

    def end(self) -> None:
        """End the looking, and the web."""
        self._ending.set()
        self._thread.join()
        self._process.terminate()
        self._process.wait(30)

    def _look(self) -> None:
        with requests.Session() as browser:
            _sign_in(browser, self._url)
            while not self._ending.wait(0.1):
                for path in self._paths:
                    self.answers[browser.get(f"{self._url}{path}", timeout=60).status_code] += 1


def _add_user(environment: Mapping[str, str]) -> None:
    subprocess.run(
        [*FLASK, "user", "add", EMAIL, "--role", "manager", "--password", "-"],
        input=f"{PASSWORD}\n",
        env=environment,
        cwd=ROOT,
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _sign_in(browser: requests.Session, url: str) -> None:
    page = browser.get(f"{url}/login", timeout=60)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token, page.text
    form = {"csrf_token": token[1], "email": EMAIL, "password": PASSWORD}
    browser.post(f"{url}/login", form, timeout=60).raise_for_status()
