"""Surveys: a look before a publication, in the background, with a bar (R25).

A survey reads the shop as the publication would, a hundred products a step, at the shop's pace. One that
``starts`` begins the batch at its end, where few linked products would change; else a person has to say so
on its page.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import JobBatch, PrestaShopShop, ShopSurvey, SurveyState, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.batches import control, first_publication
from ppm_web.services.batches.first_publication import Findings
from ppm_web.services.catalog.filters import ProductFilter
from ppm_web.services.catalog.selections import Selection, in_words
from ppm_web.services.errors import ShopInactiveError, SyncError, SyncRefusedError

TIMEOUT: Final = 600
"""Seconds that a step of a survey may take; what is left goes on with the next."""


def request_survey(
    shop_id: int, selection: Selection, *, by: str, name: str = "", starts: bool = False
) -> ShopSurvey:
    """Let a worker look what a publication of the products would do. Returns the survey.

    Raises SyncRefusedError for an inactive shop or where nothing is meant, QueueUnavailableError, and
    NoResultFound.
    """
    shop = db.session.get_one(PrestaShopShop, shop_id, populate_existing=True)
    if not shop.active:
        db.session.commit()
        raise SyncRefusedError(ShopInactiveError(shop.name).message)
    words = in_words(selection)
    db.session.commit()
    total = first_publication.count(shop_id, selection)
    if not total:
        raise SyncRefusedError("Nothing to do: no product is meant")
    survey = ShopSurvey(
        id=str(uuid.uuid4()),
        shop_id=shop_id,
        name=name,
        selection=_document(selection),
        words=words,
        requested_by=by,
        starts=starts,
        total=total,
    )
    db.session.add(survey)
    db.session.commit()
    _hand_out(survey.id, None)
    return found(survey.id)


def run_survey(survey_id: str) -> None:
    """Look at products until all were, or the shop's pace is used up: then a later ticket goes on."""
    with reading():
        survey = db.session.get(ShopSurvey, survey_id, populate_existing=True)
    if survey is None or not survey.state.in_flight:
        return
    findings, done, wait = Findings.from_json(survey.result), survey.done, 0.0
    _write(survey_id, state=SurveyState.RUNNING)
    try:
        steps = first_publication.look_at(survey.shop, _selection(survey), findings, after=survey.last_id)
        for number, last_id, wait in steps:
            done += number
            _write(survey_id, done=done, last_id=last_id, result=findings.as_json())
            if wait and not queue.runs_at_once():
                steps.close()
                _hand_out(survey_id, now() + timedelta(seconds=wait))
                return
    except (SyncError, PrestaShopError) as error:
        db.session.rollback()
        _write(survey_id, state=SurveyState.FAILED, error=error.message, finished_at=now())
        return
    _write(survey_id, state=SurveyState.FINISHED, result=findings.as_json(), finished_at=now())
    if survey.starts and not findings.needs_confirmation:
        start_from(survey_id, by=survey.requested_by)


def start_from(survey_id: str, *, by: str) -> JobBatch | None:
    """Start the batch of a survey that has finished: the person has seen what it would do.

    None when nothing is meant any more. Raises SyncRefusedError.
    """
    survey = found(survey_id)
    if survey.state is not SurveyState.FINISHED:
        raise SyncRefusedError("The look at the shop has not finished")
    return control.bulk_sync(survey.shop_id, _selection(survey), by=by, name=survey.name, confirmed=True)


def found(survey_id: str) -> ShopSurvey:
    """The survey as it is now. Leaves no transaction open. Raises SyncRefusedError when there is none."""
    with reading():
        survey = db.session.get(ShopSurvey, survey_id, populate_existing=True)
    if survey is None:
        raise SyncRefusedError(f"There is no survey {survey_id}")
    return survey


def latest(shop_id: int) -> ShopSurvey | None:
    """The newest survey of the shop."""
    with reading():
        return db.session.scalars(
            select(ShopSurvey)
            .where(ShopSurvey.shop_id == shop_id)
            .order_by(ShopSurvey.created_at.desc())
            .limit(1)
        ).first()


def _hand_out(survey_id: str, at: datetime | None) -> None:
    ticket_id = f"survey-{survey_id}-{int(at.timestamp()) if at else 0}"
    queue.enqueue("survey_shop", survey_id, ticket_id=ticket_id, queue=queue.NORMAL, at=at, timeout=TIMEOUT)


def _write(survey_id: str, **values: Any) -> None:
    db.session.execute(
        update(ShopSurvey)
        .where(ShopSurvey.id == survey_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()


def _document(selection: Selection) -> dict[str, Any]:
    wanted = selection.wanted
    return {
        "kind": selection.kind,
        "category_id": selection.category_id,
        "since": _text(selection.since),
        "skus": list(selection.skus),
        "ids": list(selection.ids),
        "wanted": {
            "text": wanted.text,
            "shop_id": wanted.shop_id,
            "state": wanted.state,
            "category_id": wanted.category_id,
            "since": _text(wanted.since),
            "active": wanted.active,
        },
    }


def _selection(survey: ShopSurvey) -> Selection:
    kept = survey.selection
    wanted = kept["wanted"] | {"since": _moment(kept["wanted"]["since"])}
    skus: Sequence[str] = kept["skus"]
    return Selection(
        kind=kept["kind"],
        category_id=kept["category_id"],
        since=_moment(kept["since"]),
        skus=skus,
        ids=kept["ids"],
        wanted=ProductFilter(**wanted),
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
