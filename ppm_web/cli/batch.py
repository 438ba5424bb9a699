"""flask batch: what became of many products, and pause, resume, cancel, retry."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
from flask.cli import AppGroup
from sqlalchemy import select

from ppm_web.cli.output import fail, json_option, print_json, print_table, products
from ppm_web.extensions import db, reading
from ppm_web.models import JobBatch
from ppm_web.services.batches import control as batch_control
from ppm_web.services.batches import reports as batch_reports
from ppm_web.services.batches.control import BatchError
from ppm_web.services.ledger import hooks as batch_hooks

batch_commands = AppGroup("batch", help="Batches: many products to one shop.")


@batch_commands.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
def list_batches(limit: int, as_json: bool) -> None:
    """List the newest batches."""
    found = batch_reports.latest(limit)
    if as_json:
        print_json([batch_reports.as_json(batch) for batch in found])
        return
    print_table(
        ["Batch", "Name", "Shop", "State", "Run", "Done", "Failed", "Begun (UTC)"],
        [
            (
                *(batch.id, batch.name, batch.shop.name, batch.state, batch.run),
                *(f"{batch.processed:,} of {batch.total:,}", f"{batch.failed + batch.conflict:,}"),
                f"{batch.created_at:%Y-%m-%d %H:%M}",
            )
            for batch in found
        ],
        "There is no batch yet: flask sync products --shop NAME --all",
    )


@batch_commands.command("show")
@click.argument("batch_id", metavar="ID")
@click.option("--watch", is_flag=True, help="Follow it to its end.")
@json_option
def show(batch_id: str, watch: bool, as_json: bool) -> None:
    """Show the batch ID (or the beginning of an id)."""
    batch = _find(batch_id)
    if watch:
        from ppm_web.cli.batch_progress import show_progress  # its library is of no use to workers

        batch = show_progress(batch.id, quiet=as_json)
    if as_json:
        print_json(batch_reports.as_json(batch))
        return
    click.echo(f"{batch.name} ({batch.selection}), run {batch.run}: {batch.state}, {batch.progress} %")
    click.echo(batch_hooks.in_words(batch))
    if batch.error:
        click.echo(f"First failure: {batch.error}")


@batch_commands.command("pause")
@click.argument("batch_id", metavar="ID")
def pause(batch_id: str) -> None:
    """Let the batch wait after the groups that run now."""
    batch = _find(batch_id)
    _change(lambda: batch_control.pause(batch.id))
    click.echo(f"Paused, with {products(batch.waiting)} left. To go on: flask batch resume {batch.id}")


@batch_commands.command("resume")
@click.argument("batch_id", metavar="ID")
def resume(batch_id: str) -> None:
    """Let a paused batch go on."""
    batch = _find(batch_id)
    _change(lambda: batch_control.resume(batch.id))
    click.echo(f"Goes on, with {products(batch.waiting)} left")


@batch_commands.command("cancel")
@click.argument("batch_id", metavar="ID")
def cancel(batch_id: str) -> None:
    """End the batch; what still waits is not sent, what is sent stays in the shop."""
    batch = _find(batch_id)
    count = _change(lambda: batch_control.cancel(batch.id))
    click.echo(f"Cancelled, with {products(count)} not sent")


@batch_commands.command("retry-failed")
@click.argument("batch_id", metavar="ID")
def retry_failed(batch_id: str) -> None:
    """Sync what failed, and what was in conflict, again: a new run of the same batch."""
    batch = _find(batch_id)
    count = _change(lambda: batch_control.retry_failed(batch.id, by="command line"))
    click.echo(f"Tried again: {products(count)}. To follow: flask batch show {batch.id} --watch")


def _find(text: str) -> JobBatch:
    """The batch of that id, or the only one whose id begins so."""
    with reading():
        ids = db.session.scalars(
            select(JobBatch.id).where(JobBatch.id.startswith(text, autoescape=True)).limit(2)
        ).all()
    if not ids:
        fail(f"There is no batch {text!r}: flask batch list")
    if text not in ids and len(ids) > 1:
        fail(f"Several batches begin with {text!r}: write more of the id", status=2)
    return batch_control.get(text if text in ids else ids[0])


def _change(change: Callable[[], int | None]) -> int:
    try:
        return change() or 0
    except BatchError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
