"""flask queue: what waits, what failed, and retrying it. ``queue work`` lives in jobs/worker.py."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from ppm_web import queue
from ppm_web.cli.output import fail, json_option, print_json, print_table
from ppm_web.models import FailedJob
from ppm_web.services.failures import retries
from ppm_web.services.ledger import failures
from ppm_web.services.reports import statistics

queue_commands = AppGroup("queue", help="The queue and what failed in it.")


@queue_commands.command("stats")
@json_option
def stats(as_json: bool) -> None:
    """Queues with their sizes, workers, and how many rows are in which state."""
    queues, workers, states = _queues(), queue.worker_count(), statistics.states_by_shop()
    if as_json:
        print_json({"workers": workers, "queues": [_queue_json(found) for found in queues], "states": states})
        return
    click.echo(f"Workers: {workers}")
    print_table(
        ("Queue", "Waiting", "Oldest wait", "Running", "Delayed"),
        [(q.name, q.waiting, f"{q.oldest_wait_seconds} s", q.running, q.delayed) for q in queues],
        empty="",
    )
    for shop_name, counts in states.items():
        told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        click.echo(f"{shop_name}: {told or 'nothing yet'}")


@queue_commands.command("monitor")
@click.option("--max", "limit", type=click.IntRange(min=0), default=1000, show_default=True)
@json_option
def monitor(limit: int, as_json: bool) -> None:
    """Say which queues hold more tickets than the limit; status 1 when one does."""
    queues = _queues()
    over = [found for found in queues if found.waiting > limit]
    if as_json:
        print_json(
            {"max": limit, "over": [found.name for found in over], "queues": [*map(_queue_json, queues)]}
        )
    else:
        for found in queues:
            mark = f"over the limit of {limit}" if found in over else "OK"
            click.echo(f"{found.name}: {found.waiting} waiting, {mark}")
    sys.exit(1 if over else 0)


@queue_commands.command("failed")
@json_option
def failed(as_json: bool) -> None:
    """List what failed for good, newest first."""
    found = failures.list_failures()
    if as_json:
        print_json([_failure_json(failure) for failure in found])
        return
    print_table(
        ("Id", "What", "Shop", "Failed at (UTC)", "Message"),
        [(f.id, _thing(f), f.shop.name, f"{f.failed_at:%Y-%m-%d %H:%M}", f.message) for f in found],
        empty="Nothing failed.",
    )


@queue_commands.command("retry")
@click.argument("which", metavar="ID|all")
@json_option
def retry(which: str, as_json: bool) -> None:
    """Try a failure again, or all of them; those of inactive shops are skipped."""
    if which != "all" and not which.isdigit():
        fail(f"{which!r} is neither an id nor all", status=2)
    result = (
        retries.retry_all("command line") if which == "all" else retries.retry(int(which), "command line")
    )
    if as_json:
        print_json({"retried": result.retried, "skipped": result.skipped})
    else:
        click.echo(f"{result.retried} retried, {result.skipped} skipped")
    for reason in result.reasons:
        click.echo(reason, err=True)
    sys.exit(0 if not result.skipped else 1)


@queue_commands.command("flush")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def flush(yes: bool, as_json: bool) -> None:
    """Forget all failures. The products stay in error until they are synced again."""
    count = failures.count_failures()
    if count and not yes and sys.stdin.isatty():
        click.confirm(f"Forget {count} failures?", abort=True)
    flushed = failures.flush_failures()
    if as_json:
        print_json({"flushed": flushed})
    else:
        click.echo(f"{flushed} failures forgotten")


def _queues() -> list[queue.QueueStats]:
    try:
        return queue.stats()
    except queue.QueueUnavailableError as error:
        fail(str(error))


def _queue_json(found: queue.QueueStats) -> dict[str, object]:
    return {
        "name": found.name,
        "waiting": found.waiting,
        "running": found.running,
        "delayed": found.delayed,
        "failed": found.failed,
        "oldest_wait_seconds": found.oldest_wait_seconds,
    }


def _failure_json(failure: FailedJob) -> dict[str, object]:
    return {
        "id": failure.id,
        "job": failure.job,
        "sku": failure.product.sku if failure.product else None,
        "category": failure.category.name if failure.category else None,
        "shop": failure.shop.name,
        "message": failure.message,
        "cause": failure.code,
        "attempts": failure.attempts,
        "failed_at": failure.failed_at.isoformat(),
    }


def _thing(failure: FailedJob) -> str:
    if failure.product:
        return failure.product.sku
    return failure.category.name if failure.category else failure.job
