"""The demo's folder: its secrets, its lock, and what an earlier demo may have left behind."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ppm_web import broker

LOCK = "demo.lock"
LEFTOVER_SECONDS = 10


class DemoRunsError(RuntimeError):
    """A demo of this folder runs already; the message says where."""


class DemoFolder:
    """A folder that one demo at a time uses.

    The demo's processes hold the lock with it. So when the demo itself was killed (SIGKILL, no
    memory), the next one knows those that it left behind, and ends them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock = self.path / LOCK

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the lock; gives its file descriptor, for the processes. Raises DemoRunsError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock.open("a+") as handle:
            if not _try_lock(handle.fileno()):
                self._end_leftovers()
                if not _lock_within(handle.fileno(), LEFTOVER_SECONDS):
                    raise DemoRunsError(f"a demo of {self.path} runs already")
            handle.truncate(0)
            yield handle.fileno()
            handle.truncate(0)

    def note(self, url: str, pids: list[int]) -> None:
        """Note what runs, for the next ``make demo``."""
        self._lock.write_text(json.dumps({"pid": os.getpid(), "url": url, "pids": pids}))

    def clear(self) -> None:
        """Remove everything in the folder but the lock. Needs the lock."""
        broker.stop(self.path)
        for entry in self.path.iterdir():
            if entry.name == LOCK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def kept_secret(self, name: str, size: int) -> str:
        """A random text that is made once and kept in a file that only its owner may read."""
        path = self.path / name
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(size) + "\n")
        return path.read_text().strip()

    def _end_leftovers(self) -> None:
        """End what a killed demo left behind. Raises DemoRunsError when the demo itself lives."""
        noted = self._noted()
        demo = int(noted.get("pid", 0))
        if not demo or _lives(demo):
            where = f" at {noted['url']} (process {demo})" if demo else ""
            raise DemoRunsError(
                f"The demo runs already{where}. End that one first, with Ctrl-C there"
                + (f" or: kill {demo}" if demo else "")
            )
        for pid in noted["pids"]:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)

    def _noted(self) -> dict[str, Any]:
        try:
            noted = json.loads(self._lock.read_text())
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock_within(handle: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (locked := _try_lock(handle)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return locked


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
