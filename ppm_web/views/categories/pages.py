"""The categories: the tree with the state in each shop, a category's page, and its sync."""

from __future__ import annotations

import json
from typing import Final

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import ROOT_CATEGORY_ID, Category, PrestaShopShop, Role
from ppm_web.services.catalog import category_edits, finding
from ppm_web.services.catalog.category_edits import CategoryEdit
from ppm_web.services.catalog.errors import InvalidEditError
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.sync import branches as category_branches
from ppm_web.services.sync.requests import request_category_sync
from ppm_web.views.categories import rows as category_rows
from ppm_web.views.products import rows as product_rows
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.addresses import HIGHEST_ID, id_argument, text_argument
from ppm_web.views.web.display import number
from ppm_web.views.web.said import said

blueprint = Blueprint("categories", __name__)

ACTIVE: Final = {"on": True, "off": False, "shop": None}
"""What the form's choices mean; "shop": each shop's own switch stands."""


@blueprint.get("/categories")
def index() -> ResponseReturnValue:
    """The tree, with the levels that the address opens; or what a search finds."""
    search, shops = text_argument("q"), product_rows.shops()
    if search:
        page = category_rows.found(search, id_argument("after"))
        return render_template("categories/index.html", shops=shops, search=search, level=page, opened=[])
    opened = [number for number in request.args.getlist("open", type=int) if 0 < number <= HIGHEST_ID]
    levels = category_rows.levels(opened)
    return render_template(
        "categories/index.html",
        shops=shops,
        search="",
        levels=levels,
        level=levels[ROOT_CATEGORY_ID],
        opened=opened,
        root=db.session.get_one(Category, ROOT_CATEGORY_ID),
    )


@blueprint.get("/categories/<row:category_id>/children")
def children(category_id: int) -> ResponseReturnValue:
    """A page of the categories directly in one: the fragment, or a page of its own."""
    category = db.get_or_404(Category, category_id)
    template = "categories/_level.html" if request.htmx else "categories/children.html"
    return render_template(
        template,
        shops=product_rows.shops(),
        category=category,
        parent=category_id,
        level=category_rows.level(category_id, id_argument("after")),
        levels={},
        opened=[],
    )


@blueprint.get("/categories/<row:category_id>/edit")
def edit(category_id: int) -> ResponseReturnValue:
    """A category: its state in each shop, and the form for those who may change it."""
    return _page(db.get_or_404(Category, category_id), {})


@blueprint.post("/categories/<row:category_id>/edit")
@needs(Role.MANAGER)
def update(category_id: int) -> ResponseReturnValue:
    """Write the edit; what cannot be is told at its field."""
    category, form = db.get_or_404(Category, category_id), request.form
    prefix = "name-"
    wanted = CategoryEdit(
        name=form.get("name", ""),
        active=ACTIVE.get(form.get("active", ""), category.active),
        parent=form.get("parent", ""),
        names={code: form[prefix + code] for code in _languages(category) if prefix + code in form},
    )
    try:
        category_edits.update_category(category_id, wanted)
    except InvalidEditError as error:
        faults = {fault.column.replace(":", "-"): said(fault.reason) for fault in error.faults}
        return _page(db.get_or_404(Category, category_id), faults), 422
    flash(gettext("Saved. The shops get it with the next sync of the category."), "success")
    return redirect(url_for("categories.edit", category_id=category_id), 303)


@blueprint.get("/categories/<row:category_id>/shops/<row:shop_id>/sync")
def show_sync(category_id: int, shop_id: int) -> ResponseReturnValue:
    """Where the category stands in the shop."""
    category, shop = db.get_or_404(Category, category_id), db.get_or_404(PrestaShopShop, shop_id)
    return _badge(category, shop, None)


@blueprint.post("/categories/<row:category_id>/shops/<row:shop_id>/sync")
@needs(Role.MANAGER)
def sync(category_id: int, shop_id: int) -> ResponseReturnValue:
    """Ask that the category be synced to the shop."""
    category, shop = db.get_or_404(Category, category_id), db.get_or_404(PrestaShopShop, shop_id)
    message, kind, code = _ask(category, shop)
    if not request.htmx:
        flash(said(message), kind)
        return redirect_back(url_for("categories.edit", category_id=category_id))
    return _badge(category, shop, {"message": said(message), "kind": kind}), code


@blueprint.get("/categories/<row:category_id>/branch")
@needs(Role.MANAGER)
def confirm_branch(category_id: int) -> ResponseReturnValue:
    """What syncing the category with all below it would be, and the button that does it."""
    category = db.get_or_404(Category, category_id)
    shops = [shop for shop in product_rows.shops() if shop.active]
    chosen = [shop for shop in shops if shop.id == id_argument("shop")] or shops
    branch = category_branches.size_of(category_id)
    path = finding.category_path(category)
    return render_template(
        "categories/branch.html", category=category, shops=shops, chosen=chosen, branch=branch, path=path
    )


@blueprint.post("/categories/<row:category_id>/branch")
@needs(Role.MANAGER)
def sync_branch(category_id: int) -> ResponseReturnValue:
    """Ask that the branch be synced to the shops that the form names."""
    db.get_or_404(Category, category_id)
    wanted = set(request.form.getlist("shop", type=int))
    asked = 0
    for shop in [shop for shop in product_rows.shops() if shop.id in wanted]:
        try:
            asked += category_branches.request_branch_sync(category_id, shop.id, by=current_user.email)
        except (SyncRefusedError, SyncFailedError) as error:
            flash(said(str(error)), "error")
    if asked:
        flash(
            ngettext(
                "%(count)s category is being synced.",
                "%(count)s categories are being synced.",
                asked,
                count=number(asked),
            ),
            "success",
        )
    return redirect(url_for("categories.index", open=category_id), 303)


def _languages(category: Category) -> list[str]:
    return sorted({*current_app.config["LANGUAGES"], *(text.language for text in category.texts)})


def _page(category: Category, faults: dict[str, str]) -> str:
    names = {text.language: text.name for text in category.texts}
    active = {held: choice for choice, held in ACTIVE.items()}[category.active]
    return render_template(
        "categories/edit.html",
        category=category,
        shops=product_rows.shops(),
        statuses=category_rows.statuses_of([category.id])[category.id],
        parent=finding.category_path(category.parent) if category.parent else "",
        path=finding.category_path(category),
        names={code: names.get(code) for code in _languages(category)},
        active=request.form.get("active", active) if faults else active,
        faults=faults,
        form=request.form if faults else None,
    )


def _ask(category: Category, shop: PrestaShopShop) -> tuple[str, str, int]:
    try:
        asked = request_category_sync(category.id, shop.id, by=current_user.email)
    except SyncRefusedError as error:
        return str(error), "error", 409
    except SyncFailedError as error:  # PPM_QUEUE_MODE=sync: it ran here and now
        return f"{category.name} → {shop.name}: {error}", "error", 200
    goes_on = asked.queued and shop.paused_at is None
    return asked.message, "success" if goes_on else "warning", 200


def _badge(category: Category, shop: PrestaShopShop, told: dict[str, str] | None) -> Response:
    status = category_rows.status_of(category.id, shop.id)
    response = make_response(
        render_template("categories/_badge.html", category=category, shop=shop, status=status)
    )
    if told is not None:
        response.headers["HX-Trigger-After-Swap"] = json.dumps({"ppm:tell": told})
    return response
