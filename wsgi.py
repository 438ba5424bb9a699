"""The WSGI app, and the app that the flask command finds."""

from __future__ import annotations

import sys

from jobs.worker import work_commands
from ppm_web import create_app
from ppm_web.config import SettingError

try:
    app = create_app()
except SettingError as error:
    print(f"ppm: {error}", file=sys.stderr)  # noqa: T201  (there is no app yet to say it)
    sys.exit(2)
work_commands(app)
