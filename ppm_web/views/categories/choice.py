"""The categories that a form offers, by their paths: not thousands of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Text, cast, literal, select

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, Category
from ppm_web.services.catalog.names import category_paths

MOST: Final = 500
"""Categories that are offered, those nearest the root first; the page of categories leads to the others."""
DEEPEST: Final = 50


def choices(chosen: int = 0) -> list[tuple[int, str]]:
    """Id and path of up to MOST categories below the root, and of ``chosen``, in the order of paths."""
    start = select(Category.id, cast(Category.name, Text).label("path"), literal(0).label("depth"))
    tree = start.where(Category.id == ROOT_CATEGORY_ID).cte(recursive=True)
    below = select(Category.id, tree.c.path + " > " + Category.name, tree.c.depth + 1)
    tree = tree.union_all(below.join(tree, Category.parent_id == tree.c.id).where(tree.c.depth < DEEPEST))
    query = select(tree.c.id, tree.c.path).where(tree.c.depth > 0).order_by(tree.c.depth, tree.c.path)
    found = {row.id: row.path for row in db.session.execute(query.limit(MOST))}
    if chosen and chosen not in found:
        found |= category_paths([chosen])
    return sorted(found.items(), key=lambda choice: choice[1].casefold())
