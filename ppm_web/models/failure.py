"""Final failures, one row each, and their causes with counts (R3, R14)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ppm_web.extensions import Model
from ppm_web.models.catalog import Category, Product
from ppm_web.models.shop import PrestaShopShop
from ppm_web.models.types import PrimaryKey, UtcDateTime


class FailedJob(Model):
    """A job that failed for good. A success of the same row, or a retry, removes it."""

    __tablename__ = "failed_job"
    __table_args__ = (
        Index("ix_failed_job_shop_id_failed_at", "shop_id", "failed_at"),
        Index("ix_failed_job_shop_id_id", "shop_id", "id"),
        Index("ix_failed_job_batch_id", "batch_id"),
        UniqueConstraint("job", "shop_id", "product_id"),
        UniqueConstraint("job", "shop_id", "category_id"),
        {"sqlite_autoincrement": True},  # a page that is still open never means another failure by its id
    )

    id: Mapped[PrimaryKey]
    job: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[list[Any]] = mapped_column(JSON)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id", ondelete="CASCADE"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("job_batch.id", ondelete="SET NULL"))
    error_class: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(40))
    temporary: Mapped[bool] = mapped_column(default=False)
    message: Mapped[str] = mapped_column(Text)
    trace: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    attempts: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    shop: Mapped[PrestaShopShop] = relationship()
    product: Mapped[Product | None] = relationship()
    category: Mapped[Category | None] = relationship()


class FailureCause(Model):
    """How many FailedJob rows of a shop share a fingerprint, kept in the same transactions."""

    __tablename__ = "failure_cause"
    __table_args__ = (UniqueConstraint("shop_id", "fingerprint"),)

    id: Mapped[PrimaryKey]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    count: Mapped[int] = mapped_column(default=0)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
