"""The pages: one blueprint for each noun, and what holds for all of them."""

from __future__ import annotations

from flask import Flask

from ppm_web.views import (
    access,
    account,
    addresses,
    assets,
    audit,
    auth,
    badges,
    batches,
    categories,
    display,
    errors,
    failures,
    headers,
    health,
    languages,
    overview,
    people,
    product_actions,
    product_edit,
    product_images,
    product_shops,
    products,
    queue,
    said,
    shop_settings,
    shops,
    sync,
    sync_log,
)


def init_app(app: Flask) -> None:
    """Add every page to ``app``, with its addresses, guard, headers, errors and filters."""
    for part in (addresses, languages, access, audit, headers, assets, errors, display, said):
        part.init_app(app)
    for noun in (
        *(
            overview,
            products,
            product_edit,
            product_actions,
            product_images,
            product_shops,
            badges,
            categories,
            shops,
            shop_settings,
            sync,
            batches,
            failures,
            queue,
            sync_log,
        ),
        *(people, account, auth, languages, health),
    ):
        app.register_blueprint(noun.blueprint)
