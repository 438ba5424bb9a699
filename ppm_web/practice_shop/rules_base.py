"""The steps of a write at which a resource can have its own rules."""

from __future__ import annotations

from .dialect import Dialect
from .draft import Draft
from .errors import PhpDiedError, WebserviceError
from .store import Entity, Store


class Rules:
    """A resource without rules of its own."""

    def modify(self, draft: Draft) -> None:
        """Change raw values before they are validated."""

    def check(self, draft: Draft) -> None:
        """Refuse what is valid but cannot be; stored values may be set. Nothing is written yet."""

    def saved(self, draft: Draft, entity: Entity) -> None:
        """Write what belongs to the saved entity."""

    def deleting(self, store: Store, entity: Entity) -> None:
        """Delete what hangs on the entity."""


def twin_error(dialect: Dialect) -> Exception:
    """A row that breaks a unique key of the database: 8.2 dies of it, 9.1 says code 46 (WHOLE)."""
    if dialect.twin_code is None:
        return PhpDiedError()
    return WebserviceError(500, (dialect.twin_code, "Unable to save resource"))
