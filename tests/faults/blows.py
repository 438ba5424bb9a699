"""Blows that fall at random moments, from a thread of their own."""

from __future__ import annotations

import threading
from collections import Counter

from tests.faults.cluster import Cluster
from tests.faults.stage import Stage

KILL, BROKER, DATABASE = "kill", "broker killed and emptied", "database restarted"
SHARES = {KILL: 8, BROKER: 1, DATABASE: 1}


class Blows:
    """Kills workers, and now and then the broker and the database, until ``end``; ``counts`` counts them.

    The crew counts its kills itself. Workers that died are replaced all the time.
    """

    def __init__(self, stage: Stage, cluster: Cluster | None, counts: Counter[str]) -> None:
        self._stage = stage
        self._cluster = cluster
        self._counts = counts
        self._ending = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._deal, name="blows")
        self._thread.start()

    def end(self) -> None:
        """Let no more fall. Raises what went wrong in dealing them."""
        self._ending.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _deal(self) -> None:
        dice = self._stage.dice
        names = [name for name in SHARES if name != DATABASE or self._cluster]
        try:
            while not self._ending.wait(dice.uniform(0.3, 2.5)):
                self._stage.crew.keep()
                self._blow(dice.choices(names, [SHARES[name] for name in names])[0])
        except Exception as error:  # noqa: BLE001 - kept for end(), which raises it
            self._failure = error

    def _blow(self, name: str) -> None:
        if name == BROKER:
            self._stage.house.lose_broker(self._stage.dice.uniform(0, 3))
        elif name == DATABASE and self._cluster is not None:
            self._cluster.restart()
        else:
            self._stage.crew.kill_one()
            return
        self._counts[name] += 1
