"""What is done with many products of the list at once: first how many and what, then the press."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user
from htmx_flask import request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from ppm_web.models import JobBatch, PrestaShopShop, Role
from ppm_web.services.batches import control as batch_control
from ppm_web.services.batches import reports as batch_reports
from ppm_web.services.batches import surveys
from ppm_web.services.batches.first_publication import UnconfirmedError
from ppm_web.services.catalog import activity as product_activity
from ppm_web.services.catalog.names import category_paths
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.errors import SyncRefusedError
from ppm_web.views.batches.surveys import links as survey_links
from ppm_web.views.products import filter
from ppm_web.views.products import rows as product_rows
from ppm_web.views.products.filter import Asked
from ppm_web.views.web.access import needs, redirect_back
from ppm_web.views.web.addresses import HIGHEST_ID
from ppm_web.views.web.display import number
from ppm_web.views.web.said import said

blueprint = Blueprint("product_actions", __name__)

ESTIMATED: Final = 5
"""Shops whose estimates are told one by one: each costs statements."""

_DOING: Final = re.compile(r"sync-all|sync-[1-9][0-9]{0,9}|activate|deactivate")


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done, and with which products: those of ``ids``, or all that the filter finds."""

    do: str
    asked: Asked
    ids: Sequence[int]

    @property
    def syncs(self) -> bool:
        """Whether it sends products to shops."""
        return self.do.startswith("sync-")

    @property
    def active(self) -> bool:
        """Whether products are to be active afterwards."""
        return self.do == "activate"

    @property
    def selection(self) -> Selection:
        """The products that are meant, as batches name them."""
        if self.ids:
            return Selection("products", ids=self.ids)
        return Selection("filter", wanted=self.asked.wanted) if self.asked.filters else Selection("all")


@blueprint.get("/products/actions/new")
@needs(Role.MANAGER)
def new() -> ResponseReturnValue:
    """How many products are meant and what would happen to them; nothing is changed."""
    action = _read(request.args)
    if action is None:
        return _nothing_chosen()
    shops = _shops(action)
    meant, differing = product_activity.count(action.selection, active=action.active)
    categories = category_paths([action.asked.wanted.category_id])
    known = {shop.id: shop for shop in product_rows.shops()}
    title, button = _words(action, shops, meant, differing)
    return render_template(
        "products/bulk.html",
        action=action,
        asked=action.asked,
        title=title,
        button=button,
        meant=meant,
        differing=differing,
        estimates=[(shop, batch_reports.estimate(shop.id, action.selection)) for shop in shops[:ESTIMATED]],
        more_shops=len(shops[ESTIMATED:]),
        set_filters=filter.in_words(action.asked, known, categories),
        back=url_for("products.index", **action.asked.address),
    )


@blueprint.post("/products/syncs")
@needs(Role.MANAGER)
def sync() -> ResponseReturnValue:
    """Start a batch of the products for each shop that is meant."""
    action = _read(request.form)
    if action is None or not action.syncs:
        return _nothing_chosen()
    started, looks, refused = [], [], []
    for shop_id in [shop.id for shop in _shops(action)]:
        try:
            batch = batch_control.bulk_sync(shop_id, action.selection, by=current_user.email)
        except UnconfirmedError:
            looks.append(
                surveys.request_survey(shop_id, action.selection, by=current_user.email, starts=True)
            )
        except SyncRefusedError as error:
            refused.append(said(str(error)))
        else:
            started += [batch] if batch else []
    for reason in refused:
        flash(reason, "error")
    if len(looks) == 1 and not started and not refused:
        return redirect(url_for("surveys.show", survey_id=looks[0].id), 303)
    if looks:
        flash(survey_links(looks), "warning")
    if started:
        flash(_started(started), "success")
    elif not refused and not looks:
        flash(gettext("Nothing to do: no product is meant. No batch was started."), "warning")
    return redirect(url_for("products.index", **action.asked.address), 303)


@blueprint.post("/products/activity")
@needs(Role.MANAGER)
def switch() -> ResponseReturnValue:
    """Switch the products that are meant active, or not active."""
    action = _read(request.form)
    if action is None or action.syncs:
        return _nothing_chosen()
    changed = product_activity.switch(action.selection, active=action.active)
    if action.active:
        words = ngettext(
            "%(count)s product is active now",
            "%(count)s products are active now",
            changed,
            count=number(changed),
        )
    else:
        words = ngettext(
            "%(count)s product is not active any more",
            "%(count)s products are not active any more",
            changed,
            count=number(changed),
        )
    flash(f"{words}.", "success")
    return redirect(url_for("products.index", **action.asked.address), 303)


def _read(values: MultiDict[str, str]) -> Action | None:
    """What a form or an address asks for; None when it says nothing to do, or chose nothing."""
    do = values.get("do", "")
    ids = [found for found in values.getlist("id", type=int) if 0 < found <= HIGHEST_ID]
    ids = list(dict.fromkeys(ids))[: current_app.config["PAGE_SIZE"]]
    which = values.get("which")
    if not _DOING.fullmatch(do) or which not in ("chosen", "all") or (which == "chosen" and not ids):
        return None
    return Action(do, filter.read(values), ids if which == "chosen" else ())


def _shops(action: Action) -> Sequence[PrestaShopShop]:
    """The active shops that are meant."""
    if not action.syncs:
        return []
    target = action.do.removeprefix("sync-")
    return [shop for shop in product_rows.shops() if shop.active and target in ("all", str(shop.id))]


def _words(action: Action, shops: Sequence[PrestaShopShop], meant: int, differing: int) -> tuple[str, str]:
    """The question, and what the button says."""
    count = {"count": number(meant)}
    if not meant or (action.syncs and not shops):
        return gettext("There is nothing to do"), ""
    if not action.syncs:
        press = gettext("Switch %(count)s", count=number(differing))
        if action.active:
            return ngettext(
                "Switch %(count)s product active?", "Switch %(count)s products active?", meant, **count
            ), press
        return ngettext(
            "Switch %(count)s product not active?", "Switch %(count)s products not active?", meant, **count
        ), press
    where: dict[str, Any] = count | {"shop": shops[0].name, "shops": number(len(shops))}
    press = ngettext("Sync %(count)s product", "Sync %(count)s products", meant, **count)
    if len(shops) == 1:
        return ngettext(
            "Sync %(count)s product to %(shop)s?", "Sync %(count)s products to %(shop)s?", meant, **where
        ), press
    return ngettext(
        "Sync %(count)s product to %(shops)s shops?",
        "Sync %(count)s products to %(shops)s shops?",
        meant,
        **where,
    ), press


def _started(started: Sequence[JobBatch]) -> Markup:
    """What was started, with links to the batches."""
    link = Markup('<a href="{}">{}</a>')
    links = [link.format(url_for("batches.show", batch_id=batch.id), batch.shop.name) for batch in started]
    return Markup("{} {}").format(gettext("Started. To the batches:"), Markup(", ").join(links))


def _nothing_chosen() -> ResponseReturnValue:
    flash(gettext("Choose products first, by the boxes in front of them."), "warning")
    return redirect_back(url_for("products.index"))
