"""What a sync of a product would come to, as pages and commands tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ppm_web.prestashop.diff import Change


class Outlook(StrEnum):
    """What a sync would come to."""

    CREATE = "create"
    LINK = "link"
    UPDATE = "update"
    NONE = "none"
    CONFLICT = "conflict"
    REFUSED = "refused"
    """Nothing can be sent as things are; the problems say why."""


@dataclass(frozen=True, slots=True)
class Preview:
    """``changes``: what would be sent, before (as the shop has it) and after. ``problems``: what stands in
    the way or stays as it is, in sentences. ``to_fetch``: pictures that would have to be fetched first."""

    outlook: Outlook
    changes: Sequence[Change] = ()
    problems: Sequence[str] = ()
    to_fetch: int = 0

    @property
    def would_change(self) -> bool:
        """Whether something that the shop has would become another."""
        return self.outlook in (Outlook.LINK, Outlook.UPDATE) and bool(self.changes)

    def as_json(self) -> dict[str, Any]:
        """The document of ``flask sync preview --json`` (interface)."""
        return {
            "operation": "none" if self.outlook is Outlook.REFUSED else self.outlook.value,
            "changes": [
                {
                    "field": change.name,
                    "language": change.language or None,
                    "before": change.before,
                    "after": change.after,
                }
                for change in self.changes
            ],
            "problems": list(self.problems),
        }
