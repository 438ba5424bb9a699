"""The people who may sign in."""

from __future__ import annotations

from enum import StrEnum

from flask_login import UserMixin
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ppm_web.extensions import Model
from ppm_web.models.types import Created, PrimaryKey, enum_column


class Role(StrEnum):
    """What a person may do: a viewer looks, a manager syncs and edits, an admin also sets up."""

    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"


class User(UserMixin, Model):  # type: ignore[misc]  # flask-login ships no types
    """A person with an address, a password hash and a role."""

    __tablename__ = "user_account"

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_column(Role), default=Role.VIEWER)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Created]

    @property
    def is_active(self) -> bool:
        """Flask-Login asks this; a person who was switched off is signed out at the next click."""
        return self.active
