"""A PostgreSQL cluster of a test's own, which may be restarted as roughly as it likes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

NEEDED = (
    "PostgreSQL's programs (initdb, pg_ctl) are needed here and were not found in /usr/lib/postgresql or on "
    "PATH: install PostgreSQL, or leave these tests out with -k 'not postgresql'"
)
SERVER_USER = "postgres"
"""Whom the server runs as where we are root: PostgreSQL refuses to be run by root."""


class ClusterError(RuntimeError):
    """A cluster cannot be made here; the message says why."""


class Cluster:
    """A running cluster with an empty database ``ppm``, on a free port of this machine."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="ppm-cluster-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, SERVER_USER)
        self._data = self._folder / "data"
        self._port = any_port()
        self._run("initdb", "--auth", "trust", "--username", "ppm", "--no-sync", "--encoding", "UTF8")
        self._start()
        self._run("createdb", "--host", "127.0.0.1", "--port", str(self._port), "--username", "ppm", "ppm")

    @property
    def url(self) -> str:
        """Where its database is."""
        return f"postgresql://ppm@127.0.0.1:{self._port}/ppm"

    def restart(self) -> None:
        """End it at once, as a crash would, and start it: it recovers what was committed."""
        self._run("pg_ctl", "stop", "--mode", "immediate")
        self._start()

    def end(self) -> None:
        """End it, and remove its data."""
        self._run("pg_ctl", "stop", "--mode", "immediate")
        shutil.rmtree(self._folder)

    def log(self) -> str:
        """What the server had to say."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def _start(self) -> None:
        options = (
            f"-c port={self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
            "-c fsync=off -c max_connections=100"  # a killed server needs no fsync, a power cut would
        )
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", "--log", log, "--options", options)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                f"--reuid={SERVER_USER}",
                f"--regid={SERVER_USER}",
                "--init-groups",
                *command,
            ]
        environment = os.environ | {"PGDATA": str(self._data)}
        with (self._folder.parent / f"{self._folder.name}.out").open("w+") as output:
            # A file, not a pipe: the server keeps it open, and reading would never end.
            done = subprocess.run(
                command, env=environment, cwd="/", stdout=output, stderr=output, check=False, timeout=120
            )
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read()}"
        Path(output.name).unlink()


def _programs() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if found := shutil.which("initdb"):
        folders.insert(0, Path(found).resolve().parent)
    for folder in reversed(folders):
        if (folder / "initdb").exists():
            return folder
    raise ClusterError(NEEDED)


def any_port() -> int:
    """A port of this machine that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
