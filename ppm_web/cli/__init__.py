"""The flask commands, one file for each group."""

from __future__ import annotations

from flask import Flask

from ppm_web.cli.batch import batch_commands
from ppm_web.cli.broker import broker_commands
from ppm_web.cli.catalog import catalog_commands
from ppm_web.cli.demo import demo
from ppm_web.cli.practice_shop import practice_shop
from ppm_web.cli.queue import queue_commands
from ppm_web.cli.schedule import schedule_commands
from ppm_web.cli.shop import shop_commands
from ppm_web.cli.sync import sync_commands
from ppm_web.cli.sync_preview import preview
from ppm_web.cli.sync_products import products
from ppm_web.cli.sync_settle import settle
from ppm_web.cli.user import user_commands


def init_app(app: Flask) -> None:
    """Add every command to ``app``."""
    sync_commands.add_command(products)
    sync_commands.add_command(preview)
    sync_commands.add_command(settle)
    for command in (
        batch_commands,
        broker_commands,
        catalog_commands,
        demo,
        practice_shop,
        queue_commands,
        schedule_commands,
        shop_commands,
        sync_commands,
        user_commands,
    ):
        app.cli.add_command(command)
