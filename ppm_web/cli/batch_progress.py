"""A batch's live progress bar: done and total, rate, time left, outcomes."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from ppm_web import queue
from ppm_web.cli.output import fail
from ppm_web.models import JobBatch
from ppm_web.services.batches import reports as batch_reports
from ppm_web.services.batches import tickets as batch_tickets


def show_progress(batch_id: str, *, quiet: bool) -> JobBatch:
    """Follow a batch to its end, on standard error; the bar is drawn on terminals only.

    What holds it up is told once. Ctrl-C ends the watching, never the batch.
    """
    console = Console(stderr=True)
    told = ""
    with _progress(console, quiet=quiet) as progress:
        task = None
        try:
            for batch, why in batch_reports.follow(batch_id):
                if task is None:
                    task = progress.add_task(batch.name, total=batch.total, rate="", outcomes="")
                speed = progress.tasks[0].speed
                rate = f"{speed:,.0f}/s" if speed else ""
                progress.update(task, completed=batch.processed, rate=rate, outcomes=_outcomes(batch))
                if why and why != told:
                    progress.console.print(why, markup=False, highlight=False, soft_wrap=True)
                told = why
                if queue.runs_at_once():  # there is no worker to hand the next try to
                    batch_tickets.serve(batch_id)
        except queue.QueueUnavailableError as error:
            fail(f"{error}. The batch is kept, and goes on when the queue is back.")
        except KeyboardInterrupt:
            click.echo(f"Not watching any longer; it goes on: flask batch show {batch_id} --watch", err=True)
            raise SystemExit(1) from None
    return batch


def _progress(console: Console, *, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[outcomes]}"),
        console=console,
        disable=quiet or not console.is_terminal,
    )


def _outcomes(batch: JobBatch) -> str:
    return ", ".join(
        f"{number:,} {name}" for name, number in batch.outcomes.items() if number and name != "waiting"
    )
