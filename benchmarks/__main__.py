"""``python -m benchmarks [NAME …]``: see ``benchmarks.run``."""

from __future__ import annotations

import os
import sys

os.environ["RQ_KEY_PREFIX"] = f"ppm-bench-{os.getpid()}"  # before RQ is imported: the broker may be shared
for setting in [name for name in os.environ if name.startswith("PPM_") and "_BENCH_" not in name]:
    del os.environ[setting]

from benchmarks.run import main

sys.exit(main(sys.argv[1:]))
