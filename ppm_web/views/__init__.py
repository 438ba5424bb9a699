"""The pages: one blueprint for each noun, and what holds for all of them."""

from __future__ import annotations

from flask import Flask

from ppm_web.views import (
    access,
    addresses,
    assets,
    auth,
    batches,
    display,
    errors,
    failures,
    headers,
    health,
    product_images,
    products,
    queue,
    shops,
    sync,
)


def init_app(app: Flask) -> None:
    """Add every page to ``app``, with its addresses, guard, headers, errors and filters."""
    for part in (addresses, access, headers, assets, errors, display):
        part.init_app(app)
    for noun in (auth, batches, failures, health, product_images, products, queue, shops, sync):
        app.register_blueprint(noun.blueprint)
