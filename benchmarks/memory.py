"""How much memory processes and the broker use, in MB of 10**6 bytes."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path

from redis import Redis

MB = 1_000_000


def peak_of_this_process() -> float:
    """The most memory that this process has had so far (RSS).

    On Linux ``getrusage`` also counts what the process that started this one had: the kernel's own count
    of this one is read.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")) / MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB


def of_family(pid: int) -> float:
    """What a process and its descendants have now: RSS, or on Linux PSS, which counts shared pages once.

    A work-horse is forked from its worker and shares most of its pages with it: the sum of their RSS
    would count those twice.
    """
    return sum(_of_process(member) for member in [pid, *_descendants(pid)]) / MB


def of_keys(connection: Redis, prefix: str) -> float:
    """What the broker needs for all keys that begin so, each with all that it holds."""
    keys = list(connection.scan_iter(f"{prefix}*", count=1000))
    return sum(connection.memory_usage(key, samples=0) or 0 for key in keys) / MB


def _of_process(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    try:
        lines = rollup.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return _resident(pid)
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _resident(pid: int) -> int:
    """RSS in bytes; 0 when the process has just ended."""
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return int(told) * 1024 if told else 0


def _descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    children = [child for child, parent in parents if parent == pid]
    return [*children, *(grandchild for child in children for grandchild in _descendants(child))]
