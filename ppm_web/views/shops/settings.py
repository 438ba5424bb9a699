"""The settings of a shop: name, address, key, and what of ours is what there."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Role
from ppm_web.services.errors import MappingError
from ppm_web.services.failures import tax_choices
from ppm_web.services.shops import mappings
from ppm_web.services.shops import settings as shop_settings
from ppm_web.services.shops.entries import ShopError
from ppm_web.services.shops.settings import Change
from ppm_web.views.web.access import needs
from ppm_web.views.web.said import said

blueprint = Blueprint("shop_settings", __name__)


@blueprint.get("/shops/<row:shop_id>/settings")
@needs(Role.ADMIN)
def edit(shop_id: int) -> ResponseReturnValue:
    """The form, as the shop is now."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    return _form(shop, "", "")


@blueprint.post("/shops/<row:shop_id>/settings")
@needs(Role.ADMIN)
def update(shop_id: int) -> ResponseReturnValue:
    """Write the settings; what cannot be is told at its field, and nothing is written."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    try:
        chosen = shop_settings.change(shop, _read())
    except ShopError as error:
        return _form(shop, str(error), error.field), 422
    except MappingError as error:
        return _form(shop, error.message, "map"), 422
    flash(gettext("The settings of %(shop)s are saved.", shop=shop.name), "success")
    sent = sum(tax_choices.request_waiting(shop, rate, current_user.email) for rate in chosen)
    if sent:
        told = ngettext(
            "%(num)s product that waited for its tax group is sent now.",
            "%(num)s products that waited for their tax group are sent now.",
            sent,
        )
        flash(told, "success")
    return redirect(url_for("shops.show", shop_id=shop_id), 303)


def _form(shop: PrestaShopShop, fault: str, field: str) -> str:
    settings = shop_settings.settings_of(shop)
    now_is = {"name": shop.name, "url": shop.url, "factor": settings.factor}
    values = {name: request.form.get(name, kept)[:255] for name, kept in now_is.items()}
    return render_template(
        "shops/settings.html",
        shop=shop,
        values=values,
        settings=settings,
        fault={"message": said(fault), "field": field} if fault else None,
    )


def _read() -> Change:
    """What was written. Raises MappingError for what is no id."""
    form = request.form
    return Change(
        name=form.get("name", ""),
        url=form.get("url", ""),
        key=form.get("key", "").strip(),
        languages={
            field.removeprefix("language-"): number
            for field, text in form.items()
            if field.startswith("language-") and (number := mappings.read_id(text)) is not None
        },
        taxes={
            field.removeprefix("tax-"): mappings.read_tax_group(text)
            for field, text in form.items()
            if field.startswith("tax-")
        },
        home=mappings.read_id(form.get("home", "")),
        store=mappings.read_id(form.get("store", "")),
        factor=form.get("factor"),
        own_shared=form.get("own_shared") == "1",
    )
