"""Values and helpers that the tests share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from rq import SimpleWorker

from ppm_web.practice_shop import PracticeShop

Statements = Callable[[], AbstractContextManager[list[str]]]
SECRET_KEY = "a secret key for tests only"


class WatchedShop(PracticeShop):
    """A practice shop that does something, once, in the middle of the next POST of a product."""

    on_create: Callable[[], None] | None = None

    def handle(self, request: Any) -> Any:
        """Answer one request; what is to be done in the middle is done before the product is saved."""
        if request.method == "POST" and request.resource == "products" and self.on_create:
            act, self.on_create = self.on_create, None
            act()
        return super().handle(request)


class BurstWorker(SimpleWorker):
    """Works in this process, and takes no orders from outside: RQ's thread for them ends up to 0.2 s late."""

    def subscribe(self) -> None:
        """Listen to nobody."""
