"""Editing a category: its names, whether it is active, and where it stands (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from ppm_web.extensions import db, reading
from ppm_web.models import ROOT_CATEGORY_ID, Category, CategoryText
from ppm_web.prestashop.names import clean_name, fold_name
from ppm_web.prestashop.validation import problems_of_name
from ppm_web.services.catalog.errors import CatalogError, Fault, InvalidEditError, quoted
from ppm_web.services.catalog.finding import category_by_path, path_to
from ppm_web.services.catalog.names import SEPARATOR, committed
from ppm_web.services.errors import CategoryCycleError


@dataclass(frozen=True, slots=True)
class CategoryEdit:
    """A category as it shall be. ``parent`` is a path; ``names`` are by language, "" for none.

    ``active`` None: PPM does not hold the switch, each shop's own stands (R25). A name that was never filled
    stays not held when it is left empty; one that was there is emptied, and the working name stands in.
    """

    name: str
    active: bool | None
    parent: str
    names: Mapping[str, str]


def update_category(category_id: int, edit: CategoryEdit) -> Category:
    """Write an edit, and commit; the revision rises by one, or not at all where nothing differs.

    Raises InvalidEditError with every fault by its field (name, parent, name:en), NoResultFound for
    a category that is gone.
    """
    return committed(lambda: _updated(category_id, edit), before_retry=lambda: None)


def _updated(category_id: int, edit: CategoryEdit) -> Category:
    db.session.get(Category, ROOT_CATEGORY_ID, with_for_update=True)  # one move at a time: two make a cycle
    category = db.session.get_one(Category, category_id, with_for_update=True, populate_existing=True)
    name, names = _clean(edit.name), {code: _clean(text) for code, text in edit.names.items()}
    faults = [Fault("name", reason) for reason in _name_faults(name)]
    faults += [
        Fault(f"name:{code}", reason) for code, text in names.items() if text for reason in _name_faults(text)
    ]
    parent_id = category.parent_id
    try:
        parent_id = _parent_id(category, edit.parent)
    except CatalogError as error:
        faults.append(Fault("parent", str(error)))
    if not faults and _is_taken(category, parent_id, name):
        faults.append(Fault("name", f"There is a category {quoted(name)} in the same place already"))
    if faults:
        db.session.rollback()
        raise InvalidEditError(faults)
    category.name, category.active, category.parent_id = name, edit.active, parent_id
    _write_names(category, names)
    return category


def _clean(text: str) -> str:
    return clean_name(text.replace("\0", ""))


def _name_faults(name: str) -> list[str]:
    faults = problems_of_name(name)
    if SEPARATOR in name and not faults:
        faults = [f"holds '{SEPARATOR}', which parts the names of a path"]
    return [f"{quoted(name)} {fault}" if name else f"The name {fault}" for fault in faults]


def _parent_id(category: Category, path: str) -> int | None:
    if category.id == ROOT_CATEGORY_ID:
        return None
    parent = category_by_path(path)
    if parent is None:
        raise CatalogError(
            f"There is no category {quoted(_clean(path))}: write a path such as Home > Clothes"
        )
    if parent.id == category.parent_id:
        return parent.id
    try:
        with reading():
            above = [step.id for step in path_to(parent.id)]
    except CategoryCycleError as error:
        raise CatalogError(error.message) from error
    if category.id in above:
        raise CatalogError("A category cannot be put into itself, or into one below it")
    return parent.id


def _is_taken(category: Category, parent_id: int | None, name: str) -> bool:
    """Whether a sibling has the name, however it is written (names.fold_name)."""
    siblings = select(Category.name).where(Category.parent_id == parent_id, Category.id != category.id)
    with db.session.no_autoflush:
        return fold_name(name) in {fold_name(sibling) for sibling in db.session.scalars(siblings)}


def _write_names(category: Category, names: Mapping[str, str]) -> None:
    texts = {text.language: text for text in category.texts}
    for code, name in names.items():
        text = texts.get(code)
        if text is None and name:
            category.texts.append(CategoryText(language=code, name=name))
        elif text is not None and (text.name or "") != name:
            text.name = name
