"""The product list and the page of a product."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import Product
from ppm_web.services.catalog.names import category_paths
from ppm_web.views.categories import choice as category_choice
from ppm_web.views.products import filter, listing
from ppm_web.views.products import rows as product_rows
from ppm_web.views.web.addresses import id_argument, text_argument

blueprint = Blueprint("products", __name__)


@blueprint.get("/products")
def index() -> ResponseReturnValue:
    """Products with their state in each shop; filter, order and page stand in the address."""
    asked = filter.read(request.args)
    if not request.htmx and filter.left_empty(request.args):  # a form sends what was left empty, too
        return redirect(url_for("products.index", **asked.address))
    shops = product_rows.shops()
    categories = dict(category_choice.choices(asked.wanted.category_id))
    exact = request.args.get("count") == "exact"
    before, after = text_argument("before"), text_argument("after")
    page = listing.product_page(asked, before=before, after=after, exact=exact)
    answer = render_template(
        "products/index.html",
        asked=asked,
        wanted=asked.wanted,
        page=page,
        shops=shops,
        shop_names=[(shop.id, shop.name) for shop in shops],
        shown=[shop for shop in shops if asked.wanted.shop_id in (0, shop.id)],
        categories=categories,
        most_categories=category_choice.MOST,
        set_filters=filter.in_words(asked, {shop.id: shop for shop in shops}, categories),
        words=filter,
        any_products=bool(page.rows) or product_rows.any_products(),
    )
    response = make_response(answer)
    if request.htmx:
        places: dict[str, Any] = {
            "before": before or None,
            "after": after or None,
            "count": "exact" if exact else None,
        }
        response.headers["HX-Push-Url"] = url_for("products.index", **asked.address, **places)
    return response


@blueprint.get("/products/<row:product_id>")
def show(product_id: int) -> ResponseReturnValue:
    """Everything about a product, where it stands in each shop, and its log."""
    product = db.get_or_404(Product, product_id)
    return render_template(
        "products/show.html",
        product=product,
        name=product_rows.first_name({text.language: text.name or "" for text in product.texts}),
        paths=category_paths([link.category_id for link in product.category_links]),
        shops=product_rows.shops(),
        statuses={status.shop_id: status for status in product_rows.statuses_of([product])},
        shop_id=id_argument("shop"),
        log=product_rows.log_page(product_id, id_argument("before"), id_argument("shop")),
    )
