"""The same job as a user would write it with Celery: one task a product, on the same broker and database.

Kept as quick as such a job can be: ids of categories, taxes and languages are given, the connection to the
shop is kept, nothing is written back, and Celery's settings are its defaults (early acknowledgement, JSON,
four messages fetched ahead), without results.
"""

from __future__ import annotations

import json
import os
from typing import Any, Final

import requests
from celery import Celery
from celery.signals import worker_process_init
from flask import Flask

from ppm_web import create_app
from ppm_web.extensions import db, reading
from ppm_web.models import ProductSyncStatus
from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.prestashop.diff import changed_fields
from ppm_web.prestashop.payloads import to_entity
from ppm_web.prestashop.transformers import product_payload
from ppm_web.prestashop.values import RemoteIds
from ppm_web.prestashop.xml import build
from ppm_web.services.ownership.snapshots import product_data

BROKER: Final = "BENCH_CELERY_BROKER"
PREFIX: Final = "BENCH_CELERY_PREFIX"
REMOTE_IDS: Final = "BENCH_CELERY_REMOTE_IDS"
"""Variables of its environment: where its broker is, what its keys there begin with, the shop's ids."""

celery = Celery("benchmarks", broker=os.environ.get(BROKER))
celery.conf.task_ignore_result = True
celery.conf.broker_connection_retry_on_startup = True
celery.conf.broker_transport_options = {"global_keyprefix": os.environ.get(PREFIX, "")}

_kept: dict[str, Any] = {}


@worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery has no types
def prepare(**_signal: object) -> None:
    """In each of its processes: the app, the connection to the shop, and the shop's ids."""
    session = requests.Session()
    session.auth = (DEFAULT_KEY, "")
    session.headers.update({"Content-Type": "text/xml; charset=utf-8"})
    _kept.update(
        app=create_app(), session=session, remote_ids=RemoteIds(**json.loads(os.environ[REMOTE_IDS]))
    )


@celery.task  # type: ignore[untyped-decorator]
def send_product(status_id: int, url: str) -> None:
    """Send what changed of a product to the shop at ``url``. Raises requests.HTTPError."""
    app: Flask = _kept["app"]
    with app.app_context():
        with reading():
            status = db.session.get_one(ProductSyncStatus, status_id)
            product_id, external_id, pushed = status.product_id, status.external_id, status.pushed or {}
        product = product_data([product_id])[product_id]
        changes = changed_fields(pushed, product_payload(product.snapshot, _kept["remote_ids"]))
        body = build("product", [to_entity(changes, external_id)])
        answer = _kept["session"].patch(f"{url}/api/products/{external_id}", data=body, timeout=60)
        answer.raise_for_status()
