"""The commands that need no app, and so no settings: ``python -m ppm_web.cli COMMAND``.

The flask command makes the app of wsgi.py first, which wants PPM_SECRET_KEY.
"""

from __future__ import annotations

import click

from ppm_web.cli.demo import demo
from ppm_web.cli.practice_shop import practice_shop
from ppm_web.cli.run import run


@click.group(commands=[demo, practice_shop, run])
def main() -> None:
    """PPM's commands that make their own settings, or need none."""


if __name__ == "__main__":
    main(prog_name="python -m ppm_web.cli")
