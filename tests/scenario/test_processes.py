"""Processes that are started, watched and ended as one."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from ppm_web.cli import processes as supervision
from ppm_web.cli.processes import (
    NotReadyError,
    ProcessEndedError,
    Processes,
    Program,
    StopRequestedError,
    free_port,
)
from tests.scenario.conftest import HOPELESS_SECONDS, until

pytestmark = pytest.mark.scenario


def python(name: str, code: str, log: Path | None = None) -> Program:
    return Program(name, [sys.executable, "-c", code], log)


def sleeper(name: str = "sleeper") -> Program:
    return python(name, "import time; time.sleep(60)")


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    return Processes(os.environ, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_the_wait_and_all_of_them(number: signal.Signals, processes: Processes) -> None:
    before = signal.getsignal(number)
    with pytest.raises(StopRequestedError), processes:
        processes.start(sleeper("one"), sleeper("two"))
        processes.start(sleeper("three"))
        pids = processes.pids
        threading.Timer(0.3, os.kill, (os.getpid(), number)).start()
        processes.wait()
    assert len(pids) == 3
    assert not any(lives(pid) for pid in pids)
    assert signal.getsignal(number) is before


def test_any_error_in_the_block_ends_all_of_them(processes: Processes) -> None:
    with pytest.raises(ZeroDivisionError), processes:
        processes.start(sleeper())
        (pid,) = processes.pids
        _ = 1 / 0
    assert not lives(pid)


def test_one_that_ends_by_itself_is_told_with_the_end_of_its_log(
    processes: Processes, tmp_path: Path
) -> None:
    code = "print(*range(100), sep='\\n', flush=True); raise SystemExit('no database')"
    with pytest.raises(ProcessEndedError) as caught, processes:
        processes.start(sleeper(), python("worker 1", code, tmp_path / "worker.log"))
        processes.wait()
    message = str(caught.value)
    assert message.startswith("worker 1 ended with status 1; the last lines of ")
    assert message.endswith("no database")
    assert len(message.splitlines()) == 11


def test_one_that_is_killed_is_told(processes: Processes) -> None:
    with pytest.raises(ProcessEndedError, match="sleeper was killed by SIGKILL"), processes:
        processes.start(sleeper())
        os.kill(processes.pids[0], signal.SIGKILL)
        processes.wait()


def test_what_a_killed_one_started_is_ended_too(processes: Processes, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"""
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({str(note)!r}).write_text(str(child.pid))
time.sleep(60)
"""
    with pytest.raises(ProcessEndedError), processes:
        processes.start(python("parent", code))
        processes.wait_until(lambda: note.exists() and bool(note.read_text()), HOPELESS_SECONDS, "the note")
        os.kill(processes.pids[0], signal.SIGKILL)
        processes.wait()
    until(lambda: not lives(int(note.read_text())) or _is_zombie(int(note.read_text())))


def test_one_that_does_not_listen_is_killed_in_the_end(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "ENDING", ((signal.SIGTERM, 0.3), (signal.SIGKILL, 5)))
    ready = tmp_path / "ready"
    code = f"""
import pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path({str(ready)!r}).touch()
time.sleep(60)
"""
    with processes:
        processes.start(python("deaf", code))
        processes.wait_until(ready.exists, HOPELESS_SECONDS, "it")
        (pid,) = processes.pids
        begun = time.monotonic()
    assert not lives(pid)
    assert 0.3 <= time.monotonic() - begun < 5


def test_what_was_started_later_is_ended_earlier(processes: Processes, tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = """
import signal, sys, time
def end(*_):
    with open({path!r}, "a") as file:
        file.write("{name} ")
    sys.exit()
signal.signal(signal.SIGTERM, end)
open({path!r} + ".{name}", "w").close()
time.sleep(60)
"""
    with processes:
        for name in ("shop", "worker"):
            processes.start(python(name, code.format(path=str(order), name=name)))
            processes.wait_until(Path(f"{order}.{name}").exists, HOPELESS_SECONDS, name)
    assert order.read_text() == "worker shop "


def test_what_does_not_come_true_in_time_is_told(processes: Processes) -> None:
    with pytest.raises(NotReadyError, match=r"the web is not ready after 0\.2 seconds"), processes:
        processes.wait_until(lambda: False, 0.2, "the web")


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port
    assert free_port(port) == port


def _is_zombie(pid: int) -> bool:
    """In a container without an init, nobody takes note of the end of an orphan."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
