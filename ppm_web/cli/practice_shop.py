"""flask practice-shop: a stand-in for a PrestaShop, to try against."""

from __future__ import annotations

import signal
import sqlite3
import threading
from pathlib import Path
from types import FrameType

import click

from ppm_web.practice_shop import DEFAULT_KEY, FaultError, PracticeShop, serve


@click.command("practice-shop")
@click.option("--port", type=click.IntRange(0, 65535), default=8085, show_default=True, help="0: a free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--version", default="8.2", show_default=True, help="8.2, 9.1, or 1.7 (without PATCH).")
@click.option("--key", default=DEFAULT_KEY, show_default=True, help="32 letters and digits, with all rights.")
@click.option("--small-key", help="A key that may only GET products.")
@click.option("--stores", is_flag=True, help="Four stores in one PrestaShop, 3 and 4 with common stock.")
@click.option("--store-key", help="With --stores: a key with all rights in store 2 alone.")
@click.option("--request-ms", type=click.FloatRange(0), default=0, help="What a request costs, in ms.")
@click.option("--entity-ms", type=click.FloatRange(0), default=0, help="What an entity written costs, in ms.")
@click.option("--fault", "faults", multiple=True, metavar="NAME=RATE", help="Rate 0 to 1, or 3x: the next 3.")
@click.option("--data", type=click.Path(dir_okay=False, path_type=Path), help="Keeps the shop in this file.")
@click.option("--currency", default="PLN", show_default=True, help="Of a new shop, its default: EUR …")
@click.option("--seed", type=int, help="Makes the draws of faults repeat.")
@click.option("--log", is_flag=True, help="Print each request on standard error.")
def practice_shop(  # noqa: PLR0913, PLR0917 - one argument for each option
    port: int,
    host: str,
    version: str,
    key: str,
    small_key: str | None,
    stores: bool,
    store_key: str | None,
    request_ms: float,
    entity_ms: float,
    faults: tuple[str, ...],
    data: Path | None,
    currency: str,
    seed: int | None,
    log: bool,
) -> None:
    """Serve a practice shop until Ctrl-C or SIGTERM.

    It answers like the Webservice of a real PrestaShop, at /api/; / shows what is in it. Exit status 2 for
    wrong use, 1 if the port is taken or the data file cannot be used.
    """
    try:
        shop = PracticeShop(
            version,
            key,
            small_key,
            data,
            request_ms,
            entity_ms,
            dict(_read_fault(text) for text in faults),
            seed,
            currency,
            stores=stores,
            store_key=store_key,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"{data} cannot be used: {error}") from error
    stop = _stop_signal()
    try:
        with serve(shop, host, port, log_requests=log) as served:
            click.echo(f"Practice shop {shop.version} listens at {served.url}/")
            stop.wait()
    except OSError as error:
        raise click.ClickException(f"cannot listen at {host}:{port}: {error.strerror or error}") from error
    finally:
        shop.close()


def _read_fault(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise FaultError(f"{text!r}: give a fault as NAME=RATE")
    return name, value


def _stop_signal() -> threading.Event:
    """An event that is set by Ctrl-C and SIGTERM, so that both end the shop in the same way."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    return stop
