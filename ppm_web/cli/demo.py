"""The demo: from nothing to a signed-in panel with two practice shops (``make demo``).

It keeps to a folder of its own and to this machine (127.0.0.1), and takes no PPM setting from the
environment: it must never meet the database of a PPM that is in use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from flask_migrate import upgrade
from sqlalchemy.exc import SQLAlchemyError

from ppm_web import broker, queue
from ppm_web.cli.demo_folder import DemoFolder, DemoRunsError
from ppm_web.cli.output import fail
from ppm_web.cli.processes import (
    NoFreePortError,
    NotReadyError,
    ProcessEndedError,
    Processes,
    Program,
    StopRequestedError,
    free_port,
    listener,
)
from ppm_web.cli.programs import (
    ROOT,
    WEB_SECONDS,
    scheduler_program,
    web_answers,
    web_program,
    worker_program,
)
from ppm_web.extensions import db
from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.services.accounts.users import UserError
from ppm_web.services.catalog.errors import ImportFileError
from ppm_web.services.demo import DemoShop, fill_demo
from ppm_web.services.shops.entries import ShopError

HOST = "127.0.0.1"
WEB_PORT, SHOP_PORT = 8000, 8085
VERSIONS = ("8.2", "9.1")
SHOP_SECONDS = 20
PORT_TRIES = 3
WORKERS = 2
EMAIL = "demo@example.com"
CATALOGUE = ROOT / "sample" / "catalogue.csv"
FOREIGN = ("PPM_", "FLASK_", "GUNICORN_")
"""Settings of these names, in the environment, are none of the demo's."""


@click.command("demo")
@click.option("--fresh", is_flag=True, help="Forget what earlier demos left, and begin anew.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "instance" / "demo",
    show_default="instance/demo",
    help="Where everything is kept.",
)
def demo(fresh: bool, folder: Path) -> None:
    """Run PPM with a sample catalogue and two practice shops, until Ctrl-C.

    Exit status 0 when it was told to end, 1 when it cannot start or one of its processes ended.
    """
    kept = DemoFolder(folder)
    try:
        with kept.locked() as lock:
            if fresh:
                kept.clear()
            _run(kept, lock)
    except (DemoRunsError, NoFreePortError, NotReadyError, ProcessEndedError) as error:
        fail(str(error))
    except (broker.BrokerError, queue.QueueUnavailableError, OSError) as error:
        fail(f"The demo cannot start: {error}")
    except (SQLAlchemyError, ImportFileError, ShopError, UserError) as error:
        fail(f"The demo cannot be filled: {error}\nTo begin anew: make demo FRESH=1")


def _run(folder: DemoFolder, lock: int) -> None:
    """Start everything, wait for a stop signal, and end everything."""
    _take_environment(folder)
    logs = folder.path / "logs"
    logs.mkdir(exist_ok=True)
    with (
        listener(WEB_PORT, HOST) as web_socket,
        Processes(os.environ, ROOT, keep_open=[lock, web_socket.fileno()]) as processes,
        suppress(StopRequestedError),
        _broker_until_the_end(folder.path, processes),
    ):
        _say("Starting the demo: two practice shops, the queue, two workers, the scheduler, the web ...")
        port = web_socket.getsockname()[1]
        url = f"http://{HOST}:{port}/"
        folder.note(url, processes.pids)
        shops = _start_shops(folder, logs, processes)
        folder.note(url, processes.pids)
        password = folder.kept_secret("password", 9)
        _fill(shops, password)
        processes.check()
        web = web_program(f"fd://{web_socket.fileno()}", processes=1, threads=4, log=logs / "web.log")
        workers = [worker_program(n, logs / f"worker-{n}.log") for n in range(1, WORKERS + 1)]
        processes.start(web, *workers, scheduler_program(logs / "scheduler.log"))
        folder.note(url, processes.pids)
        processes.wait_until(lambda: web_answers(HOST, port), WEB_SECONDS, "the web")
        _say(_told(url, password, shops, logs))
        processes.wait()
    _say("The demo has ended. Its data stays; make demo goes on with it, make demo FRESH=1 begins anew.")


def _take_environment(folder: DemoFolder) -> None:
    """Make our own environment the demo's; the processes get it from us."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ |= {
        "PPM_SECRET_KEY": folder.kept_secret("secret_key", 32),
        "PPM_DATABASE_URL": f"sqlite:///{folder.path / 'ppm.sqlite3'}",
        "PPM_BROKER_FOLDER": str(folder.path),
        "PPM_ALLOW_PRIVATE_SHOPS": "1",
        "PPM_IMAGE_SOURCE_FOLDER": str(CATALOGUE.parent),
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _broker_until_the_end(folder: Path, processes: Processes) -> Iterator[None]:
    """The embedded broker: it would go on by itself, but the demo leaves nothing behind.

    The processes end before it: a worker that finds none would start another one.
    """
    broker.ensure_running(folder)
    try:
        yield
    finally:
        processes.stop()
        broker.stop(folder)


def _start_shops(folder: DemoFolder, logs: Path, processes: Processes) -> list[DemoShop]:
    """Start the practice shops, at free ports; again when another program was quicker to take one."""
    for _ in range(PORT_TRIES - 1):
        with suppress(ProcessEndedError):
            return _try_shops(folder, logs, processes)
        processes.stop()
    return _try_shops(folder, logs, processes)


def _try_shops(folder: DemoFolder, logs: Path, processes: Processes) -> list[DemoShop]:
    shops: list[DemoShop] = []
    programs: list[Program] = []
    port = SHOP_PORT
    for version in VERSIONS:
        port = free_port(port, HOST)
        command = [
            *(sys.executable, "-m", "ppm_web.cli", "practice-shop", "--version", version),
            *("--host", HOST, "--port", str(port), "--key", DEFAULT_KEY),
            *("--data", str(folder.path / f"practice-shop-{version}.sqlite3")),
        ]
        name = f"Practice shop {version}"
        programs.append(Program(name, command, logs / f"practice-shop-{version}.log"))
        shops.append(DemoShop(name, f"http://{HOST}:{port}", DEFAULT_KEY))
        port += 1
    processes.start(*programs)
    for program, shop in zip(programs, shops, strict=True):
        processes.wait_until(lambda p=program, s=shop: _listens(p, s), SHOP_SECONDS, shop.name)  # type: ignore[misc]
    return shops


def _listens(program: Program, shop: DemoShop) -> bool:
    """Whether the shop says so. Its port alone tells nothing: another demo may have been quicker."""
    return program.log is not None and f"listens at {shop.url}/" in program.log.read_text()


def _fill(shops: Sequence[DemoShop], password: str) -> None:
    """Migrate the demo's database, and put in what is not there yet."""
    from ppm_web import create_app

    app = create_app()
    with app.app_context():
        try:
            upgrade()
            fill_demo(CATALOGUE, shops, EMAIL, password)
        finally:
            db.session.remove()
            db.engine.dispose()


def _told(url: str, password: str, shops: Sequence[DemoShop], logs: Path) -> str:
    lines = [("PPM", url), ("sign in as", EMAIL), ("password", password)]
    lines += [(shop.name, f"{shop.url}/") for shop in shops]
    lines += [("logs", str(logs))]
    rows = "\n".join(f"  {name:<19}{value}" for name, value in lines)
    return f"\n{rows}\n\n  Ctrl-C ends all of it.\n"


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal may have been closed: then all is to end all the same
        click.echo(text)
