"""A product in its shops: sync to all, what would be sent, and disable, enable and reset in one."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Blueprint, flash, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, Role
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.publishing import previews
from ppm_web.services.sync import switches as product_switches
from ppm_web.views.products import rows as product_rows
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.said import said

blueprint = Blueprint("product_shops", __name__)


@blueprint.get("/products/<row:product_id>/shops/<row:shop_id>/preview")
def preview(product_id: int, shop_id: int) -> ResponseReturnValue:
    """What a sync would send now; a fragment for htmx, else a page of its own."""
    product, shop = db.get_or_404(Product, product_id), db.get_or_404(PrestaShopShop, shop_id)
    name = "_preview" if request.htmx else "preview"
    found = previews.preview(product_id, shop_id)
    return render_template(f"products/{name}.html", product=product, shop=shop, preview=found)


@blueprint.post("/products/<row:product_id>/sync")
@needs(Role.MANAGER)
def create(product_id: int) -> ResponseReturnValue:
    """Ask for a sync to each active shop, and tell what came of it in each."""
    product = db.get_or_404(Product, product_id)
    answers = product_switches.request_everywhere(product_id, by=current_user.email)
    if not answers:
        return answer(product, gettext("There is no active shop to sync to"), "warning")
    told = ". ".join(said(answer.message) for answer in answers)
    kind = "success" if all(answer.goes_on for answer in answers) else "warning"
    return answer(product, told, kind if any(answer.taken for answer in answers) else "error")


@blueprint.post("/products/<row:product_id>/shops/<row:shop_id>/disable")
@needs(Role.MANAGER)
def disable(product_id: int, shop_id: int) -> ResponseReturnValue:
    """Never send the product to the shop, until it is enabled."""
    return _switched(
        *(product_id, shop_id),
        lambda: product_switches.disable(product_id, shop_id),
        lambda sku, shop: gettext(
            "%(sku)s is not sent to %(shop)s any more. What the shop has stays there", sku=sku, shop=shop
        ),
    )


@blueprint.post("/products/<row:product_id>/shops/<row:shop_id>/enable")
@needs(Role.MANAGER)
def enable(product_id: int, shop_id: int) -> ResponseReturnValue:
    """Send the product to the shop again."""
    return _switched(
        *(product_id, shop_id),
        lambda: product_switches.enable(product_id, shop_id, by=current_user.email),
        lambda sku, shop: gettext("%(sku)s is enabled in %(shop)s, and a sync asked for", sku=sku, shop=shop),
    )


@blueprint.post("/products/<row:product_id>/shops/<row:shop_id>/reset")
@needs(Role.MANAGER)
def reset(product_id: int, shop_id: int) -> ResponseReturnValue:
    """Forget the error and what was pushed; the next sync compares all with the shop."""
    return _switched(
        *(product_id, shop_id),
        lambda: product_switches.reset(product_id, shop_id),
        lambda sku, shop: gettext(
            "%(sku)s starts anew in %(shop)s: the next sync compares all of it with the shop",
            sku=sku,
            shop=shop,
        ),
    )


def _switched(
    product_id: int, shop_id: int, work: Callable[[], object], words: Callable[[str, str], str]
) -> ResponseReturnValue:
    product, shop = db.get_or_404(Product, product_id), db.get_or_404(PrestaShopShop, shop_id)
    try:
        work()
    except (SyncRefusedError, SyncFailedError) as error:
        return answer(product, said(error.message), "error")
    return answer(product, words(product.sku, shop.name), "success")


def answer(product: Product, message: str, kind: str) -> ResponseReturnValue:
    """The table of the shops with its message, or the way back to the page that shows both."""
    if not request.htmx:
        flash(message, kind)
        return redirect_back(url_for("products.show", product_id=product.id))
    shops, statuses = product_rows.shops(), product_rows.statuses_of([product])
    response = make_response(
        render_template(
            "products/_shops.html",
            product=product,
            shops=shops,
            statuses={status.shop_id: status for status in statuses},
        )
    )
    response.headers["HX-Trigger-After-Swap"] = json.dumps({"ppm:tell": {"message": message, "kind": kind}})
    return response
