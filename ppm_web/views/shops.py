"""The shops: where they are, how they are, how much of the catalogue is in them."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from htmx_flask import request
from sqlalchemy import func, select

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, ProductSyncStatus, Role, SyncState
from ppm_web.services.pacing import LimitsError, pace_of, read_limit, set_limits
from ppm_web.services.shops import ShopCheck, check_shop
from ppm_web.views import product_list
from ppm_web.views.access import needs, redirect_back

blueprint = Blueprint("shops", __name__)
blueprint.add_app_template_filter(pace_of)


@blueprint.get("/shops")
def index() -> ResponseReturnValue:
    """All shops."""
    return _page({})


@blueprint.post("/shops/<row:shop_id>/check")
@needs(Role.MANAGER)
def check(shop_id: int) -> ResponseReturnValue:
    """Ask the shop how it is; the answer is its card, with what it told."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    result = check_shop(shop_id)
    if request.htmx:
        counts = _counts().get(shop_id, {})
        return render_template("shops/_shop.html", shop=shop, counts=counts, check=result)
    return _page({shop_id: result})


@blueprint.post("/shops/<row:shop_id>/pace")
@needs(Role.MANAGER)
def update_pace(shop_id: int) -> ResponseReturnValue:
    """Set the limits of the shop's pace; an empty field is for the settings' own."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    try:
        lowest, highest = (read_limit(request.form.get(field, "")) for field in ("pace_min", "pace_max"))
        set_limits(shop, lowest, highest)
    except LimitsError as error:
        flash(f"{shop.name}: {error}", "error")
    else:
        flash(f"The limits of {shop.name}'s pace are set.", "success")
    return redirect_back(url_for("shops.index"), f"shop-{shop_id}")


def _page(checks: dict[int, ShopCheck]) -> ResponseReturnValue:
    return render_template("shops/index.html", shops=product_list.shops(), counts=_counts(), checks=checks)


def _counts() -> dict[int, dict[SyncState, int]]:
    """For each shop, how many products are in each state."""
    counts: dict[int, dict[SyncState, int]] = {}
    row = ProductSyncStatus
    grouped = select(row.shop_id, row.state, func.count()).group_by(row.shop_id, row.state)
    for shop_id, state, count in db.session.execute(grouped):
        counts.setdefault(shop_id, {})[state] = count
    return counts
