"""What the form of a product is made of: its fields, their names and limits, and what can be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import current_app, request
from flask_babel import gettext
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import Manufacturer, Product
from ppm_web.services.catalog.changes import TEXT_FIELDS
from ppm_web.services.catalog.columns import NEEDED
from ppm_web.services.catalog.errors import Fault
from ppm_web.services.catalog.product_edits import CATEGORIES, PLAIN, held_of, marks_of, values_of
from ppm_web.views.categories import choice as category_choice

MOST_CHOICES: Final = 500
LIMITS: Final = {"name": 128, "slug": 128, "meta_title": 255, "meta_description": 512}
"""Characters that the counters count up to; the rules themselves are the catalogue's."""


def values() -> dict[str, str]:
    """The fields of the form that was sent, as they were typed; what is no field of ours is passed over."""
    form = request.form
    found = {name: form[name] for name in ("sku", *PLAIN) if name in form}
    texts = [name for name in form if name.partition(":")[0] in TEXT_FIELDS and ":" in name]
    found |= {name: form[name] for name in texts}
    paths = form.getlist("category")
    primary = form.get("primary", 0, type=int)
    if 0 < primary < len(paths) and paths[primary].strip():
        paths.insert(0, paths.pop(primary))
    return found | {CATEGORIES: "\n".join(path.strip() for path in paths if path.strip())}


def rebased(product: Product, typed: Mapping[str, str], marks: Mapping[str, str]) -> dict[str, str]:
    """What was typed where it differs from what the form was made from; all else as it is now."""
    present = values_of(product)
    mine = marks_of(typed)
    return present | {name: text for name, text in typed.items() if mine.get(name) != marks.get(name)}


def left_to_shops(product: Product | None, names: Iterable[str]) -> set[str]:
    """Those of the fields that PPM does not hold, and that a product can be without."""
    needed = {"sku", *NEEDED} | (
        {name for name in names if name.startswith("name:")} if product is None else set()
    )
    return {*names} - needed - (held_of(product) if product else set())


def languages(found: Mapping[str, str]) -> list[str]:
    """PPM's languages, then those that the product has besides."""
    used = sorted({name.partition(":")[2] for name in found if ":" in name})
    return list(dict.fromkeys([*current_app.config["LANGUAGES"], *used]))


def told(faults: Iterable[Fault]) -> dict[str, list[str]]:
    """The reasons by field."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        found.setdefault(fault.column, []).append(fault.reason)
    return found


def choices() -> dict[str, Any]:
    """Known manufacturers and categories to choose from, the first of them where there are very many."""
    makers = db.session.scalars(
        select(Manufacturer.name).order_by(Manufacturer.name).limit(MOST_CHOICES)
    ).all()
    return {"makers": makers, "paths": [path for _, path in category_choice.choices()]}


def labels() -> dict[str, str]:
    """What the fields are called."""
    return {
        "sku": gettext("SKU"),
        "ean13": gettext("EAN"),
        "price_net": gettext("Net price"),
        "tax_rate": gettext("Tax rate in per cent"),
        "quantity": gettext("Stock"),
        "manufacturer": gettext("Manufacturer"),
        "weight": gettext("Weight (kg)"),
        "width": gettext("Width (cm)"),
        "height": gettext("Height (cm)"),
        "depth": gettext("Depth (cm)"),
        "active": gettext("Active"),
        CATEGORIES: gettext("Categories"),
        "name": gettext("Name"),
        "slug": gettext("Slug"),
        "short_description": gettext("Short description"),
        "description": gettext("Description"),
        "meta_title": gettext("Meta title"),
        "meta_description": gettext("Meta description"),
    }
