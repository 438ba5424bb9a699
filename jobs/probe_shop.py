"""The job that asks a shop which the breaker has paused whether it is well again."""

from __future__ import annotations

from ppm_web.services.upkeep.probes import probe


def probe_shop(shop_id: int) -> None:
    """Ask the shop once; it goes on, or stays paused with the newest reason."""
    probe(shop_id)
