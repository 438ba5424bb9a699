"""The groups of figures that are measured together, in the order of their names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import few_requests, hundred_thousand, many_shops, many_stocks, pages, throughput
from benchmarks.figures import Failure, Result
from ppm_web.cli.processes import StopRequestedError


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that share a house; ``measure`` gives those that are wanted, as soon as they are known."""

    names: Sequence[str]
    measure: Callable[[Collection[str]], Iterator[Result]]

    def results(self, wanted: Collection[str]) -> Iterator[Result]:
        """The wanted figures. One that cannot be measured is a Failure, and so are those after it."""
        missing = [name for name in self.names if name in wanted]
        if not missing:
            return
        try:
            for result in self.measure(missing):
                missing.remove(result.name)
                yield result
        except StopRequestedError:
            raise
        except Exception as error:  # noqa: BLE001  (told with each figure, and the next group goes on)
            for name in missing:
                yield Failure(name, f"not measured: {type(error).__name__}: {error}")


GROUPS: Final = tuple(
    Group(part.NAMES, part.measure)
    for part in (few_requests, many_stocks, throughput, many_shops, hundred_thousand, pages)
)
