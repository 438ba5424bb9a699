"""Settling what was changed here and in a shop: for each field, whose value holds (R26)."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, Role
from ppm_web.services.errors import SyncFailedError, SyncRefusedError
from ppm_web.services.sync import conflicts
from ppm_web.services.sync.conflict_rows import conflict_rows
from ppm_web.views.products.shops import answer
from ppm_web.views.web.access import needs
from ppm_web.views.web.said import said

blueprint = Blueprint("product_conflicts", __name__)
blueprint.add_app_template_filter(conflict_rows)

SIDES: Final[dict[str, conflicts.Side]] = {"ours": "ours", "theirs": "theirs"}


@blueprint.post("/products/<row:product_id>/shops/<row:shop_id>/settlements")
@needs(Role.MANAGER)
def settle(product_id: int, shop_id: int) -> ResponseReturnValue:
    """Let PPM's value of a field hold, or the shop's, and ask for a sync."""
    product, shop = db.get_or_404(Product, product_id), db.get_or_404(PrestaShopShop, shop_id)
    side, field = SIDES.get(request.form.get("side", "")), request.form.get("field", "")
    if side is None or not field:
        return answer(product, gettext("Say which field, and whose value holds"), "error")
    try:
        settled, requested = conflicts.settle(product_id, shop_id, side, by=current_user.email, field=field)
    except (SyncRefusedError, SyncFailedError) as error:
        return answer(product, said(error.message), "error")
    what = {"field": ", ".join(map(said, settled)), "shop": shop.name}
    words = (
        gettext("%(field)s: PPM's value goes to %(shop)s", **what)
        if side == "ours"
        else gettext("%(field)s: PPM has the value of %(shop)s now", **what)
    )
    return answer(
        product, f"{words}. {said(requested.message)}", "success" if requested.queued else "warning"
    )
