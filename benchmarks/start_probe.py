"""Starts a batch in a process of its own, as a command does: ``python -m benchmarks.start_probe SHOP_ID``.

Prints a JSON document: batch, total, waiting, unchanged, seconds, and its memory in MB before and at most.
"""

from __future__ import annotations

import json
import sys
import time

from benchmarks import memory
from ppm_web import create_app
from ppm_web.services.batches.control import bulk_sync
from ppm_web.services.catalog.selections import Selection


def main() -> None:
    """Start the batch; the clock runs from the request until it is handed out."""
    with create_app().app_context():
        before, began = memory.peak_of_this_process(), time.perf_counter()
        batch = bulk_sync(int(sys.argv[1]), Selection(kind="all"), by="benchmark", confirmed=True)
        seconds = time.perf_counter() - began
        if batch is None:
            sys.exit("there was nothing to put into the batch")
        told = {name: getattr(batch, name) for name in ("total", "waiting", "unchanged")}
    told |= {"batch": batch.id, "seconds": seconds, "before": before}
    print(json.dumps(told | {"peak": memory.peak_of_this_process()}))


if __name__ == "__main__":
    main()
