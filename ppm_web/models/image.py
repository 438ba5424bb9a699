"""Which picture of ours is which image of a product in a shop."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ppm_web.extensions import Model
from ppm_web.models.types import PrimaryKey


class RemoteImage(Model):
    """A picture that was sent: the shop's image id for a content hash, of one product in one shop.

    The Webservice gives no content hash (README "Stock and images"), so this is our own map. A
    ``remote_id`` of 0 or less: it was sent, and no answer has come (services/publishing/image_links.py).
    """

    __tablename__ = "remote_image"
    __table_args__ = (
        UniqueConstraint("status_id", "content_hash"),
        UniqueConstraint("status_id", "remote_id"),
    )

    id: Mapped[PrimaryKey]
    status_id: Mapped[int] = mapped_column(ForeignKey("product_sync_status.id", ondelete="CASCADE"))
    content_hash: Mapped[str] = mapped_column(String(64))
    remote_id: Mapped[int]
