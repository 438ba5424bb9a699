"""Looking before publishing: the page, its bar, and the press that publishes what was looked at."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from ppm_web.extensions import db
from ppm_web.models import JobBatch, PrestaShopShop, ShopSurvey, SurveyState
from tests.views.conftest import Browser
from tests.views.rows import make_product, make_shop, make_survey


@pytest.fixture
def shop(app: Flask) -> PrestaShopShop:
    return make_shop("Shop A")


def test_what_was_found_is_shown_with_the_button_that_publishes_it(
    manager: Browser, shop: PrestaShopShop
) -> None:
    page = manager.get(f"/surveys/{make_survey(shop).id}").text
    for words in ("30 of 30 looked at", "25 products that Shop A has already would change", "CUP-1"):
        assert words in page
    assert "Publish 30 products" in page
    assert "hx-trigger" not in page.split('id="survey"')[1].split(">")[0]


def test_while_it_runs_the_bar_asks_again_and_there_is_nothing_to_publish(
    manager: Browser, shop: PrestaShopShop
) -> None:
    survey = make_survey(shop, state=SurveyState.WAITING, done=0, result=None, finished_at=None)
    page = manager.get(f"/surveys/{survey.id}/progress").text
    assert "hx-trigger" in page
    assert "0 of 30 looked at" in page
    assert "/start" not in page


def test_a_failed_look_says_why_and_begins_anew(manager: Browser, shop: PrestaShopShop) -> None:
    make_product()
    survey = make_survey(shop, state=SurveyState.FAILED, error="The shop does not answer")
    page = manager.get(f"/surveys/{survey.id}").text
    assert "The shop does not answer" in page
    answer = manager.send(f"/surveys/{survey.id}/again")
    assert answer.headers["Location"] != f"/surveys/{survey.id}"
    assert "0 of 1 looked at" in manager.get(answer.headers["Location"]).text


def test_pressed_twice_it_starts_one_batch(manager: Browser, shop: PrestaShopShop) -> None:
    make_product()
    survey = make_survey(shop)
    answers = [manager.send(f"/surveys/{survey.id}/start") for _ in range(2)]
    batch = db.session.scalars(select(JobBatch)).one()
    assert [answer.headers["Location"] for answer in answers] == [
        f"/batches/{batch.id}",
        f"/surveys/{survey.id}",
    ]
    assert f"/batches/{batch.id}" in manager.get(f"/surveys/{survey.id}").text


def test_a_first_publication_of_many_leads_to_a_look(manager: Browser, shop: PrestaShopShop) -> None:
    for number in range(21):
        make_product(f"P-{number}")
    for path, data in (
        (f"/shops/{shop.id}/batches", {"which": "all"}),
        (f"/shops/{shop.id}/surveys", {"which": "all"}),
        ("/products/syncs", {"do": f"sync-{shop.id}", "which": "all"}),
    ):
        assert manager.send(path, data).headers["Location"].startswith("/surveys/")
    looks = db.session.scalars(select(ShopSurvey).order_by(ShopSurvey.created_at)).all()
    assert [(look.starts, look.total) for look in looks] == [(True, 21), (False, 21), (True, 21)]
    assert not db.session.scalars(select(JobBatch)).all()


def test_the_shops_page_and_the_overview_lead_to_a_look_that_waits(
    manager: Browser, shop: PrestaShopShop
) -> None:
    make_product()
    survey = make_survey(shop)
    assert f"/surveys/{survey.id}" in manager.get(f"/shops/{shop.id}").text
    assert "A publication to Shop A waits for your word" in manager.get("/").text


def test_a_viewer_may_look_on_and_publishes_nothing(viewer: Browser, shop: PrestaShopShop) -> None:
    survey = make_survey(shop)
    assert "Publish 30 products" not in viewer.get(f"/surveys/{survey.id}").text
    for path in (f"/surveys/{survey.id}/start", f"/surveys/{survey.id}/again", f"/shops/{shop.id}/surveys"):
        assert viewer.send(path).status_code == 403


def test_without_the_token_of_the_page_nothing_is_published(manager: Browser, shop: PrestaShopShop) -> None:
    survey = make_survey(shop)
    assert manager.post(f"/surveys/{survey.id}/start").status_code == 400
    assert not db.session.scalars(select(JobBatch)).all()


def test_a_look_that_is_not_there_is_not_found(manager: Browser) -> None:
    assert manager.get("/surveys/nothing").status_code == 404
    assert manager.send("/surveys/nothing/start").status_code == 404
