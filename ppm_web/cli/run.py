"""PPM with the settings from the environment: web, workers and scheduler, as one (``make run``)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from ppm_web import broker, queue
from ppm_web.cli.output import fail
from ppm_web.cli.processes import NotReadyError, ProcessEndedError, Processes, StopRequestedError
from ppm_web.cli.programs import (
    ROOT,
    WEB_SECONDS,
    scheduler_program,
    web_answers,
    web_program,
    worker_program,
)
from ppm_web.config import SettingError
from ppm_web.extensions import db

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (not bound here: where to ask instead)


@click.command("run")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True)
def run(workers: int) -> None:
    """Run the web, the workers and the scheduler until Ctrl-C, at PPM_HOST and PPM_PORT.

    Exit status 0 when it was told to end, 1 when it cannot start or one of its processes ended, 2 for a
    setting that cannot be used.
    """
    from ppm_web import create_app

    try:
        app = create_app()
    except SettingError as error:
        fail(str(error), status=2)
    try:
        with app.app_context():
            _check_schema()
            with (
                Processes(os.environ, ROOT) as processes,
                suppress(StopRequestedError),
                _broker(processes),
            ):
                _serve(app, processes, workers)
    except SQLAlchemyError as error:
        fail(f"The database cannot be used: {error}")
    except (queue.QueueUnavailableError, RedisError) as error:
        fail(f"The queue cannot be reached: {error}")
    except (NotReadyError, ProcessEndedError) as error:
        fail(str(error))


def _serve(app: Flask, processes: Processes, workers: int) -> None:
    host, port = app.config["HOST"], app.config["PORT"]
    processes.start(
        web_program(_bind(host, port), processes=2, threads=4),
        *(worker_program(n + 1) for n in range(workers)),
        scheduler_program(),
    )
    asked = EVERYWHERE.get(host, host)
    processes.wait_until(lambda: web_answers(asked, port), WEB_SECONDS, "the web")
    click.echo(f"PPM runs at http://{_bind(host, port)}/. Ctrl-C ends it.")
    processes.wait()


def _bind(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _check_schema() -> None:
    """Refuse to run on a database of another version: upgrading it is for a person to decide."""
    configuration = current_app.extensions["migrate"].migrate.get_config()
    wanted = set(ScriptDirectory.from_config(configuration).get_heads())
    with db.engine.connect() as connection:
        present = set(MigrationContext.configure(connection).get_current_heads())
    db.engine.dispose()
    if present != wanted:
        state = "is not of this version of PPM" if present else "is empty"
        fail(f"The database {state}. Back it up, then: flask db upgrade")


@contextmanager
def _broker(processes: Processes) -> Iterator[None]:
    """The broker. The embedded one is ended after the processes, if it was us who started it."""
    folder = queue.broker_folder()
    embedded = not current_app.config["REDIS_URL"]
    ours = embedded and not broker.is_running(broker.broker_url(folder))
    try:
        queue.connection().ping()
        yield
    finally:
        processes.stop()
        if ours:
            broker.stop(folder)
