"""What a shop was asked: the last requests, and how many of which kind."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

from .messages import METHODS, Request
from .resources import DESCRIPTIONS

KEPT = 1000
KEPT_BYTES = 32 * 1024 * 1024


@dataclass
class RequestRecord:
    """One request to /api. status is 0 until it is answered, and for a broken connection."""

    method: str
    path: str
    body: bytes
    resource: str
    fault: str | None = None
    status: int = 0


class RequestsLog:
    """Counts requests and keeps the newest: at most 1,000, and 32 MB of bodies. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: deque[RequestRecord] = deque()
        self._bytes = 0
        self._requests: Counter[tuple[str, str]] = Counter()
        self._entities: Counter[tuple[str, str]] = Counter()

    def arrived(self, request: Request, fault: str | None) -> RequestRecord:
        record = RequestRecord(
            request.effective_method, request.target, request.body, request.resource, fault
        )
        # Names that nobody knows are counted as one, so that a scan cannot fill the memory.
        method = record.method if record.method in METHODS else "other"
        resource = record.resource if record.resource in {*DESCRIPTIONS, "/"} else "unknown"
        with self._lock:
            self._requests[method, resource] += 1
            self._records.append(record)
            self._bytes += len(record.body)
            while len(self._records) > KEPT or (self._bytes > KEPT_BYTES and len(self._records) > 1):
                self._bytes -= len(self._records.popleft().body)
        return record

    def written(self, method: str, resource: str) -> None:
        with self._lock:
            self._entities[method, resource] += 1

    @property
    def records(self) -> list[RequestRecord]:
        with self._lock:
            return list(self._records)

    def requests(self) -> dict[str, dict[str, int]]:
        with self._lock:
            return _nested(self._requests)

    def entities(self) -> dict[str, dict[str, int]]:
        with self._lock:
            return _nested(self._entities)

    def clear(self) -> None:
        with self._lock:
            self._records.clear()
            self._bytes = 0
            self._requests.clear()
            self._entities.clear()


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (method, resource), count in sorted(counts.items()):
        nested.setdefault(method, {})[resource] = count
    return nested
