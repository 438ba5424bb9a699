"""Several workers, forked after the app was loaded once: python -m tests.scenario.workers N."""

from __future__ import annotations

import os
import signal
import sys

from jobs.worker import make_worker
from ppm_web import create_app
from ppm_web.extensions import db


def main() -> None:
    app = create_app()
    children = []
    for _ in range(int(sys.argv[1])):
        if pid := os.fork():
            children.append(pid)
            continue
        with app.app_context():
            db.engine.dispose(close=False)
            make_worker(app).work(with_scheduler=True, logging_level="WARNING")
        os._exit(0)
    signal.pause()


if __name__ == "__main__":
    main()
