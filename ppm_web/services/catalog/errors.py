"""What the catalogue refuses, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CatalogError(ValueError):
    """The catalogue cannot do this; the message says why to the person who asked."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``column`` as in a file (``price_net``, ``name:en``; "" for the whole), ``reason`` in plain words."""

    column: str
    reason: str


class InvalidEditError(CatalogError):
    """An edit with values that the catalogue cannot hold; ``faults`` has each of them with its column."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.column}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)


class ImportFileError(CatalogError):
    """A file that cannot be imported at all, or not any further."""


def quoted(text: str, length: int = 40) -> str:
    """``text`` as a message may show it: cut, and with everything unprintable written out."""
    return repr(text if len(text) <= length else f"{text[: length - 1]}…")
