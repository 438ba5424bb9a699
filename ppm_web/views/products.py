"""The product list and the page of a product."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ppm_web.extensions import db
from ppm_web.models import Product
from ppm_web.views import product_list
from ppm_web.views.addresses import id_argument, text_argument

blueprint = Blueprint("products", __name__)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The list is where one begins."""
    return redirect(url_for("products.index"))


@blueprint.get("/products")
def index() -> ResponseReturnValue:
    """Products with their state in each shop; search and page stand in the address."""
    search = text_argument("q")
    page = product_list.product_page(
        search, before=text_argument("before") or None, after=text_argument("after") or None
    )
    return render_template(
        "products/index.html",
        search=search,
        page=page,
        shops=product_list.shops(),
        any_products=bool(page.rows) or product_list.any_products(),
    )


@blueprint.get("/products/<row:product_id>")
def show(product_id: int) -> ResponseReturnValue:
    """Everything about a product, where it stands in each shop, and its log."""
    product = db.get_or_404(Product, product_id)
    return render_template(
        "products/show.html",
        product=product,
        name=product_list.first_name({text.language: text.name for text in product.texts}),
        paths=product_list.category_paths([link.category_id for link in product.category_links]),
        shops=product_list.shops(),
        statuses={status.shop_id: status for status in product_list.statuses_of([product])},
        log=product_list.log_page(product_id, id_argument("before")),
    )
