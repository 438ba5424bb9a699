"""The pages: one blueprint for each noun, and what holds for all of them."""

from __future__ import annotations

from flask import Flask

from ppm_web.views.batches import pages as batch_pages
from ppm_web.views.batches import surveys as survey_pages
from ppm_web.views.categories import pages as category_pages
from ppm_web.views.failures import pages as failure_pages
from ppm_web.views.overview import pages as overview_pages
from ppm_web.views.people import account, auth
from ppm_web.views.people import pages as people_pages
from ppm_web.views.products import bulk as product_bulk
from ppm_web.views.products import conflicts as product_conflicts
from ppm_web.views.products import edit as product_edit
from ppm_web.views.products import images as product_images
from ppm_web.views.products import pages as product_pages
from ppm_web.views.products import shops as product_shops
from ppm_web.views.queue import pages as queue_pages
from ppm_web.views.shops import pages as shop_pages
from ppm_web.views.shops import settings as shop_settings_pages
from ppm_web.views.sync import badges
from ppm_web.views.sync import log as sync_log
from ppm_web.views.sync import pages as sync_pages
from ppm_web.views.web import (
    access,
    addresses,
    assets,
    audit,
    display,
    errors,
    headers,
    health,
    languages,
    said,
)


def init_app(app: Flask) -> None:
    """Add every page to ``app``, with its addresses, guard, headers, errors and filters."""
    for part in (addresses, languages, access, audit, headers, assets, errors, display, said):
        part.init_app(app)
    for noun in (
        *(
            overview_pages,
            product_pages,
            product_edit,
            product_bulk,
            product_images,
            product_shops,
            product_conflicts,
            badges,
            category_pages,
            shop_pages,
            shop_settings_pages,
            sync_pages,
            batch_pages,
            survey_pages,
            failure_pages,
            queue_pages,
            sync_log,
        ),
        *(people_pages, account, auth, languages, health),
    ):
        app.register_blueprint(noun.blueprint)
