"""One entity on its way into the shop."""

from __future__ import annotations

from dataclasses import dataclass, field

from .bodies import Sent
from .dialect import Dialect
from .fields import Resource, Value
from .store import Associations, Entity, Store


@dataclass
class Draft:
    """What is being written: what was there, what was sent, and what becomes of it.

    raw is what the answer echoes (values as they were sent); stored is what the shop keeps, and is there only
    after validation. trouble is an error that the shop answers with though all is saved.
    """

    store: Store
    dialect: Dialect
    resource: Resource
    method: str
    sent: Sent
    old: Entity | None = None
    raw: dict[str, Value] = field(default_factory=dict)
    stored: dict[str, Value] = field(default_factory=dict)
    associations: Associations = field(default_factory=dict)
    trouble: Exception | None = None

    def number(self, name: str) -> int:
        """A whole number among the stored values; 0 for none."""
        return Entity(0, self.stored).number(name)

    def set(self, name: str, value: Value) -> None:
        """Set a value that the shop makes itself: stored, and echoed."""
        self.raw[name] = value
        self.stored[name] = value
