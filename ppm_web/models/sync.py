"""Where each product and category stands in each shop, and the log of what was done (R14)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from ppm_web.extensions import Model
from ppm_web.models.catalog import Category, Product
from ppm_web.models.shop import PrestaShopShop
from ppm_web.models.types import Created, PrimaryKey, UtcDateTime, enum_column

HIGHEST_PRIORITY, NORMAL_PRIORITY, LOWEST_PRIORITY = 1, 5, 10


class SyncState(StrEnum):
    """Where a thing stands in a shop. ``disabled`` rows are never sent."""

    PENDING = "pending"
    SYNCING = "syncing"
    SYNCED = "synced"
    ERROR = "error"
    CONFLICT = "conflict"
    DISABLED = "disabled"

    @property
    def in_flight(self) -> bool:
        """Whether a request waits or runs: the badge polls while it does."""
        return self in (SyncState.PENDING, SyncState.SYNCING)


class SyncRow:
    """What a row needs to be claimed, tried, retried and settled; see ``services.ledger.claims``.

    ``requested_revision`` counts the requests; ``claimed_revision`` is the one that the running
    (or last) run serves: a newer request means one more run. ``attempts`` counts the tries of
    the present request, ``retry_count`` the failed tries since the last success, ``tickets`` the
    tickets handed out. ``force`` asks for a comparison of all fields with the shop, ``force_stock`` also
    of the stock.

    ``pushed`` is the base (design, idea 7): the fields that PPM holds, as it last knew the shop to hold
    them. ``sending``: the fields that are under way, kept until their answer came; only these are looked
    at again after a lost answer (R26). ``conflicts``: field → {"base", "ours", "theirs"} of what both PPM
    and the shop changed, until a person settles it.
    """

    id: Mapped[PrimaryKey]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id", ondelete="CASCADE"), index=True)
    state: Mapped[SyncState] = mapped_column(enum_column(SyncState), default=SyncState.PENDING)
    priority: Mapped[int] = mapped_column(default=NORMAL_PRIORITY)
    queue: Mapped[str] = mapped_column(String(32), default="")
    force: Mapped[bool] = mapped_column(default=False)
    force_stock: Mapped[bool] = mapped_column(default=False, server_default=false())

    requested_revision: Mapped[int] = mapped_column(default=0)
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    requested_by: Mapped[str] = mapped_column(String(255), default="")
    claimed_revision: Mapped[int] = mapped_column(default=0)
    settled_revision: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ticketed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tickets: Mapped[int] = mapped_column(default=0)
    claim_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    attempts: Mapped[int] = mapped_column(default=0)
    retry_count: Mapped[int] = mapped_column(default=0)
    payload_hash: Mapped[str | None] = mapped_column(String(64))
    pushed: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    sending: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    conflicts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    pushed_revision: Mapped[int] = mapped_column(default=0)

    outcome: Mapped[str] = mapped_column(String(20), default="")
    message: Mapped[str] = mapped_column(Text, default="")
    error_code: Mapped[str] = mapped_column(String(40), default="")
    last_requests: Mapped[int] = mapped_column(default=0)
    last_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @declared_attr
    def shop(cls) -> Mapped[PrestaShopShop]:
        return relationship(PrestaShopShop)


class ProductSyncStatus(SyncRow, Model):
    """A product in a shop: its state, its id there, and what was last pushed.

    ``pushed_settings`` is the shop's settings revision that ``pushed`` was made with.
    """

    __tablename__ = "product_sync_status"
    __table_args__ = (
        UniqueConstraint("product_id", "shop_id"),
        UniqueConstraint("shop_id", "external_id"),
        CheckConstraint("priority BETWEEN 1 AND 10", name="priority"),
        Index("ix_product_sync_status_state_not_before", "state", "not_before"),
        Index("ix_product_sync_status_shop_id_state", "shop_id", "state"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    external_id: Mapped[int | None]
    stock_id: Mapped[int | None]
    create_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pushed_settings: Mapped[int] = mapped_column(default=0, server_default="0")

    product: Mapped[Product] = relationship()


class CategorySyncStatus(SyncRow, Model):
    """A category in a shop. ShopMapping alone holds its id there."""

    __tablename__ = "category_sync_status"
    __table_args__ = (
        UniqueConstraint("category_id", "shop_id"),
        CheckConstraint("priority BETWEEN 1 AND 10", name="priority"),
        Index("ix_category_sync_status_state_not_before", "state", "not_before"),
    )

    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"))

    category: Mapped[Category] = relationship()


class SyncLog(Model):
    """One line for each try, and one for what a batch did without a try: append-only.

    Request and answer are cut, and without the key.
    """

    __tablename__ = "sync_log"
    __table_args__ = (
        Index("ix_sync_log_product_id_id", "product_id", "id"),
        Index("ix_sync_log_shop_id_id", "shop_id", "id"),
        Index("ix_sync_log_batch_id_id", "batch_id", "id"),
        Index("ix_sync_log_created_at", "created_at"),
    )

    id: Mapped[PrimaryKey]
    created_at: Mapped[Created]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id", ondelete="CASCADE"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("job_batch.id", ondelete="SET NULL"))
    operation: Mapped[str] = mapped_column(String(20))
    direction: Mapped[str] = mapped_column(String(10), default="push")
    status: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(default=1)
    requests: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    shop: Mapped[PrestaShopShop] = relationship()
