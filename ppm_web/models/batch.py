"""Batches: many products to one shop, counted exactly (R7, R8)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ppm_web.extensions import Model
from ppm_web.models.shop import PrestaShopShop
from ppm_web.models.sync import ProductSyncStatus
from ppm_web.models.types import Created, PrimaryKey, UtcDateTime, enum_column


class BatchState(StrEnum):
    """Where a batch stands. A cancelled one may still have items that run to their end."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more is handed out."""
        return self in (BatchState.FINISHED, BatchState.CANCELLED)


class ItemOutcome(StrEnum):
    """Where an item of a batch stands, or how it ended. Each has a counter of its name in JobBatch."""

    WAITING = "waiting"
    RUNNING = "running"
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    CONFLICT = "conflict"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def open(self) -> bool:
        """Whether the item has not ended."""
        return self in (ItemOutcome.WAITING, ItemOutcome.RUNNING)


_OUTCOMES = " + ".join(ItemOutcome)


class JobBatch(Model):
    """A batch of products for one shop, with a counter for each outcome of its items.

    Counters change in the transactions of their items, so that they add up to ``total`` at every
    moment; the database refuses anything else. ``run`` counts the runs: 1, and one more for each
    retry of what failed. ``then_run``, ``catch_run`` and ``finally_run`` are the runs for which
    those hooks were fired. ``error`` is the run's first failure, in plain words.
    """

    __tablename__ = "job_batch"
    __table_args__ = (
        CheckConstraint(f"total = {_OUTCOMES}", name="outcomes_add_up"),
        Index("ix_job_batch_state", "state"),
        Index("ix_job_batch_shop_id_created_at", "shop_id", "created_at"),
        Index("ix_job_batch_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id", ondelete="CASCADE"))
    state: Mapped[BatchState] = mapped_column(enum_column(BatchState), default=BatchState.WAITING)
    run: Mapped[int] = mapped_column(default=1)
    selection: Mapped[str] = mapped_column(String(255), default="")
    requested_by: Mapped[str] = mapped_column(String(255), default="")

    total: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)
    running: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    conflict: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)

    tickets: Mapped[int] = mapped_column(default=0)
    then_run: Mapped[int] = mapped_column(default=0)
    catch_run: Mapped[int] = mapped_column(default=0)
    finally_run: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[Created]
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    shop: Mapped[PrestaShopShop] = relationship()

    @property
    def processed(self) -> int:
        """How many items have ended."""
        return self.total - self.waiting - self.running

    @property
    def progress(self) -> int:
        """How much has ended, in whole per cent; 100 only when all has."""
        return self.processed * 100 // self.total if self.total else 100

    @property
    def outcomes(self) -> dict[str, int]:
        """Outcome → number of items, every outcome."""
        return {outcome.value: getattr(self, outcome.value) for outcome in ItemOutcome}


class BatchItem(Model):
    """A product of a batch.

    ``requested_revision`` is the request of the row that serves the item: a run of it or of a newer
    one settles the item. ``band`` is the queue's place (0 high, 1 normal, 2 background) and
    ``position`` the order within the batch. ``status_id`` is None when the product was deleted.
    """

    __tablename__ = "batch_item"
    __table_args__ = (
        Index("ix_batch_item_batch_id_outcome_band_position", "batch_id", "outcome", "band", "position"),
        Index("ix_batch_item_status_id", "status_id"),
    )

    id: Mapped[PrimaryKey]
    batch_id: Mapped[str] = mapped_column(ForeignKey("job_batch.id", ondelete="CASCADE"))
    status_id: Mapped[int | None] = mapped_column(ForeignKey("product_sync_status.id", ondelete="SET NULL"))
    position: Mapped[int]
    band: Mapped[int]
    requested_revision: Mapped[int]
    outcome: Mapped[ItemOutcome] = mapped_column(enum_column(ItemOutcome), default=ItemOutcome.WAITING)
    message: Mapped[str] = mapped_column(Text, default="")

    batch: Mapped[JobBatch] = relationship()
    status: Mapped[ProductSyncStatus | None] = relationship()
