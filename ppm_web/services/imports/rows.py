"""What the readers of import files give: numbered rows of text cells."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ppm_web.services.catalog.columns import Column


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that cannot be read, by its index; None for the row as a whole."""

    index: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty: as many cells as there are columns, or faults and maybe no cells.

    ``line`` is the number of its first line as an editor (or a spreadsheet) shows it. ``doubtful`` are the
    cells in which a dot may as well part thousands (1.234): texts of a file in whose language a comma may
    begin the decimal places.
    """

    line: int
    cells: Sequence[str]
    faults: Sequence[CellFault] = ()
    doubtful: Collection[int] = ()


class Source(Protocol):
    """An open import file. ``done`` of ``total`` is how far it was read, in a unit of its own."""

    header: list[str]

    @property
    def done(self) -> int:
        """How far it was read."""

    @property
    def total(self) -> int:
        """How long it is, 0 when it does not say."""

    def rows(self, columns: Sequence[Column | None]) -> Iterator[Row]:
        """The rows under the header. Raises ImportFileError when the rest cannot be read."""
