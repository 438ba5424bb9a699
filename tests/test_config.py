"""Settings: each from the environment, bad ones named, nothing guessed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from ppm_web.config import DEFAULTS, SettingError, configure
from tests.support import SECRET_KEY


def configured(**overrides: Any) -> Flask:
    app = Flask("ppm_web", instance_relative_config=True)
    configure(app, overrides)
    return app


@pytest.fixture(autouse=True)
def secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPM_SECRET_KEY", SECRET_KEY)


def text_and_value(key: str, default: Any) -> tuple[str, Any]:
    """Something else than the default, as a person writes it, and what it is read as."""
    special = {
        "CURRENCY": (" EUR ", "EUR"),
        "QUEUE_MODE": ("sync", "sync"),
        "SCHEDULES": ('{"nightly": "0 3 * * *"}', {"nightly": "0 3 * * *"}),
        "TIMEZONE": (" Europe/London ", "Europe/London"),
    }
    if key in special:
        return special[key]
    if isinstance(default, bool):
        return ("0", False) if default else ("1", True)
    if isinstance(default, int):
        return f" {default + 1} ", default + 1
    if isinstance(default, list):
        return "[7, 8]", [7, 8]
    return f" other-{key} ", f"other-{key}"


@pytest.mark.parametrize("key", DEFAULTS)
def test_each_setting_is_read_from_the_environment(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, value = text_and_value(key, DEFAULTS[key])
    if key == "REQUEST_TIMEOUT_SECONDS":
        monkeypatch.setenv("PPM_LEASE_SECONDS", "1000")
    monkeypatch.setenv(f"PPM_{key}", text)
    assert configured().config[key] == value


@pytest.mark.parametrize("key", [key for key in DEFAULTS if key != "SECRET_KEY"])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_setting_is_its_default(key: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"PPM_{key}", text)
    assert configured().config[key] == DEFAULTS[key]


@pytest.mark.parametrize("text", ["1", "true", "Yes", " on "])
def test_words_for_yes(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPM_ALLOW_PRIVATE_SHOPS", text)
    assert configured().config["ALLOW_PRIVATE_SHOPS"] is True


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_words_for_no(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPM_COOKIE_SECURE", text)
    assert configured().config["COOKIE_SECURE"] is False


@pytest.mark.parametrize(
    ("text", "value"),
    [("newest, older", ["newest", "older"]), ('["newest", "older"]', ["newest", "older"]), ("one", ["one"])],
)
def test_lists_are_written_with_commas_or_as_json(
    text: str, value: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PPM_ENCRYPTION_KEYS", text)
    assert configured().config["ENCRYPTION_KEYS"] == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("SYNC_TRIES", "three"),
        ("SYNC_TRIES", "0"),
        ("SYNC_TRIES", "1.5"),
        ("ALLOW_PRIVATE_SHOPS", "maybe"),
        ("SYNC_BACKOFF", "soon"),
        ("SYNC_BACKOFF", "[30, -1]"),
        ("SYNC_BACKOFF", "[]"),
        ("SYNC_BACKOFF", "[30,"),
        ("QUEUE_MODE", "celery"),
        ("LEASE_SECONDS", "60"),
        *(("TIMEZONE", name) for name in ("Warsaw", "Europe", "../Europe/Warsaw", "zone.tab")),
        ("LOG_DAYS", "0"),
        ("BATCH_DAYS", "-1"),
        ("SCHEDULES", "0 3 * * *"),
        ("SCHEDULES", '["0 3 * * *"]'),
        ("SCHEDULES", '{"nightly": "3 o\'clock"}'),
        ("SCHEDULES", '{"nightly": "0 3 * *"}'),
        ("SCHEDULES", '{"nightly": "0 3 31 2 *"}'),
        ("SCHEDULES", '{"nightly": "R 3 * * *"}'),
        ("SCHEDULES", '{"nightly": {"cron": 3}}'),
        ("SCHEDULES", '{"nightly": {"at": "0 3 * * *"}}'),
        ("SCHEDULES", '{"nightly": {"task": "retry"}}'),
        ("SCHEDULES", '{"nightly": {"catch_up": "no"}}'),
        ("SCHEDULES", '{"nightly": {"shops": "Shop A"}}'),
        ("SCHEDULES", '{"retry": {"shops": ["Shop A"]}}'),
        ("SCHEDULES", '{"noon": "0 12 * * *"}'),
        ("SCHEDULES", '{"noon": {"task": "lunch", "cron": "0 12 * * *"}}'),
        ("SCHEDULES", '{"High Noon": {"task": "nightly", "cron": "0 12 * * *"}}'),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
    ],
)
def test_a_bad_value_is_refused_and_the_setting_named(
    key: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PPM_{key}", text)
    with pytest.raises(SettingError, match=f"PPM_{key}"):
        configured()


@pytest.mark.parametrize("text", [None, "", " "])
def test_without_a_secret_key_nothing_starts_and_it_says_how_to_make_one(
    text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PPM_SECRET_KEY")
    if text is not None:
        monkeypatch.setenv("PPM_SECRET_KEY", text)
    with pytest.raises(SettingError, match=r"PPM_SECRET_KEY is not set.*token_urlsafe"):
        configured()


def test_what_the_program_sets_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPM_PAGE_SIZE", "10")
    assert configured(PAGE_SIZE=20).config["PAGE_SIZE"] == 20


def test_the_program_cannot_set_what_there_is_not() -> None:
    with pytest.raises(SettingError, match="PAGE_SIZ"):
        configured(PAGE_SIZ=20)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_plain_postgresql_urls_get_the_driver_that_is_installed(scheme: str) -> None:
    app = configured(DATABASE_URL=f"{scheme}://me@db.example/ppm")
    assert app.config["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://me@db.example/ppm"


def test_the_default_database_is_a_file_in_the_instance_folder() -> None:
    app = configured()
    assert app.config["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{app.instance_path}/ppm.sqlite3"


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    config = configured().config
    assert config["SESSION_COOKIE_HTTPONLY"]
    assert config["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert configured(COOKIE_SECURE=True).config["SESSION_COOKIE_SECURE"]
