"""The processes that PPM consists of, as ``make demo`` and ``make run`` start them."""

from __future__ import annotations

import http.client
import sys
from pathlib import Path

from ppm_web.cli.processes import Program

ROOT = Path(__file__).parents[2]
WEB_SECONDS = 30
"""How long the web may take to its first answer, on a slow machine."""

_FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")


def web_program(bind: str, *, processes: int, threads: int, log: Path | None = None) -> Program:
    """The web, by gunicorn, at ``HOST:PORT`` or on an open socket, ``fd://NUMBER``."""
    command = [
        *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", bind),
        *("--workers", str(processes), "--threads", str(threads)),
        *("--graceful-timeout", "3", "--log-level", "warning"),
        "--no-control-socket",  # it would be made in the home folder
    ]
    return Program("web", command, log)


def worker_program(number: int, log: Path | None = None) -> Program:
    """One worker on all queues."""
    return Program(f"worker {number}", [*_FLASK, "queue", "work"], log)


def scheduler_program(log: Path | None = None) -> Program:
    """The scheduler: what runs by itself, such as the nightly sync."""
    return Program("scheduler", [*_FLASK, "schedule", "work"], log)


def web_answers(host: str, port: int) -> bool:
    """Whether the web answers at all."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
