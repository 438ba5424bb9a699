"""The shops: the list, a shop's page with its check and switches, and adding one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from htmx_flask import request

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Role
from ppm_web.services.errors import MappingError
from ppm_web.services.pace.rate import LimitsError, pace_of, read_limit, set_limits
from ppm_web.services.shops import checks as shop_checks
from ppm_web.services.shops import trials as shop_trials
from ppm_web.services.shops.entries import ShopError
from ppm_web.services.shops.mappings import read_id
from ppm_web.services.shops.settings import Option
from ppm_web.services.upkeep import shop_switches
from ppm_web.views.products import rows as product_rows
from ppm_web.views.shops import rows as shop_rows
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.said import said

blueprint = Blueprint("shops", __name__)
blueprint.add_app_template_filter(pace_of)

LONGEST_REASON = 200


@blueprint.get("/shops")
def index() -> ResponseReturnValue:
    """All shops."""
    return render_template("shops/index.html", shops=product_rows.shops(), counts=shop_rows.counts())


@blueprint.get("/shops/new")
@needs(Role.ADMIN)
def new() -> ResponseReturnValue:
    """The form for another shop."""
    return render_template("shops/new.html", values={}, fault=None, stores=())


@blueprint.post("/shops")
@needs(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Try the shop; one that answers is kept, any other only when that is what the person says."""
    name, url, key = (request.form.get(field, "") for field in ("name", "url", "key"))
    try:
        trial = shop_trials.try_shop(name, url, key, read_id(request.form.get("store", "")))
        if trial.fault and "anyway" not in request.form:
            return _form_again(trial.fault, trial.field, may_keep=True, stores=trial.stores)
        shop = shop_trials.keep(trial)
    except ShopError as error:
        return _form_again(str(error), error.field, may_keep=False)
    except MappingError as error:
        return _form_again(error.message, "store", may_keep=False)
    if trial.fault or trial.problems:
        flash(gettext("%(shop)s was added; look at what its check found.", shop=shop.name), "warning")
    else:
        flash(gettext("%(shop)s was added. It can be published to.", shop=shop.name), "success")
    return _go(url_for("shops.show", shop_id=shop.id))


@blueprint.get("/shops/<row:shop_id>")
def show(shop_id: int) -> ResponseReturnValue:
    """A shop: how it is, how much of the catalogue is in it, what was done last."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    return render_template("shops/show.html", shop=shop, page=shop_rows.page_of(shop))


@blueprint.post("/shops/<row:shop_id>/check")
@needs(Role.MANAGER)
def check(shop_id: int) -> ResponseReturnValue:
    """Ask the shop how it is; the answer is the fragment with what it told."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    result = shop_checks.check_shop(shop_id)
    message = gettext("%(shop)s answers and can be published to.", shop=shop.name)
    if not result.ok:
        message = gettext("%(shop)s was checked: something needs you.", shop=shop.name)
    kind = "success" if result.ok else "warning"
    return _told(shop, message, kind, "shops/_check.html", "connection")


@blueprint.post("/shops/<row:shop_id>/pause")
@needs(Role.MANAGER)
def pause(shop_id: int) -> ResponseReturnValue:
    """Let the shop's products wait."""
    reason = request.form.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
    return _switched(
        shop_id,
        lambda shop: shop_switches.pause_shop(shop, reason or "by hand"),
        gettext("Paused: nothing is sent until somebody resumes it."),
    )


@blueprint.post("/shops/<row:shop_id>/resume")
@needs(Role.MANAGER)
def resume(shop_id: int) -> ResponseReturnValue:
    """Let a paused shop go on."""
    return _switched(shop_id, shop_switches.resume_shop, gettext("It goes on: what waits is sent now."))


@blueprint.post("/shops/<row:shop_id>/activate")
@needs(Role.ADMIN)
def activate(shop_id: int) -> ResponseReturnValue:
    """Take requests for the shop again."""
    return _switched(
        shop_id, lambda shop: shop_switches.set_active(shop, True), gettext("Active: it can be published to.")
    )


@blueprint.post("/shops/<row:shop_id>/deactivate")
@needs(Role.ADMIN)
def deactivate(shop_id: int) -> ResponseReturnValue:
    """Refuse requests for the shop."""
    return _switched(
        shop_id,
        lambda shop: shop_switches.set_active(shop, False),
        gettext("Not active: nothing is sent to it."),
    )


@blueprint.post("/shops/<row:shop_id>/pace")
@needs(Role.MANAGER)
def update_pace(shop_id: int) -> ResponseReturnValue:
    """Set the limits of the shop's pace; an empty field is for the settings' own."""
    shop = db.get_or_404(PrestaShopShop, shop_id)
    try:
        lowest, highest = (read_limit(request.form.get(field, "")) for field in ("pace_min", "pace_max"))
        set_limits(shop, lowest, highest)
    except LimitsError as error:
        flash(f"{shop.name}: {said(str(error))}", "error")
    else:
        flash(gettext("The limits of the pace of %(shop)s are set.", shop=shop.name), "success")
    return redirect_back(url_for("shops.show", shop_id=shop_id), "state")


def _form_again(
    fault: str, field: str, *, may_keep: bool, stores: Sequence[Option] = ()
) -> ResponseReturnValue:
    """The form with what is wrong, and the stores to choose from; of the key nothing comes back."""
    values = {name: request.form.get(name, "")[:255] for name in ("name", "url", "store")}
    template = "shops/_new.html" if request.htmx else "shops/new.html"
    about = {"message": said(fault), "field": field, "may_keep": may_keep}
    return render_template(template, values=values, fault=about, stores=stores), 422


def _go(address: str) -> ResponseReturnValue:
    if not request.htmx:
        return redirect(address, 303)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = address
    return response


def _switched(shop_id: int, switch: Callable[[PrestaShopShop], None], message: str) -> ResponseReturnValue:
    shop = db.get_or_404(PrestaShopShop, shop_id)
    switch(shop)
    return _told(shop, f"{shop.name}: {message}", "success", "shops/_state.html", "state")


def _told(shop: PrestaShopShop, message: str, kind: str, template: str, anchor: str) -> ResponseReturnValue:
    """The fragment and a toast; without JavaScript the shop's page, which says it."""
    if not request.htmx:
        flash(message, kind)
        return redirect(url_for("shops.show", shop_id=shop.id, _anchor=anchor), 303)
    db.session.refresh(shop)
    response = make_response(render_template(template, shop=shop, check=shop_checks.last_check(shop)))
    told = {"ppm:tell": {"message": message, "kind": kind}}
    response.headers["HX-Trigger-After-Swap"] = json.dumps(told)
    return response
