"""The demo: from nothing to a signed-in panel with two practice shops (``make demo``).

It keeps to a folder of its own and to this machine (127.0.0.1), and takes no PPM setting from the
environment: it must never meet the database of a PPM that is in use.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
from flask_migrate import upgrade
from rich.console import Console
from rich.table import Table

from ppm_web import broker, queue
from ppm_web.cli.demo_folder import DemoFolder, DemoRunsError
from ppm_web.cli.processes import (
    NoFreePortError,
    NotReadyError,
    ProcessEndedError,
    Processes,
    Program,
    StopRequestedError,
    accepts_connections,
    free_port,
)
from ppm_web.cli.programs import HOST, ROOT, web_program, worker_program
from ppm_web.extensions import db
from ppm_web.practice_shop import DEFAULT_KEY
from ppm_web.services.catalog import ImportFileError
from ppm_web.services.demo import DemoShop, fill_demo
from ppm_web.services.shops import ShopError
