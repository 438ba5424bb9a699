"""Several workers, forked after the app was loaded once: python -m tests.scenario.workers N.

They run their jobs in their own process, which is quicker; one worker is the real, forking one.
"""

from __future__ import annotations

import os
import signal
import sys

from rq import SimpleWorker

from jobs.worker import PpmWorker, make_worker
from ppm_web import create_app
from ppm_web.extensions import db


class InProcessWorker(PpmWorker, SimpleWorker):
    """PPM's worker without a child for each job."""


def main() -> None:
    """Fork the workers, and stay until killed."""
    app = create_app()
    for _ in range(int(sys.argv[1])):
        if os.fork():
            continue
        with app.app_context():
            db.engine.dispose(close=False)
            make_worker(app, worker_class=InProcessWorker).work(with_scheduler=True, logging_level="WARNING")
        os._exit(0)
    signal.pause()


if __name__ == "__main__":
    main()
