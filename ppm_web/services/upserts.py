"""INSERT … ON CONFLICT, which SQLite and PostgreSQL write alike but SQLAlchemy has twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql, sqlite

from ppm_web.extensions import Model, db


def upsert(
    model: type[Model],
    values: Mapping[str, Any],
    unique: Sequence[str],
    on_conflict: Mapping[str, Any] | None = None,
) -> None:
    """Insert a row in the open transaction; where ``unique`` is there already, set ``on_conflict``.

    Without ``on_conflict`` the row that is there stays as it is.
    """
    dialect = db.engine.dialect.name
    insert = postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)
    statement = insert.values(**values)
    if on_conflict is None:
        db.session.execute(statement.on_conflict_do_nothing(index_elements=list(unique)))
    else:
        db.session.execute(
            statement.on_conflict_do_update(index_elements=list(unique), set_=dict(on_conflict))
        )


def insert_missing(model: type[Model], rows: Select[*tuple[Any, ...]], unique: Sequence[str]) -> None:
    """Insert the rows of a query, whose columns bear the names of the model's, in the open transaction.

    The model's defaults fill the rest; where ``unique`` is there already, the row stays as it is.
    """
    dialect = db.engine.dialect.name
    insert = postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)
    columns = [column.name for column in rows.selected_columns]
    db.session.execute(insert.from_select(columns, rows).on_conflict_do_nothing(index_elements=list(unique)))
