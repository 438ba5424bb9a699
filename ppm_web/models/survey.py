"""Looking before publishing: what a batch would link, make and change in a shop, counted (R25)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ppm_web.extensions import Model
from ppm_web.models.shop import PrestaShopShop
from ppm_web.models.types import Created, UtcDateTime, enum_column


class SurveyState(StrEnum):
    """Where a survey stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def in_flight(self) -> bool:
        """Whether it has not ended."""
        return self in (SurveyState.WAITING, SurveyState.RUNNING)


class ShopSurvey(Model):
    """What a publication of chosen products would do in a shop, found by reading the shop alone.

    ``selection`` is the choice as JSON, ``words`` the same for people. ``result`` holds the counts and
    samples, of ``done`` of ``total`` products that were looked at so far, up to the product ``last_id``.
    ``starts``: the batch is started at its end, unless so much would change that a person has to say so.
    ``batch_id`` is the batch that was started from it, "" for none: it is started once.
    """

    __tablename__ = "shop_survey"
    __table_args__ = (Index("ix_shop_survey_shop_id_created_at", "shop_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id", ondelete="CASCADE"))
    state: Mapped[SurveyState] = mapped_column(enum_column(SurveyState), default=SurveyState.WAITING)
    name: Mapped[str] = mapped_column(String(255), default="")
    selection: Mapped[dict[str, Any]] = mapped_column(JSON)
    words: Mapped[str] = mapped_column(String(255), default="")
    requested_by: Mapped[str] = mapped_column(String(255), default="")
    starts: Mapped[bool] = mapped_column(default=False, server_default=false())
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    last_id: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str] = mapped_column(Text, default="")
    batch_id: Mapped[str] = mapped_column(String(36), default="")
    created_at: Mapped[Created]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    shop: Mapped[PrestaShopShop] = relationship()
