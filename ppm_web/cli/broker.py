"""flask broker: the embedded broker."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ppm_web import broker, queue

broker_commands = AppGroup("broker", help="The embedded broker, where PPM_REDIS_URL is not set.")


@broker_commands.command("stop")
def stop() -> None:
    """End the embedded broker; what waits in it stays on disk."""
    stopped = broker.stop(queue.broker_folder())
    click.echo("The embedded broker has ended" if stopped else "No embedded broker was running")
