"""Several processes as one: started together, ended together, none of them left behind.

``make demo`` and ``make run`` start the web, the workers and the practice shops with this.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.1
ENDING = ((signal.SIGTERM, 5), (signal.SIGTERM, 2), (signal.SIGKILL, 5))
"""How a process is ended, with seconds to wait: a worker lets its job end at the first SIGTERM, and
kills it at the second one."""

LOG_LINES = 10
PORTS_TRIED = 200


class StopRequestedError(Exception):
    """Ctrl-C, SIGTERM, or the terminal was closed."""


class ProcessEndedError(RuntimeError):
    """A process ended by itself; the message names it, and has the last lines of its log."""


class NotReadyError(RuntimeError):
    """What was waited for did not come true in time."""


class NoFreePortError(RuntimeError):
    """Every port that was tried is taken."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process to start. Its log begins anew; without one it writes to our own output and error."""

    name: str
    command: Sequence[str]
    log: Path | None = None


class Processes:
    """Processes that live as long as the ``with`` block.

    In the block, a stop signal raises nothing by itself: ``check`` and the waits do, so that no
    process is lost between its start and our knowing of it.
    """

    def __init__(
        self, environment: Mapping[str, str], folder: Path, *, keep_open: Sequence[int] = ()
    ) -> None:
        """They run in ``folder``, with ``environment``; file descriptors ``keep_open`` go to them."""
        self._environment = dict(environment)
        self._folder = folder
        self._keep_open = tuple(keep_open)
        self._stages: list[list[tuple[Program, subprocess.Popen[bytes]]]] = []
        self._stop_requested = False
        self._former_handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Processes:
        for number in STOP_SIGNALS:
            self._former_handlers[number] = signal.signal(number, self._note_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for number, handler in self._former_handlers.items():
            signal.signal(number, handler)

    @property
    def pids(self) -> list[int]:
        """The process ids of all that were started and not ended."""
        return [process.pid for stage in self._stages for _, process in stage]

    def start(self, *programs: Program) -> None:
        """Start programs. What is started later is ended earlier."""
        stage: list[tuple[Program, subprocess.Popen[bytes]]] = []
        self._stages.append(stage)
        for program in programs:
            stage.append((program, self._started(program)))

    def check(self) -> None:
        """Raises StopRequestedError after a stop signal, ProcessEndedError when one has ended."""
        if self._stop_requested:
            raise StopRequestedError
        for stage in self._stages:
            for program, process in stage:
                if (status := process.poll()) is not None:
                    raise ProcessEndedError(_obituary(program, status))

    def wait_until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until ``condition`` holds. Raises NotReadyError, and what ``check`` raises."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise NotReadyError(f"{what} is not ready after {seconds:g} seconds")
            time.sleep(POLL_SECONDS)

    def wait(self) -> None:
        """Wait until one of them ends, or a stop signal comes: raises what ``check`` raises."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End them all, the latest stage first; takes a second or two, and at most 12 for a stage."""
        while self._stages:
            _end([process for _, process in self._stages[-1]])
            self._stages.pop()

    def _started(self, program: Program) -> subprocess.Popen[bytes]:
        output = program.log.open("wb") if program.log else None
        try:
            # A session of its own: a Ctrl-C at the terminal reaches us alone, and we end them in order.
            return subprocess.Popen(  # noqa: S603  (our own commands)
                program.command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=self._keep_open,
            )
        finally:
            if output:
                output.close()

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_requested = True


def free_port(preferred: int, host: str = "127.0.0.1") -> int:
    """``preferred``, or the next port that nobody listens at. Raises NoFreePortError."""
    with listener(preferred, host) as found:
        return int(found.getsockname()[1])


def listener(preferred: int, host: str = "127.0.0.1") -> socket.socket:
    """A socket that listens at ``preferred`` or the next free port. Raises NoFreePortError."""
    for port in range(preferred, min(preferred + PORTS_TRIED, 65536)):
        with suppress(OSError):
            return socket.create_server((host, port), backlog=128)
    raise NoFreePortError(f"no port is free on {host} from {preferred} on")


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for number, seconds in ENDING:
        running = [process for process in processes if process.poll() is None]
        for process in running:
            process.send_signal(number)
        deadline = time.monotonic() + seconds
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        # What a process that was killed left behind, such as the scheduler of a worker.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _obituary(program: Program, status: int) -> str:
    cause = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    message = f"{program.name} {cause}"
    if program.log is None:
        return message
    lines = program.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join([f"{message}; the last lines of {program.log}:", *(f"  {line}" for line in lines)])
