"""One question for all badges of a page that are under way."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from flask import Blueprint, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from htmx_flask import request
from sqlalchemy import select, tuple_
from sqlalchemy.orm import defer, raiseload

from ppm_web.extensions import db
from ppm_web.models import Product, ProductSyncStatus
from ppm_web.views.products import rows as product_rows
from ppm_web.views.web.addresses import HIGHEST_ID
from ppm_web.views.web.said import said

blueprint = Blueprint("badges", __name__)

AT_ONCE: Final = 100
"""Badges that one request answers; the page asks for the rest in turn."""
TOLD: Final = 3
"""Endings that screen readers are told one by one."""

_PAIR: Final = re.compile(r"([1-9][0-9]{0,9})-([1-9][0-9]{0,9})")

Pair = tuple[int, int]


@blueprint.get("/products/badges")
def index() -> ResponseReturnValue:
    """The badges that ``on`` names as product-shop pairs, to be swapped in where they stand.

    What has ended is told to screen readers, and the page may catch up.
    """
    pairs = _pairs(request.args.get("on", ""))
    products, shops = _products(pairs), {shop.id: shop for shop in product_rows.shops()}
    statuses = _statuses(pairs)
    badges = [(pair, products.get(pair[0]), shops.get(pair[1]), statuses.get(pair)) for pair in pairs]
    response = make_response(render_template("sync/_badges.html", badges=badges))
    ended = [
        f"{product.sku} → {shop.name}: {said(status.state)}"
        for _pair, product, shop, status in badges
        if product and shop and status and not status.state.in_flight
    ]
    if ended:
        response.headers["HX-Trigger-After-Swap"] = json.dumps(_events(ended))
    return response


def _events(ended: list[str]) -> dict[str, Any]:
    words = "; ".join(ended[:TOLD])
    if more := len(ended[TOLD:]):
        words = gettext("%(endings)s; and %(count)s more", endings=words, count=more)
    return {"ppm:tell": {"message": words, "kind": "quiet"}, "ppm:settled": {}}


def _pairs(text: str) -> list[Pair]:
    found = [(int(pair[1]), int(pair[2])) for pair in map(_PAIR.fullmatch, text.split(",")) if pair]
    known = [pair for pair in found if max(pair) <= HIGHEST_ID]
    return list(dict.fromkeys(known))[:AT_ONCE]


def _products(pairs: list[Pair]) -> dict[int, Product]:
    query = select(Product).where(Product.id.in_({product_id for product_id, _shop_id in pairs}))
    return {product.id: product for product in db.session.scalars(query.options(raiseload("*")))}


def _statuses(pairs: list[Pair]) -> dict[Pair, ProductSyncStatus]:
    row = ProductSyncStatus
    query = select(row).where(tuple_(row.product_id, row.shop_id).in_(pairs))
    query = query.options(defer(row.pushed), raiseload("*"))
    return {(status.product_id, status.shop_id): status for status in db.session.scalars(query)}
