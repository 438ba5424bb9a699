"""Shops, and which of their ids stand for what of ours (R14)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ppm_web.extensions import Model
from ppm_web.models.types import Created, ExactDecimal, PrimaryKey, Updated, UtcDateTime, enum_column


class PrestaShopShop(Model):
    """A PrestaShop shop. ``profile`` is what its last check told (a ShopProfile as JSON).

    ``settings_revision`` moves whenever something else than a product decides what is sent: a mapping,
    the shop's languages. Paces are requests a minute; the limits are None where the settings' hold.
    ``probe_at`` is set while the breaker keeps the shop paused: then the connection is tried again.

    ``store_id`` is the store (PrestaShop's id_shop) where there are several, ``owns_shared`` whether this
    is the one of PPM's shops that writes what all stores of that PrestaShop share (R28). ``currency_factor``:
    prices are multiplied by it, None while nobody said what to do about another currency (R31).
    ``published_at``: when something was first published there with a person's knowledge of what is there.
    ``check_links``: the shop is not known to be the one that PPM knew, all links are to be checked before
    anything is sent; ``links_report`` is what the last such check found.
    """

    __tablename__ = "shop"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(String(255))
    encrypted_key: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(String(20), default="")
    active: Mapped[bool] = mapped_column(default=True)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str] = mapped_column(String(255), default="")
    probe_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure_streak: Mapped[int] = mapped_column(default=0, server_default="0")
    settings_revision: Mapped[int] = mapped_column(default=1, server_default="1")
    pace_min: Mapped[int | None]
    pace_max: Mapped[int | None]
    pace_rate: Mapped[int | None]
    pace_reason: Mapped[str] = mapped_column(String(255), default="", server_default=text("''"))
    pace_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    problems: Mapped[list[str]] = mapped_column(JSON, default=list)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    store_id: Mapped[int | None]
    owns_shared: Mapped[bool] = mapped_column(default=True, server_default=true())
    currency_factor: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    check_links: Mapped[bool] = mapped_column(default=False, server_default=false())
    links_report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


class MappingKind(StrEnum):
    """What of ours a ShopMapping stands for, and how ``ours`` is written."""

    LANGUAGE = "language"  # a code: "en"
    TAX = "tax"  # a rate: "23" or "5.5"
    CATEGORY = "category"  # our category's id
    MANUFACTURER = "manufacturer"  # our manufacturer's id


class ShopMapping(Model):
    """The shop's id for a thing of ours; claimed before the thing is made in the shop.

    ``remote_id`` is None while nobody knows it. ``create_sent_at`` says that a create was sent
    and its answer never came: until the settle time has passed the thing is only looked up. ``seen_at``: when
    the shop last told that it has the id (R27).
    """

    __tablename__ = "shop_mapping"
    __table_args__ = (UniqueConstraint("shop_id", "kind", "ours"),)

    id: Mapped[PrimaryKey]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id", ondelete="CASCADE"))
    kind: Mapped[MappingKind] = mapped_column(enum_column(MappingKind))
    ours: Mapped[str] = mapped_column(String(64))
    remote_id: Mapped[int | None]
    manual: Mapped[bool] = mapped_column(default=False)
    claim_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    create_sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    shop: Mapped[PrestaShopShop] = relationship()
