"""Looks at a shop before a publication: in the background, told when they end, never lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import JobBatch, PrestaShopShop, ShopSurvey, SurveyState, now
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.batches import surveys
from ppm_web.services.catalog.selections import Selection
from tests.factories import make_product

ALL = Selection("all")


def ask(shop: PrestaShopShop, *, starts: bool = False) -> str:
    return surveys.request_survey(shop.id, ALL, by="test", starts=starts).id


def test_a_look_counts_what_would_be_made_and_writes_nothing(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    for number in range(3):
        make_product(f"P-{number}")
    survey_id = ask(shop)
    work()
    survey = surveys.found(survey_id)
    assert (survey.state, survey.done, survey.error) == (SurveyState.FINISHED, 3, "")
    assert survey.result is not None
    assert survey.result["create"] == 3
    assert not db.session.scalars(select(JobBatch)).all()


def test_a_look_that_starts_publishes_by_itself_where_few_would_change(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    make_product()
    survey_id = ask(shop, starts=True)
    work()
    batch = db.session.scalars(select(JobBatch)).one()
    assert surveys.found(survey_id).batch_id == batch.id


def test_a_look_whose_ticket_was_lost_is_handed_out_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Callable[[], None]
) -> None:
    make_product()
    survey_id = ask(shop)
    assert surveys.serve() == 0
    queue.connection().flushdb()
    assert surveys.serve() == 1
    work()
    assert surveys.found(survey_id).state is SurveyState.FINISHED


def test_a_look_that_never_ends_has_failed_after_a_day(shop: PrestaShopShop) -> None:
    make_product()
    survey_id = ask(shop)
    db.session.execute(update(ShopSurvey).values(created_at=now() - timedelta(days=2)))
    db.session.commit()
    surveys.serve()
    assert surveys.found(survey_id).error == "It did not end within a day"


def test_why_a_look_failed_is_told(shop: PrestaShopShop, work: Callable[[], None]) -> None:
    make_product()
    shop.url = "http://127.0.0.1:9"
    db.session.commit()
    survey_id = ask(shop)
    work()
    survey = surveys.found(survey_id)
    assert survey.state is SurveyState.FAILED
    assert survey.error
