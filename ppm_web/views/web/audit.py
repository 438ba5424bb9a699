"""Who did what: every request that may change something leaves an entry, also one that is refused.

Complete by construction: one hook for all routes, and a test that asks for words for each of them.
What a form says is never kept, as there may be a password or a key in it.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from flask import Flask, Response, g, request
from flask_babel import lazy_gettext
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ppm_web.extensions import db
from ppm_web.models import Category, JobBatch, PrestaShopShop, Product, Schedule, ShopSurvey, User
from ppm_web.services.accounts import audit
from ppm_web.services.accounts.audit import Deed

logger = logging.getLogger("ppm.audit")

UNKEPT: Final = frozenset({"languages.update", "product_edit.validate"})
"""What changes nothing, or only how a page looks to one person."""

ACTIONS: Final = {
    "auth.create": lazy_gettext("Signed in"),
    "auth.destroy": lazy_gettext("Signed out"),
    "account.update": lazy_gettext("Changed the own password"),
    "batches.cancel": lazy_gettext("Cancelled a batch"),
    "batches.create": lazy_gettext("Started a batch"),
    "batches.pause": lazy_gettext("Paused a batch"),
    "batches.resume": lazy_gettext("Let a batch go on"),
    "batches.retry": lazy_gettext("Tried a batch's failures again"),
    "categories.sync": lazy_gettext("Asked for a category's sync"),
    "categories.sync_branch": lazy_gettext("Asked for the sync of a branch of categories"),
    "categories.update": lazy_gettext("Edited a category"),
    "failures.destroy_many": lazy_gettext("Deleted failed jobs"),
    "failures.destroy": lazy_gettext("Deleted a failed job"),
    "failures.retry": lazy_gettext("Tried a failed job again"),
    "failures.retry_many": lazy_gettext("Tried failed jobs again"),
    "people.create": lazy_gettext("Added a person"),
    "people.set_password": lazy_gettext("Gave a person a new password"),
    "people.set_role": lazy_gettext("Gave a person another role"),
    "people.switch_off": lazy_gettext("Switched a person off"),
    "people.switch_on": lazy_gettext("Switched a person on"),
    "product_actions.switch": lazy_gettext("Switched products on or off"),
    "product_actions.sync": lazy_gettext("Asked for the sync of many products"),
    "product_conflicts.settle": lazy_gettext("Settled a conflict of a product in a shop"),
    "product_edit.create": lazy_gettext("Added a product"),
    "product_edit.update": lazy_gettext("Edited a product"),
    "product_images.cover": lazy_gettext("Chose a product's cover"),
    "product_images.create": lazy_gettext("Added images to a product"),
    "product_images.down": lazy_gettext("Moved an image down"),
    "product_images.remove": lazy_gettext("Removed an image"),
    "product_images.up": lazy_gettext("Moved an image up"),
    "product_shops.create": lazy_gettext("Asked for a sync to all shops"),
    "product_shops.disable": lazy_gettext("Disabled a product in a shop"),
    "product_shops.enable": lazy_gettext("Enabled a product in a shop"),
    "product_shops.reset": lazy_gettext("Reset a product in a shop"),
    "queue.run": lazy_gettext("Ran a schedule"),
    "queue.switch_off": lazy_gettext("Switched a schedule off"),
    "queue.switch_on": lazy_gettext("Switched a schedule on"),
    "shop_settings.update": lazy_gettext("Changed a shop's settings"),
    "shops.activate": lazy_gettext("Switched a shop on"),
    "shops.check": lazy_gettext("Checked a shop"),
    "shops.create": lazy_gettext("Added a shop"),
    "shops.deactivate": lazy_gettext("Switched a shop off"),
    "shops.pause": lazy_gettext("Paused a shop"),
    "shops.resume": lazy_gettext("Let a shop go on"),
    "shops.update_pace": lazy_gettext("Set a shop's pace"),
    "surveys.again": lazy_gettext("Let a look at a shop begin anew"),
    "surveys.create": lazy_gettext("Asked what a publication would change"),
    "surveys.start": lazy_gettext("Published what was looked at"),
    "sync.create": lazy_gettext("Asked for a sync"),
}
"""Endpoint → what it does, in the words of who looks at the list."""

_NAMES: Final[dict[str, tuple[Any, Any]]] = {
    "product_id": (Product.id, Product.sku),
    "category_id": (Category.id, Category.name),
    "shop_id": (PrestaShopShop.id, PrestaShopShop.name),
    "batch_id": (JobBatch.id, JobBatch.name),
    "survey_id": (ShopSurvey.id, ShopSurvey.words),
    "schedule_id": (Schedule.id, Schedule.name),
    "user_id": (User.id, User.email),
}


def init_app(app: Flask) -> None:
    """Keep what is done through every route of ``app`` that is not only read."""
    app.before_request(_note_person)
    app.after_request(_keep)


def about(target: str) -> None:
    """Say what the present request is about, where its address does not."""
    g.audit_target = target


def by(person: str, role: str = "") -> None:
    """Say who the present request is by, where nobody is signed in yet: also who only says so."""
    g.audit_person = person.replace("\0", "").strip().lower(), role


def _note_person() -> None:
    """Who asks, before the view runs: it may end the session, or the row of the person."""
    if request.method not in {"GET", "HEAD", "OPTIONS"} and current_user.is_authenticated:
        g.audit_person = current_user.email, current_user.role.value


def _keep(response: Response) -> Response:
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.endpoint in UNKEPT or not request.endpoint:
        return response
    person, role = g.get("audit_person", ("", ""))
    if not person:
        return response
    try:
        db.session.rollback()
        target = g.get("audit_target", "") or _target(request.view_args or {})
        origin = request.remote_addr or ""
        audit.record(Deed(person, role, request.endpoint, target, response.status_code, origin))
    except SQLAlchemyError:  # what was done is done; that it was not noted must not hide what came of it
        db.session.rollback()
        logger.exception("%s by %s was not kept", request.endpoint, person)
    return response


def _target(values: dict[str, Any]) -> str:
    """The names of what the address is about: "MUG-1 → Shop A"."""
    told = []
    for argument, value in values.items():
        if argument in _NAMES:
            key, name = _NAMES[argument]
            told.append(db.session.scalar(select(name).where(key == value)) or f"{argument} {value}")
        else:
            told.append(f"{argument.removesuffix('_id').replace('_', ' ')} {value}")
    return " → ".join(told)
