"""Transactions that only read: on SQLite they take no write lock, and they end whatever happens."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event

from ppm_web.extensions import db, read_only, reading
from ppm_web.models import PrestaShopShop


class Stopped(BaseException):
    """What a signal raises wherever it strikes."""


def test_a_signal_inside_the_commit_of_a_reading_block_leaves_nobody_reading_for_ever(app: Flask) -> None:
    def strike(_session: object) -> None:
        raise Stopped

    event.listen(db.session, "before_commit", strike)
    try:
        with pytest.raises(Stopped), reading():
            db.session.query(PrestaShopShop).all()
    finally:
        event.remove(db.session, "before_commit", strike)
    assert read_only.get() is False
