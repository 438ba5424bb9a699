"""What is too old goes, in small transactions; what is not ended or not old stays."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import (
    BatchItem,
    BatchState,
    ItemOutcome,
    JobBatch,
    PrestaShopShop,
    ScheduleRun,
    ScheduleRunState,
    SyncLog,
    now,
)
from ppm_web.services.schedules import plan as schedule_plan
from ppm_web.services.schedules import runs as schedule_runs
from ppm_web.services.upkeep import retention

OLD, YOUNG = timedelta(days=31), timedelta(days=29)


def add_logs(shop: PrestaShopShop, age: timedelta, count: int = 1) -> None:
    db.session.add_all(
        SyncLog(
            shop_id=shop.id,
            operation="sync",
            direction="out",
            status="ok",
            message="",
            created_at=now() - age,
        )
        for _ in range(count)
    )
    db.session.commit()


def add_batch(shop: PrestaShopShop, state: BatchState, age: timedelta, items: int = 1) -> str:
    ended = state.ended
    outcome = ItemOutcome.CREATED if ended else ItemOutcome.WAITING
    batch = JobBatch(
        id=str(uuid.uuid4()),
        name=f"{state} {age.days}",
        shop_id=shop.id,
        state=state,
        total=items,
        created_at=now() - age,
        finished_at=now() - age if ended else None,
        **{outcome.value: items},
    )
    db.session.add(batch)
    db.session.add_all(
        BatchItem(batch=batch, position=number, band=1, requested_revision=1, outcome=outcome)
        for number in range(items)
    )
    db.session.commit()
    return batch.id


def names() -> set[str]:
    found = set(db.session.scalars(db.select(JobBatch.name)))
    db.session.commit()
    return found


def total(chunks: Iterable[int]) -> int:
    return sum(chunks)


def count(model: type[SyncLog] | type[BatchItem] | type[ScheduleRun]) -> int:
    found = db.session.query(model).count()
    db.session.commit()
    return found


def test_log_lines_go_after_the_days_that_are_set(app: Flask, shop: PrestaShopShop) -> None:
    add_logs(shop, OLD, 2)
    add_logs(shop, YOUNG)
    assert total(retention.delete_old_logs()) == 2
    app.config["LOG_DAYS"] = 28
    assert total(retention.delete_old_logs()) == 1
    assert count(SyncLog) == 0


def test_batches_go_with_their_items_when_they_ended_long_ago(shop: PrestaShopShop) -> None:
    for state in BatchState:
        add_batch(shop, state, OLD, items=3)
        add_batch(shop, state, YOUNG)
    assert total(retention.delete_old_batches()) == 2
    assert names() == {
        *(f"{state} 29" for state in BatchState),
        *(f"{state} 31" for state in BatchState if not state.ended),
    }
    assert count(BatchItem) == 3 * 3 + 5


def test_no_transaction_deletes_more_than_a_chunk_and_none_is_left_open(
    shop: PrestaShopShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    add_batch(shop, BatchState.FINISHED, OLD, items=5)
    left = []
    for _ in retention.delete_old_batches():
        assert not db.session().in_transaction()
        left.append((count(BatchItem), len(names())))
    assert left == [(3, 1), (1, 1), (0, 1), (0, 0)]


def test_the_runs_of_schedules_go_too_but_not_the_one_under_way(app: Flask) -> None:
    schedule = schedule_plan.schedule_named("retry")
    for state in ScheduleRunState:
        for age in (OLD, YOUNG):
            due = now() - age
            db.session.add(
                ScheduleRun(schedule_id=schedule.id, due_at=due, state=state, started_at=now(), message="")
            )
    db.session.commit()
    assert total(retention.delete_old_runs()) == 3
    assert count(ScheduleRun) == 5


def test_the_schedule_tells_what_went(shop: PrestaShopShop) -> None:
    add_logs(shop, OLD, 2)
    add_batch(shop, BatchState.CANCELLED, OLD)
    run = schedule_runs.run_now("retention", "test")
    assert run.message == (
        "deleted: 2 log lines, 1 batches, 0 looks at shops, 0 runs of schedules, 0 audit entries, 0 pictures"
    )
