"""The shop's clock."""

from __future__ import annotations

import time


def now() -> str:
    """The shop's local time, to the second, as the Webservice writes it: "2026-11-23 16:36:50"."""
    return time.strftime("%Y-%m-%d %H:%M:%S")
