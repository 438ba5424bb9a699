"""The address of every page, from the app's own map, and rows for something to be on each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import BatchState, PrestaShopShop, Product
from tests.services.failed_jobs import fail, fail_many
from tests.views.batch_rows import make_batch
from tests.views.rows import make_catalogue, make_log, make_survey

WITHOUT_A_PAGE: Final = {"static", "health.show", "product_images.show", "product_images.thumbnail"}
VARIANTS: Final = {
    "products.index": (
        "?q=product",
        "?after=SKU-0001",
        "?shop=1&state=missing",
        "?sort=name",
        "?sort=price&state=changed",
    ),
    "product_actions.new": ("?do=sync-all&which=all&q=product&state=error", "?do=activate&which=all"),
    "overview.throughput": ("?hours=168",),
    "people.audit_log": ("?person=a@example.com&action=sync.create&since=week",),
    "sync_log.index": ("?shop=1&status=error", "?q=SKU-00&from=2026-01-01"),
    "batches.index": ("?shop=1&state=running",),
    "batches.show": ("?outcome=failed", "?q=P-0"),
    "failures.index": ("?view=list", "?view=list&shop=1&kind=temporary&q=sku", "?q=rate"),
}
"""What else than the bare address is asked: filters that lead to other statements, or other words."""


def fill() -> dict[str, Any]:
    """Put in something of everything; gives what stands for the arguments of the routes."""
    make_catalogue(products=30, shops=5)
    shop, product = db.session.get_one(PrestaShopShop, 1), db.session.get_one(Product, 1)
    fail_many(60, shop)
    failure_id = fail(product, shop)
    for _ in range(25):
        make_log(product, shop)
    batch = make_batch(shop, BatchState.RUNNING, waiting=20, running=1, failed=20, updated=20)
    batch_id = batch.id
    survey = make_survey(shop)
    return {"survey_id": survey.id, "batch_id": batch_id, "failure_id": failure_id}


def addresses(app: Flask, rows: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The endpoint and the address of each page; an argument that ``rows`` does not name is 1."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and rule.endpoint not in WITHOUT_A_PAGE:
                address = app.url_for(rule.endpoint, **{name: rows.get(name, 1) for name in rule.arguments})
                yield from (
                    (rule.endpoint, address + more) for more in ("", *VARIANTS.get(rule.endpoint, ()))
                )
