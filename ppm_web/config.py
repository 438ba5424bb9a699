"""Settings: every key has a default here and may be set in the environment as ``PPM_<KEY>``.

``docs/settings.md`` explains each of them to the person who runs PPM.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import available_timezones

if TYPE_CHECKING:
    from flask import Flask

DEFAULTS: Final[dict[str, Any]] = {
    "SECRET_KEY": "",
    "ENCRYPTION_KEYS": [],
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "BROKER_FOLDER": "",
    "QUEUE_MODE": "redis",
    "ALLOW_PRIVATE_SHOPS": False,
    "CREATE_SETTLE_SECONDS": 120,
    "SYNC_TRIES": 3,
    "SYNC_BACKOFF": [30, 60, 300],
    "RETRY_WINDOW_HOURS": 24,
    "LEASE_SECONDS": 180,
    "SWEEP_SECONDS": 60,
    "PRODUCT_TIMEOUT_SECONDS": 600,
    "CATEGORY_TIMEOUT_SECONDS": 300,
    "REQUEST_TIMEOUT_SECONDS": 60,
    "LANGUAGES": ["en", "pl"],
    "TIMEZONE": "Europe/Warsaw",
    "COOKIE_SECURE": False,
    "PAGE_SIZE": 50,
    "HOST": "127.0.0.1",
    "PORT": 8000,
}


class SettingError(ValueError):
    """A setting in the environment that cannot be used; the message names it."""


def configure(app: Flask, overrides: dict[str, Any]) -> None:
    """Set ``app.config`` from the defaults, the environment and ``overrides``, in that order.

    Values from the environment take the type of their default: whole numbers, 1/0 for booleans,
    JSON or a comma list for lists. Raises SettingError with the name of what cannot be used.
    """
    unknown = sorted(set(overrides) - set(DEFAULTS) - {"TESTING", "WTF_CSRF_ENABLED"})
    if unknown:
        raise SettingError(f"unknown settings: {', '.join(unknown)}")
    settings = {key: _read(key, os.environ.get(f"PPM_{key}"), default) for key, default in DEFAULTS.items()}
    settings |= overrides
    _check(settings)
    Path(app.instance_path).mkdir(parents=True, exist_ok=True)
    url = settings["DATABASE_URL"] or f"sqlite:///{Path(app.instance_path) / 'ppm.sqlite3'}"
    app.config.from_mapping(settings)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=_with_driver(url),
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True},
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings["COOKIE_SECURE"],
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings["COOKIE_SECURE"],
        MAX_CONTENT_LENGTH=20 * 1024 * 1024,
    )


def _read(key: str, text: str | None, default: Any) -> Any:
    if text is None or not text.strip():
        return default
    try:
        if isinstance(default, bool):
            return _boolean(text)
        if isinstance(default, int):
            return int(text)
        if isinstance(default, list):
            return _list(text)
    except ValueError as error:
        raise SettingError(f"PPM_{key} is {text!r}: {error}") from error
    return text.strip()


def _boolean(text: str) -> bool:
    if text.strip().lower() in {"1", "true", "yes", "on"}:
        return True
    if text.strip().lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("write 1 or 0")


def _list(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        value = json.loads(text)
        if not isinstance(value, list):
            raise ValueError("write a list")
        return value
    return [part.strip() for part in text.split(",") if part.strip()]


def _check(settings: dict[str, Any]) -> None:
    if not settings["SECRET_KEY"]:
        raise SettingError(
            "PPM_SECRET_KEY is not set. Make one with `python -c 'import secrets; "
            "print(secrets.token_urlsafe(32))'`, keep it, and set it in the environment."
        )
    if settings["QUEUE_MODE"] not in {"redis", "sync"}:
        raise SettingError("PPM_QUEUE_MODE must be 'redis' or 'sync'")
    if not 1 <= settings["PORT"] <= 65535:
        raise SettingError("PPM_PORT must be a port: 1 to 65535")
    backoff = settings["SYNC_BACKOFF"]
    if not backoff or not all(isinstance(wait, int | float) and wait >= 0 for wait in backoff):
        raise SettingError("PPM_SYNC_BACKOFF must be a list of seconds such as [30, 60, 300]")
    if settings["TIMEZONE"] not in available_timezones():
        raise SettingError(f"PPM_TIMEZONE is {settings['TIMEZONE']!r}: write it like Europe/Warsaw")
    if settings["SYNC_TRIES"] < 1:
        raise SettingError("PPM_SYNC_TRIES must be 1 or more")
    if settings["LEASE_SECONDS"] <= settings["REQUEST_TIMEOUT_SECONDS"]:
        raise SettingError(
            "PPM_LEASE_SECONDS must be longer than PPM_REQUEST_TIMEOUT_SECONDS: "
            "a lease is renewed before each request to a shop and must outlive it"
        )


def _with_driver(url: str) -> str:
    """Plain postgres URLs get the driver that the lock file brings (psycopg 3)."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url
