"""The form of a product: edit, new, and what is wrong in it while it is being filled in."""

from __future__ import annotations

import json

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from ppm_web.extensions import db
from ppm_web.models import Product, Role
from ppm_web.services.catalog import product_edits
from ppm_web.services.catalog.changes import TEXT_FIELDS
from ppm_web.services.catalog.errors import CatalogError, Fault, InvalidEditError
from ppm_web.services.sync import switches as product_switches
from ppm_web.views.products import form
from ppm_web.views.web.access import needs

blueprint = Blueprint("product_edit", __name__)


@blueprint.get("/products/<row:product_id>/edit")
@needs(Role.MANAGER)
def edit(product_id: int) -> ResponseReturnValue:
    """The form with the product as it is."""
    product = db.get_or_404(Product, product_id)
    return _form(product, product_edits.values_of(product))


@blueprint.get("/products/new")
@needs(Role.MANAGER)
def new() -> ResponseReturnValue:
    """An empty form."""
    return _form(None, {})


@blueprint.post("/products/<row:product_id>/edit")
@needs(Role.MANAGER)
def update(product_id: int) -> ResponseReturnValue:
    """Save what differs; mistakes, and what another person changed meanwhile, are told in the form."""
    product, values = db.get_or_404(Product, product_id), form.values()
    try:
        saved = product_edits.save_product(product_id, values, _marks())
    except InvalidEditError as error:
        return _form(product, values, faults=error.faults, marks=_marks()), 422
    except product_edits.EditedMeanwhileError as error:
        product = db.get_or_404(Product, product_id, populate_existing=True)
        return _form(product, form.rebased(product, values, _marks()), moved=error.fields), 409
    except CatalogError:  # gone since we looked
        abort(404)
    flash(_saved_words(saved), "success" if saved.changed else "info")
    return redirect(url_for("products.show", product_id=product_id), 303)


@blueprint.post("/products")
@needs(Role.MANAGER)
def create() -> ResponseReturnValue:
    """Add a product."""
    values = form.values()
    try:
        product = product_edits.create_product(values)
    except InvalidEditError as error:
        return _form(None, values, faults=error.faults), 422
    flash(gettext("Added. Sync it to the shops when it is ready"), "success")
    return redirect(url_for("products.show", product_id=product.id), 303)


@blueprint.post("/products/validate")
@needs(Role.MANAGER)
def validate() -> ResponseReturnValue:
    """The messages of the form's fields as it stands now; nothing is saved."""
    values = form.values()
    product = db.session.get(Product, request.form.get("product", 0, type=int))
    faults = product_edits.read_form(values, product, _marks()).faults
    db.session.rollback()
    told = form.told(faults)
    return render_template("products/_messages.html", names=list(values), told=told, values=values, swap=True)


def _form(
    product: Product | None,
    values: dict[str, str],
    *,
    faults: tuple[Fault, ...] = (),
    marks: dict[str, str] | None = None,
    moved: tuple[str, ...] = (),
) -> str:
    present = product_edits.values_of(product) if product else {}
    text_languages = form.languages(values)
    names = [*product_edits.PLAIN, product_edits.CATEGORIES]
    names += [f"{name}:{code}" for code in text_languages for name in TEXT_FIELDS]
    return render_template(
        "products/edit.html",
        product=product,
        values=values,
        text_languages=text_languages,
        left_to_shops=form.left_to_shops(product, names),
        marks=json.dumps(product_edits.marks_of(present) if marks is None else marks),
        told=form.told(faults),
        labels=form.labels(),
        moved=[(name, present.get(name, "")) for name in moved],
        limits=form.LIMITS,
        **form.choices(),
    )


def _marks() -> dict[str, str]:
    """What the form was made from; rubbish counts as nothing seen, so that nothing is overwritten unseen."""
    try:
        found = json.loads(request.form.get("marks", "{}"))
    except ValueError:
        return {}
    return {str(name): str(mark) for name, mark in found.items()} if isinstance(found, dict) else {}


def _saved_words(saved: product_edits.Saved) -> str:
    if not saved.changed:
        return str(gettext("Nothing was changed"))
    older = len(product_switches.outdated(saved.product))
    words = ngettext(
        "Saved. %(num)s shop has an older version", "Saved. %(num)s shops have an older version", older
    )
    return str(words if older else gettext("Saved"))
