"""The one app that the tests share: none of them sees what another did to it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from ppm_web.extensions import db
from tests.shared_app import SharedApp

pytestmark = pytest.mark.usefixtures("clean_broker")


class OtherClient(FlaskClient):
    """Any client that is not the usual one."""


def test_what_was_changed_in_the_app_is_put_back(shared_app: SharedApp, database_url: str) -> None:
    with shared_app.lent(database_url, IMAGE_FOLDER="/nowhere") as app:
        tries, view, usual = (
            app.config["SYNC_TRIES"],
            app.view_functions["shops.index"],
            app.test_client_class,
        )
        app.config.update(SYNC_TRIES=99, TESTING=False)
        app.view_functions["shops.index"] = lambda: "other"
        app.extensions["other"] = "other"
        app.test_client_class = OtherClient
    with shared_app.lent(database_url) as app:
        assert (app.config["SYNC_TRIES"], app.config["TESTING"]) == (tries, True)
        assert app.config["IMAGE_FOLDER"] != "/nowhere"
        assert app.view_functions["shops.index"] is view
        assert "other" not in app.extensions
        assert app.test_client_class is usual


def test_it_is_connected_to_the_database_that_it_was_lent_with(
    shared_app: SharedApp, database_url: str
) -> None:
    with shared_app.lent(database_url):
        db.session.execute(text("CREATE TABLE of_this_test (id INTEGER)"))
        db.session.commit()
    with shared_app.lent(database_url):
        assert db.session.execute(text("SELECT count(*) FROM of_this_test")).scalar_one() == 0
        db.session.rollback()


def test_a_listener_that_is_left_on_the_engine_is_told(shared_app: SharedApp, database_url: str) -> None:
    def left(*_arguments: object) -> None:
        """Does nothing."""

    def leave_one() -> None:
        with shared_app.lent(database_url):
            event.listen(db.engine, "before_cursor_execute", left)

    with pytest.raises(AssertionError, match="fixture statements"):
        leave_one()
    with shared_app.app.app_context():
        event.remove(db.engine, "before_cursor_execute", left)
