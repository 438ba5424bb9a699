"""Runs the contract's checks against both versions of the practice shop.

    python tests/practice_shop/run_contract.py PATH_TO_CONTRACT [--stores] [--passed-over N]

With --stores the shop has several, as the contract of several stores needs it, and the small key is that
of store 2. --passed-over is how many checks need what the practice shop has not. Prints the last line of each
run, and all that was not met. Exit status: 0 all met, 1 some not, 2 wrong use.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEY = "CONTRACTKEY000000000000000000001"
SMALL_KEY = "CONTRACTKEY000000000000000000002"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("contract", type=Path)
    parser.add_argument("--stores", action="store_true")
    parser.add_argument("--passed-over", type=int, default=0)
    given = parser.parse_args(arguments)
    if not given.contract.is_file():
        parser.error(f"there is no {given.contract}")
    statuses = [
        run_contract(given.contract, version, given.passed_over, stores=given.stores)
        for version in ("8.2.0", "9.1.4")
    ]
    return 0 if statuses == [0, 0] else 1


def run_contract(contract: Path, version: str, passed_over: int, *, stores: bool) -> int:
    """Run all checks against a fresh shop of this version; the status of the run."""
    sys.path.insert(0, str(ROOT))  # so that it runs from anywhere, without an installed PPM
    from ppm_web.practice_shop import PracticeShop, serve

    shop = (
        PracticeShop(version, key=KEY, stores=True, store_key=SMALL_KEY)
        if stores
        else PracticeShop(version, key=KEY, small_key=SMALL_KEY)
    )
    with serve(shop) as served:
        command = [sys.executable, str(contract), served.url, KEY, "--small-key", SMALL_KEY]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    print(f"{version}: {lines[-1] if lines else 'no output'}")
    # A check more that was passed over is as bad as one that was not met: the shop has what the others need.
    return done.returncode or int(f" {passed_over} passed over" not in (lines or [""])[-1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
