"""Switching many products active or not active at once."""

from __future__ import annotations

from sqlalchemy import case, func, select, update

from ppm_web.extensions import db, reading
from ppm_web.models import Product
from ppm_web.services.catalog.selections import Selection, chosen


def count(selection: Selection, *, active: bool) -> tuple[int, int]:
    """How many products are meant, and how many of them are not yet as wanted."""
    query = select(func.count(), func.count(case((Product.active.is_not(active), 1))))
    with reading():
        meant, differing = db.session.execute(query.where(chosen(selection))).one()
    return meant, differing


def switch(selection: Selection, *, active: bool) -> int:
    """Switch the products that are meant, and commit; returns how many were switched.

    Only those that differ are written. Their revisions move as by an edit (R4), so that the next
    sync sends them.
    """
    result = db.session.execute(
        update(Product)
        .where(Product.active.is_not(active), Product.id.in_(select(Product.id).where(chosen(selection))))
        .values(active=active, revision=Product.revision + 1, fields_revision=Product.revision + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return int(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
