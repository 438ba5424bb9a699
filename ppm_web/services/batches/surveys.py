"""Surveys: a look before a publication, in the background, with a bar (R25).

A survey reads the shop as the publication would, a hundred products a step, at the shop's pace. One that
``starts`` begins the batch at its end, where few linked products would change; else a person has to say so
on its page.
"""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import joinedload

from ppm_web import queue
from ppm_web.extensions import db, reading
from ppm_web.models import JobBatch, PrestaShopShop, ShopSurvey, SurveyState, now
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.batches import control, first_publication, survey_choices
from ppm_web.services.batches.first_publication import Findings
from ppm_web.services.catalog.selections import Selection, in_words
from ppm_web.services.errors import ShopInactiveError, SyncError, SyncRefusedError

TIMEOUT: Final = 600
"""Seconds that a step of a survey may take; what is left goes on with the next."""
LONGEST: Final = timedelta(days=1)
"""What has not ended by then never will: it is asked for anew."""

_PREFIX: Final = "survey-"
_IN_FLIGHT: Final = tuple(state for state in SurveyState if state.in_flight)


def request_survey(
    shop_id: int, selection: Selection, *, by: str, name: str = "", starts: bool = False
) -> ShopSurvey:
    """Let a worker look what a publication of the products would do. Returns the survey.

    When the queue cannot be reached the survey waits, and ``serve`` hands it out later. Raises
    SyncRefusedError for an inactive shop or where nothing is meant, and NoResultFound.
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
        selection=survey_choices.document(selection),
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
    """Look at products until all were, or the shop's pace is used up: then a later ticket goes on.

    What ends it is told on the survey; what nobody foresaw is raised again.
    """
    survey = _begin(survey_id)
    if survey is None:
        return
    findings = Findings.from_json(survey.result)
    try:
        if not _look(survey, findings):
            return
        _end(survey_id, SurveyState.FINISHED)
        if survey.starts and not findings.needs_confirmation:
            start_from(survey_id, by=survey.requested_by)
    except (SyncError, SyncRefusedError, PrestaShopError) as error:
        _end(survey_id, SurveyState.FAILED, error.message)
    except queue.JobTimeoutError:
        db.session.rollback()
        _hand_out(survey_id, now())  # what was looked at is kept: the next ticket goes on from there
    except Exception as error:
        _end(survey_id, SurveyState.FAILED, f"An error in PPM itself ({type(error).__name__})")
        raise


def start_from(survey_id: str, *, by: str) -> JobBatch | None:
    """Start the batch of a survey that has finished: the person has seen what it would do.

    A survey starts one batch. None when nothing is meant any more. Raises SyncRefusedError.
    """
    survey = found(survey_id)
    if survey.state is not SurveyState.FINISHED:
        raise SyncRefusedError("The look at the shop has not finished")
    batch_id = str(uuid.uuid4())
    if not _write(survey_id, ShopSurvey.batch_id == "", batch_id=batch_id):
        raise SyncRefusedError("The batch of this look was started already")
    batch = None
    try:
        selection = survey_choices.selection(survey.selection)
        batch = control.bulk_sync(
            *(survey.shop_id, selection), by=by, name=survey.name, confirmed=True, batch_id=batch_id
        )
    finally:
        if batch is None:
            db.session.rollback()
            _write(survey_id, batch_id="")
    return batch


def look_again(survey_id: str, *, by: str) -> ShopSurvey:
    """Look for the same products anew. Raises SyncRefusedError as ``request_survey`` does."""
    before = found(survey_id)
    selection = survey_choices.selection(before.selection)
    if before.state.in_flight:
        _end(survey_id, SurveyState.FAILED, "Somebody let it begin anew")
    return request_survey(before.shop_id, selection, by=by, name=before.name, starts=before.starts)


def ticket_of(survey_id: str) -> queue.TicketsOut:
    """The tickets of a survey. Raises QueueUnavailableError."""
    return queue.tickets_out(f"{_PREFIX}{survey_id}")


def serve() -> int:
    """Hand out a ticket for each survey that goes on and has none: it was lost, or its worker died.

    One that has not ended after LONGEST has failed. Returns how many were handed out. Raises
    QueueUnavailableError.
    """
    with reading():
        rows = db.session.execute(
            select(ShopSurvey.id, ShopSurvey.created_at).where(ShopSurvey.state.in_(_IN_FLIGHT))
        ).all()
    if not rows or queue.runs_at_once():
        return 0
    out, given = queue.tickets_out(_PREFIX), 0
    for survey_id, created_at in rows:
        if created_at < now() - LONGEST:
            _end(survey_id, SurveyState.FAILED, "It did not end within a day")
        elif not any(name.startswith(f"{_PREFIX}{survey_id}") for name in out.ready | out.delayed):
            given += _hand_out(survey_id, None)
    return given


def found(survey_id: str) -> ShopSurvey:
    """The survey with its shop as they are now, read in full. Raises SyncRefusedError when there is none."""
    with reading():
        survey = db.session.get(
            ShopSurvey, survey_id, options=[joinedload(ShopSurvey.shop)], populate_existing=True
        )
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


def waiting_for_a_word() -> list[ShopSurvey]:
    """The newest survey of each shop, where it found so much to change that a person has to say so."""
    newest = select(func.max(ShopSurvey.created_at)).group_by(ShopSurvey.shop_id)
    query = (
        select(ShopSurvey)
        .where(
            ShopSurvey.created_at.in_(newest),
            ShopSurvey.starts,
            ShopSurvey.state == SurveyState.FINISHED,
            ShopSurvey.batch_id == "",
        )
        .options(joinedload(ShopSurvey.shop).load_only(PrestaShopShop.name))
        .order_by(ShopSurvey.created_at)
    )
    with reading():
        return list(db.session.scalars(query))


def _begin(survey_id: str) -> ShopSurvey | None:
    """The survey, which runs now; None if it is gone or has ended."""
    if not _write(survey_id, ShopSurvey.state.in_(_IN_FLIGHT), state=SurveyState.RUNNING):
        return None
    with reading():
        return db.session.get(
            ShopSurvey, survey_id, options=[joinedload(ShopSurvey.shop)], populate_existing=True
        )


def _look(survey: ShopSurvey, findings: Findings) -> bool:
    """Look at what is left; False when another ticket goes on."""
    done, selection = survey.done, survey_choices.selection(survey.selection)
    steps = first_publication.look_at(survey.shop, selection, findings, after=survey.last_id)
    goes_on = ShopSurvey.state == SurveyState.RUNNING
    with closing(steps):
        for number, last_id, wait in steps:
            kept = {"done": done + number, "last_id": last_id, "result": findings.as_json()}
            if not _write(survey.id, ShopSurvey.done == done, goes_on, **kept):
                return False  # two tickets: the other one was here first
            done += number
            if wait and not queue.runs_at_once():
                _hand_out(survey.id, now() + timedelta(seconds=wait))
                return False
    if not done:
        _write(survey.id, result=findings.as_json())
    return True


def _end(survey_id: str, state: SurveyState, error: str = "") -> None:
    db.session.rollback()
    _write(survey_id, state=state, error=error, finished_at=now())


def _hand_out(survey_id: str, at: datetime | None) -> bool:
    """Hand out a ticket; False when the queue cannot be reached: then ``serve`` does it later."""
    ticket_id = f"{_PREFIX}{survey_id}-{uuid.uuid4().hex[:8]}"  # RQ deletes an ended job by its id
    try:
        queue.enqueue(
            *("survey_shop", survey_id), ticket_id=ticket_id, queue=queue.NORMAL, at=at, timeout=TIMEOUT
        )
    except queue.QueueUnavailableError:
        return False
    return True


def _write(survey_id: str, *guards: ColumnElement[bool], **values: Any) -> bool:
    """One guarded UPDATE, committed; whether it found the survey so."""
    result = db.session.execute(
        update(ShopSurvey)
        .where(ShopSurvey.id == survey_id, *guards)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return bool(result.rowcount)  # type: ignore[attr-defined]  # a CursorResult, for an UPDATE
