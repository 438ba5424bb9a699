"""The people who may sign in: adding them, and checking who they say they are."""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from redis.exceptions import RedisError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash

from ppm_web import queue
from ppm_web.extensions import db
from ppm_web.models import Role, User, now
from ppm_web.models.user import new_session_key

logger = logging.getLogger("ppm.users")

SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 1024
"""Characters. scrypt reads all of it, so a password of megabytes would be work for nothing."""

HASH_METHOD: Final = "scrypt:32768:8:1"
NOBODYS_HASH: Final = (
    "scrypt:32768:8:1$VCkyXijhj1egym5c$"
    "e3163382e866d34e422933f63386dc9caddd059f5c8d1ca5225cdecf7bc5162a"
    "ee763213f031dcca5b1bdf3ff015481801e5e52ad75f10cb8d263eb14d276753"
)
"""Checked when nobody has the address, so that the answer takes as long as for somebody."""

TRIES_PER_ADDRESS: Final = 10
TRIES_PER_ORIGIN: Final = 100
TRIES_WINDOW_SECONDS: Final = 900


class UserError(ValueError):
    """A person who cannot be added as asked; the message says why."""


class SignInThrottledError(RuntimeError):
    """Too many wrong passwords; ``seconds`` says when to try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries: wait {seconds} seconds")
        self.seconds = seconds


def add_user(email: str, password: str, role: Role | str) -> User:
    """Keep a person who may sign in, and commit.

    Raises UserError for an address that is none or is taken, a password that is too short, or an
    unknown role.
    """
    user = User(email=_clean_address(email), role=_role(role), password_hash=_hash(password))
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise UserError(f"{user.email} is there already") from error
    return user


def find(user_id: int) -> User | None:
    """The person with that id, read anew; None when there is none."""
    return db.session.get(User, user_id, populate_existing=True)


def by_address(email: str) -> User:
    """The person with that address. Raises UserError when there is none."""
    found: User | None = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if found is None:
        raise UserError(f"Nobody has the address '{email}'")
    return found


def set_role(user: User, role: Role | str) -> None:
    """Give a person another role, and commit; it counts from the next click on.

    Raises UserError for an unknown role, and where no active admin would be left.
    """
    _change(user, {"role": _role(role)})


def set_active(user: User, active: bool) -> None:
    """Let a person sign in, or no longer: then every session ends, and commit.

    Raises UserError where no active admin would be left.
    """
    _change(user, {"active": active} | ({} if active else {"session_key": new_session_key()}))


def set_password(user: User, password: str) -> None:
    """Give a person another password, which ends all sessions, and commit.

    Raises UserError for a password that is too short or too long.
    """
    _change(user, {"password_hash": _hash(password), "session_key": new_session_key()})


def change_password(user: User, present: str, password: str, *, origin: str = "") -> None:
    """As ``set_password``, by the person, who has to know the present password.

    Raises UserError, and SignInThrottledError as ``authenticate``: the same tries are counted.
    """
    if authenticate(user.email, present, origin=origin) is None:
        raise UserError("The present password is wrong")
    set_password(user, password)


def users() -> list[User]:
    """Everybody, by address."""
    return list(db.session.scalars(select(User).order_by(User.email)))


def authenticate(email: str, password: str, *, origin: str = "") -> User | None:
    """The person with that address and password; None when there is none, or switched off.

    Takes as long for an unknown address as for a known one. Wrong tries are counted for the
    address as seen from ``origin`` (the caller's IP) and for ``origin``: raises
    SignInThrottledError after 10 and 100 within 15 minutes.
    """
    address = email.replace("\0", "").strip().lower()  # PostgreSQL takes no NUL
    counters = _counters(address, origin)
    _refuse_after_too_many(counters)
    user: User | None = db.session.scalar(select(User).where(User.email == address))
    db.session.commit()  # the hash takes a while: no transaction is held meanwhile
    matches = check_password_hash(user.password_hash if user else NOBODYS_HASH, password[:LONGEST_PASSWORD])
    if user is None or not matches or not user.active:
        _count(counters)
        return None
    _forget(counters)
    return user


def note_sign_in(user: User) -> None:
    """Keep when the person signed in, and commit."""
    user.last_sign_in_at = now()
    db.session.commit()


def _change(user: User, values: dict[str, Any]) -> None:
    """Write ``values``, and commit, unless that would take away the last active admin.

    The admins are locked meanwhile: two at once cannot take the role from each other.
    """
    admins = select(User.id).where(User.role == Role.ADMIN, User.active).with_for_update()
    left = set(db.session.scalars(admins)) - {user.id}
    stays_admin = values.get("role", user.role) is Role.ADMIN and values.get("active", user.active)
    if not left and not stays_admin and user.role is Role.ADMIN and user.active:
        db.session.rollback()
        raise UserError(f"{user.email} is the only admin: let somebody else be one first")
    db.session.execute(update(User).where(User.id == user.id).values(**values))
    db.session.refresh(user)
    db.session.commit()


def _clean_address(email: str) -> str:
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise UserError(f"'{email}' is no e-mail address: {error}") from error


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise UserError(f"There is no role '{role}': choose {', '.join(Role)}") from error


def _hash(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UserError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return generate_password_hash(password, method=HASH_METHOD)


def _counters(address: str, origin: str) -> dict[str, int]:
    """The broker's keys that count wrong tries, and how many each allows. Addresses go in as hashes."""
    person = hashlib.sha256(f"{address}\n{origin}".encode()).hexdigest()[:32]
    counters = {f"{_prefix()}:person:{person}": TRIES_PER_ADDRESS}
    return counters | ({f"{_prefix()}:origin:{origin}": TRIES_PER_ORIGIN} if origin else {})


def _prefix() -> str:
    return f"{os.environ['RQ_KEY_PREFIX']}:sign-in"


def _refuse_after_too_many(counters: dict[str, int]) -> None:
    try:
        broker = queue.connection()
        for key, most in counters.items():
            tried: Any = broker.get(key)
            if tried is not None and int(tried) >= most:
                left: Any = broker.ttl(key)
                raise SignInThrottledError(max(1, int(left)))
    except (RedisError, queue.QueueUnavailableError):
        logger.warning("wrong sign-ins are not counted: the broker cannot be reached")


def _count(counters: dict[str, int]) -> None:
    try:
        broker = queue.connection()
        for key in counters:
            broker.incr(key)
            broker.expire(key, TRIES_WINDOW_SECONDS, nx=True)
    except (RedisError, queue.QueueUnavailableError):
        logger.warning("a wrong sign-in was not counted: the broker cannot be reached")


def _forget(counters: dict[str, int]) -> None:
    """A person who signed in starts anew; what came from the same place stays counted."""
    try:
        queue.connection().delete(next(iter(counters)))
    except (RedisError, queue.QueueUnavailableError):
        logger.warning("wrong sign-ins were not forgotten: the broker cannot be reached")
