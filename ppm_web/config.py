"""Settings: every key has a default here and may be set in the environment as ``PPM_<KEY>``.

``docs/settings.md`` explains each of them to the person who runs PPM.
"""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

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
    "GROUP_SIZE": 50,
    "PACE_START": 60,
    "PACE_MIN": 6,
    "PACE_MAX": 240,
    "BREAKER_FAILURES": 5,
    "PROBE_SECONDS": 60,
    "PRODUCT_TIMEOUT_SECONDS": 600,
    "CATEGORY_TIMEOUT_SECONDS": 300,
    "REQUEST_TIMEOUT_SECONDS": 60,
    "IMAGE_FOLDER": "",
    "IMAGE_SOURCE_FOLDER": "",
    "IMAGE_MAX_BYTES": 2 * 1024 * 1024,
    "LANGUAGES": ["en", "pl"],
    "CURRENCY": "PLN",
    "FACTS_SECONDS": 300,
    "TIMEZONE": "Europe/Warsaw",
    "SCHEDULES": {},
    "LOG_DAYS": 30,
    "BATCH_DAYS": 30,
    "AUDIT_DAYS": 365,
    "PROXIES": 0,
    "COOKIE_SECURE": False,
    "SESSION_HOURS": 24 * 14,
    "PAGE_SIZE": 50,
    "HOST": "127.0.0.1",
    "PORT": 8000,
}

BUILT_IN_SCHEDULES: Final = ("nightly", "retry", "sweep", "retention")
_CRON_FIELD: Final = re.compile(r"(?:[\d*/,-]|[a-z]{3})+", re.IGNORECASE)


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
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings["SESSION_HOURS"]),
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
        if isinstance(default, dict):
            return _object(text)
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


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError('write a JSON object such as {"nightly": "0 3 * * *"}')
    return value


def _check(settings: dict[str, Any]) -> None:
    if not settings["SECRET_KEY"]:
        raise SettingError(
            "PPM_SECRET_KEY is not set. Make one with `python -c 'import secrets; "
            "print(secrets.token_urlsafe(32))'`, keep it, and set it in the environment."
        )
    if settings["QUEUE_MODE"] not in {"redis", "sync"}:
        raise SettingError("PPM_QUEUE_MODE must be 'redis' or 'sync'")
    backoff = settings["SYNC_BACKOFF"]
    if not backoff or not all(isinstance(wait, int | float) and wait >= 0 for wait in backoff):
        raise SettingError("PPM_SYNC_BACKOFF must be a list of seconds such as [30, 60, 300]")
    if not _is_timezone(settings["TIMEZONE"]):
        raise SettingError(f"PPM_TIMEZONE is {settings['TIMEZONE']!r}: write it like Europe/Warsaw")
    if not re.fullmatch(r"[A-Z]{3}", settings["CURRENCY"]):
        raise SettingError(f"PPM_CURRENCY is {settings['CURRENCY']!r}: write three capitals such as PLN")
    if settings["FACTS_SECONDS"] < 0:
        raise SettingError("PPM_FACTS_SECONDS must be 0 or more: a number of seconds")
    if settings["SYNC_TRIES"] < 1:
        raise SettingError("PPM_SYNC_TRIES must be 1 or more")
    if settings["IMAGE_MAX_BYTES"] < 10_000:
        raise SettingError("PPM_IMAGE_MAX_BYTES must be 10000 or more: a number of bytes")
    if settings["LEASE_SECONDS"] <= settings["REQUEST_TIMEOUT_SECONDS"]:
        raise SettingError(
            "PPM_LEASE_SECONDS must be longer than PPM_REQUEST_TIMEOUT_SECONDS: "
            "a lease is renewed before each request to a shop and must outlive it"
        )
    _check_web(settings)
    _check_pace(settings)
    for key in ("LOG_DAYS", "BATCH_DAYS", "AUDIT_DAYS"):
        if settings[key] < 1:
            raise SettingError(f"PPM_{key} must be 1 or more: a number of days")
    for name, wish in settings["SCHEDULES"].items():
        _check_schedule(name, {"cron": wish} if isinstance(wish, str) else wish)


def _is_timezone(name: str) -> bool:
    """Not by the list of all names: to make it, 600 files are opened at each start."""
    try:
        return bool(ZoneInfo(name).key)
    except (KeyError, ValueError, OSError):  # no such name, no name at all, a folder
        return False


def _check_web(settings: dict[str, Any]) -> None:
    if not 1 <= settings["PORT"] <= 65535:
        raise SettingError("PPM_PORT must be a port: 1 to 65535")
    if settings["SESSION_HOURS"] < 1:
        raise SettingError("PPM_SESSION_HOURS must be 1 or more")
    if not 0 <= settings["PROXIES"] <= 9:
        raise SettingError("PPM_PROXIES must be the number of proxies in front of PPM: 0 to 9")


def _check_pace(settings: dict[str, Any]) -> None:
    for key in ("GROUP_SIZE", "PACE_MIN", "BREAKER_FAILURES", "PROBE_SECONDS"):
        if settings[key] < 1:
            raise SettingError(f"PPM_{key} must be 1 or more")
    if not settings["PACE_MIN"] <= settings["PACE_START"] <= settings["PACE_MAX"]:
        raise SettingError("PPM_PACE_START must lie between PPM_PACE_MIN and PPM_PACE_MAX")


def _check_schedule(name: str, wish: Any) -> None:
    """A schedule of PPM_SCHEDULES: a change of a built-in one, or one more that does the same work."""
    told = f"PPM_SCHEDULES: {name!r}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        raise SettingError(f"{told} is no name: small letters, digits and hyphens, at most 40")
    if not isinstance(wish, dict) or wish.keys() - {"task", "cron", "catch_up", "shops"}:
        raise SettingError(f"{told} must be a cron line, or an object with cron, task, catch_up or shops")
    if (name in BUILT_IN_SCHEDULES) is ("task" in wish):
        raise SettingError(f"{told}: a schedule of your own needs a task, a built-in one has its own")
    task = wish.get("task", name)
    if task not in BUILT_IN_SCHEDULES:
        raise SettingError(f"{told} has the task {task!r}; there are: {', '.join(BUILT_IN_SCHEDULES)}")
    if "cron" in wish and not _is_cron(wish["cron"]):
        raise SettingError(f"{told} has the cron line {wish['cron']!r}: write five fields, as in 0 3 * * *")
    if not isinstance(wish.get("catch_up", True), bool):
        raise SettingError(f"{told}: catch_up is true or false")
    shops = wish.get("shops", [])
    if not isinstance(shops, list) or not all(isinstance(shop, str) for shop in shops):
        raise SettingError(f"{told}: shops is a list of names")
    if shops and task != "nightly":
        raise SettingError(f"{told}: only the task nightly has shops")


def _is_cron(text: Any) -> bool:
    """Whether it is a cron line of five fields that comes true at times, without croniter's extras."""
    if not isinstance(text, str) or len(text.split()) != 5:
        return False
    try:
        croniter(text).get_next()
    except CroniterError:
        return False
    return all(map(_CRON_FIELD.fullmatch, text.split()))


def _with_driver(url: str) -> str:
    """Plain postgres URLs get the driver that the lock file brings (psycopg 3)."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url
