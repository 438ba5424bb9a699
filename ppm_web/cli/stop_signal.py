"""Ctrl-C and SIGTERM for a loop that is to end at once while it waits, and soon while it works."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Any


class StopSignal:
    """In the ``with`` block a stop signal raises nothing: it ends the waits, and ``requested`` says so.

    The signal writes into a pipe that the waits look at: one that comes just before a wait ends it,
    too.
    """

    def __init__(self) -> None:
        self.requested = False
        self._former_handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignal:
        self._reader, self._writer = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._former_handlers[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former_handlers.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> None:
        """Wait so long, or until a stop signal comes."""
        select.select([self._reader], [], [], seconds)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True
        os.write(self._writer, b"s")
