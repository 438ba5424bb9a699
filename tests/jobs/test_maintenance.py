"""What a worker does between tickets, in this process."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from jobs.worker import make_worker
from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_product, status_of


def test_maintenance_runs_the_sweep_and_outlives_what_goes_wrong_in_it(
    app: Flask, shop: PrestaShopShop, caplog: pytest.LogCaptureFixture
) -> None:
    product = make_product()
    sync_requests.request_product_sync(product.id, shop.id, by="test", delay=timedelta(hours=1))
    db.session.query(type(status_of(product, shop))).update({"not_before": None, "ticketed_at": None})
    db.session.commit()
    worker = make_worker(app)
    worker.run_maintenance_tasks()
    assert status_of(product, shop).ticketed_at is not None

    app.config["SWEEP_SECONDS"] = "no number"
    worker.run_maintenance_tasks()
    assert "the sweep failed" in caplog.text
