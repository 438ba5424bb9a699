"""Categories and manufacturers by their names, as people write them: ``Home > Clothes > Men``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import aliased

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, Category, Manufacturer
from ppm_web.prestashop.names import clean_name, fold_name
from ppm_web.prestashop.validation import problems_of_name
from ppm_web.services.catalog.errors import CatalogError, quoted
from ppm_web.services.upserts import upsert

SEPARATOR = ">"
_ARROWS = ("→", "»")
"""What people write in its place, besides ``->``."""
MAX_DEPTH = 20
NOT_MADE = 0
"""Stands for the id of what a dry run would make."""
_TRIES = 3
_DEADLOCK = "40P01"  # PostgreSQL, Appendix A of its manual: deadlock_detected

Result = TypeVar("Result")


def split_path(path: str) -> tuple[str, ...]:
    """The names in a category's path, the topmost first; white space is folded.

    ``->``, ``→`` and ``»`` part names as ``>`` does; an arrow at the end of a name is part of it.

    Raises CatalogError: an empty name, one that PrestaShop refuses in all versions (over 128
    characters, ``<>{}``, control characters), more than 20 levels.
    """
    names = tuple(clean_name(name) for name in _parted(path))
    if not all(names):
        raise CatalogError(f"The category path {quoted(path)} has an empty name in it")
    if len(names) > MAX_DEPTH + 1:
        raise CatalogError(f"The category path {quoted(path)} has more than {MAX_DEPTH} levels")
    for name in names:
        for problem in problems_of_name(name):
            raise CatalogError(f"The category {quoted(name)} {problem}")
    return names


class CatalogNames:
    """The ids behind names; what is missing is made in the open transaction, or not at all.

    Names are the same as ``names.fold_name`` has it: the first spelling stays.
    What was found is kept, so forget it (``forget``) when the transaction is rolled back.
    """

    def __init__(self, *, make: bool) -> None:
        self._make = make
        self.forget()

    def forget(self) -> None:
        """Read everything anew."""
        self._root = ""
        self._children: dict[int, dict[str, int]] = {}
        self._manufacturers: dict[str, int] | None = None

    def category_id(self, names: tuple[str, ...]) -> int:
        """The category at the end of a split path; NOT_MADE when it is not there and must not be made."""
        current = ROOT_CATEGORY_ID
        for name in names[1:] if fold_name(names[0]) == self._root_name() else names:
            children = self._children_of(current)
            if (child := children.get(fold_name(name))) is None:
                if not self._make:
                    return NOT_MADE
                child = children[fold_name(name)] = _made_category(current, name)
            current = child
        return current

    def manufacturer_id(self, name: str) -> int | None:
        """The manufacturer of that name, None for no name."""
        if not (name := clean_name(name)):
            return None
        if self._manufacturers is None:
            rows = db.session.execute(
                select(Manufacturer.name, Manufacturer.id).order_by(Manufacturer.id.desc())
            )
            self._manufacturers = {fold_name(row.name): row.id for row in rows}
        if (found := self._manufacturers.get(fold_name(name))) is None:
            if not self._make:
                return NOT_MADE
            found = self._manufacturers[fold_name(name)] = _made_manufacturer(name)
        return found

    def _root_name(self) -> str:
        if not self._root:
            root = select(Category.name).where(Category.id == ROOT_CATEGORY_ID)
            self._root = fold_name(db.session.scalars(root).one())
        return self._root

    def _children_of(self, parent_id: int) -> dict[str, int]:
        if parent_id not in self._children:
            rows = db.session.execute(
                select(Category.name, Category.id)
                .where(Category.parent_id == parent_id)
                .order_by(Category.id.desc())
            )
            self._children[parent_id] = {fold_name(row.name): row.id for row in rows}
        return self._children[parent_id]


def category_paths(category_ids: Sequence[int]) -> dict[int, str]:
    """Each category's path from the root (``Home > Clothes``), in one statement; cycles end."""
    start = select(
        Category.id.label("leaf"), Category.parent_id, Category.name, db.literal(0).label("depth")
    ).where(Category.id.in_(category_ids))
    chain = start.cte("chain", recursive=True)
    parent = aliased(Category)
    step = (
        select(chain.c.leaf, parent.parent_id, parent.name, chain.c.depth + 1)
        .join(parent, parent.id == chain.c.parent_id)
        .where(chain.c.depth < 50)
    )
    chain = chain.union_all(step)
    names: dict[int, list[str]] = {}
    for leaf, name in db.session.execute(select(chain.c.leaf, chain.c.name).order_by(chain.c.depth)):
        names.setdefault(leaf, []).insert(0, name)
    return {leaf: " > ".join(path) for leaf, path in names.items()}


def committed(work: Callable[[], Result], before_retry: Callable[[], None]) -> Result:
    """Do ``work`` and commit it; again, after ``before_retry``, when another process got in between.

    That is: it has just made the same row, or each waits for the other. Raises the database's
    error after the third time, and any other error at once, rolled back.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            result = work()
            db.session.commit()
            return result
        except (IntegrityError, OperationalError) as error:
            db.session.rollback()
            deadlock = getattr(error.orig, "sqlstate", "") == _DEADLOCK
            if attempt == _TRIES or not (deadlock or isinstance(error, IntegrityError)):
                raise
            before_retry()
    raise AssertionError("the last try returns or raises")


def _parted(path: str) -> list[str]:
    *upper, last = path.split(SEPARATOR)
    parts = [*(part.rstrip("-") if part.strip("- ") else part for part in upper), last]
    for arrow in _ARROWS:
        parts = [name for part in parts for name in _parted_at(part, arrow)]
    return parts


def _parted_at(part: str, arrow: str) -> list[str]:
    names = part.split(arrow)
    return names if all(name.strip() for name in names) else [part]


def _made_category(parent_id: int, name: str) -> int:
    upsert(Category, {"parent_id": parent_id, "name": name}, unique=("parent_id", "name"))
    made = select(Category.id).where(Category.parent_id == parent_id, Category.name == name)
    return db.session.scalars(made).one()


def _made_manufacturer(name: str) -> int:
    upsert(Manufacturer, {"name": name}, unique=("name",))
    return db.session.scalars(select(Manufacturer.id).where(Manufacturer.name == name)).one()
