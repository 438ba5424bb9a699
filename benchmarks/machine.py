"""The machine and the versions that figures were measured with."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks import house
from ppm_web import queue
from ppm_web.cli.programs import ROOT
from ppm_web.extensions import db

PACKAGES = ("rq", "redis", "sqlalchemy", "flask", "requests", "celery")


def described() -> list[tuple[str, str]]:
    """What the figures depend on, as name and value. Starts a house for a moment, to ask its engines."""
    with house.open_house():
        broker = queue.connection().info("server")
        name, number = (
            broker.get("server_name", "redis"),
            broker.get("valkey_version", broker["redis_version"]),
        )
        engines = [("database", _database()), ("broker", f"{name} {number}, {_where(house.BROKER_SERVER)}")]
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"),
        ("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("Python", platform.python_version()),
        *engines,
        ("packages", ", ".join(f"{package} {version(package)}" for package in PACKAGES)),
        ("PPM", _commit()),
    ]


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _database() -> str:
    if db.engine.dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}, in a temporary folder"
    with db.engine.connect() as connection:
        numbers = connection.dialect.server_version_info or ()
    return f"PostgreSQL {'.'.join(map(str, numbers))}, {_where(house.DATABASE_SERVER)}"


def _where(server: str) -> str:
    return "on its own" if server else "embedded"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "no checkout"
