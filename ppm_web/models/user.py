"""The people who may sign in."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from flask_login import UserMixin
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ppm_web.extensions import Model
from ppm_web.models.types import Created, PrimaryKey, UtcDateTime, enum_column


class Role(StrEnum):
    """What a person may do: a viewer looks, a manager syncs and edits, an admin also sets up."""

    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"


def new_session_key() -> str:
    """A random key that the sessions of one person carry; a new one ends all that carry the old one."""
    return secrets.token_hex(16)


class User(UserMixin, Model):  # type: ignore[misc]  # flask-login ships no types
    """A person with an address, a password hash and a role. ``last_sign_in_at`` is in UTC."""

    __tablename__ = "user_account"

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_column(Role), default=Role.VIEWER)
    active: Mapped[bool] = mapped_column(default=True)
    session_key: Mapped[str] = mapped_column(String(32), default=new_session_key)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[Created]

    def get_id(self) -> str:
        """What a session keeps of the person: Flask-Login asks this when somebody signs in."""
        return f"{self.id}.{self.session_key}"

    @property
    def is_active(self) -> bool:
        """Flask-Login asks this; a person who was switched off is signed out at the next click."""
        return self.active
