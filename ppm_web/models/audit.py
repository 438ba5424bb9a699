"""Who did what in the panel: append-only (R20)."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ppm_web.extensions import Model
from ppm_web.models.types import Created, PrimaryKey


class AuditEntry(Model):
    """One change that somebody made or tried to make, as the panel saw it.

    ``person`` is an address and not a row: the entry outlives the account. ``action`` is the endpoint,
    ``target`` what it was about, ``status`` the HTTP status of the answer, ``origin`` the caller's IP.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_person_id", "person", "id"),
        Index("ix_audit_entry_action_id", "action", "id"),
        Index("ix_audit_entry_created_at", "created_at"),
    )

    id: Mapped[PrimaryKey]
    created_at: Mapped[Created]
    person: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20), default="")
    action: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(255), default="")
    status: Mapped[int]
    origin: Mapped[str] = mapped_column(String(45), default="")
