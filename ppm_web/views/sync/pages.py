"""A product's sync with a shop: asking for it, and the fragment that shows where it stands."""

from __future__ import annotations

import json

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, Role
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.sync.requests import request_product_sync
from ppm_web.views.products import rows as product_rows
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.said import said

blueprint = Blueprint("sync", __name__)


@blueprint.get("/products/<row:product_id>/shops/<row:shop_id>/sync")
def show(product_id: int, shop_id: int) -> ResponseReturnValue:
    """The fragment."""
    product, shop = db.get_or_404(Product, product_id), db.get_or_404(PrestaShopShop, shop_id)
    return _fragment(product, shop, None)


@blueprint.post("/products/<row:product_id>/shops/<row:shop_id>/sync")
@needs(Role.MANAGER)
def create(product_id: int, shop_id: int) -> ResponseReturnValue:
    """Ask for a sync; what came of it is told beside the fragment, or on the page gone back to."""
    product, shop = db.get_or_404(Product, product_id), db.get_or_404(PrestaShopShop, shop_id)
    message, kind, code = _ask(product, shop)
    if not request.htmx:
        flash(message, kind)
        return redirect_back(url_for("products.show", product_id=product_id), f"product-{product_id}")
    return _fragment(product, shop, {"message": message, "kind": kind}), code


def _ask(product: Product, shop: PrestaShopShop) -> tuple[str, str, int]:
    """What to tell, of what kind, with which HTTP status."""
    try:
        asked = request_product_sync(product.id, shop.id, by=current_user.email)
    except SyncRefusedError as error:
        return said(str(error)), "error", 409
    except SyncFailedError as error:  # PPM_QUEUE_MODE=sync: it ran here and now
        return f"{product.sku} → {shop.name}: {said(str(error))}", "error", 200
    goes_on = asked.queued and shop.paused_at is None
    return said(asked.message), "success" if goes_on else "warning", 200


def _fragment(product: Product, shop: PrestaShopShop, told: dict[str, str] | None) -> Response:
    """The fragment, and for ppm.js and the page what to tell and that nothing is under way any more."""
    status = product_rows.status_of(product.id, shop.id)
    response = make_response(render_template("sync/_badge.html", product=product, shop=shop, status=status))
    ended = status is None or not status.state.in_flight
    events = ({"ppm:tell": told} if told else {}) | ({"ppm:settled": {}} if told and ended else {})
    if events:
        response.headers["HX-Trigger-After-Swap"] = json.dumps(events)
    return response
