from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ppm_web.practice_shop import PracticeShop, serve
from tests.practice_shop.api import Api

SMALL_KEY = "PRACTICESHOPKEY00000000000000002"
Served = Callable[..., Api]


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve a shop made with these arguments, until the test ends."""
    with ExitStack() as stack:

        def start(*arguments: object, **options: object) -> Api:
            shop = PracticeShop(*arguments, **options)  # type: ignore[arg-type]
            stack.callback(shop.close)
            api = Api(shop, stack.enter_context(serve(shop)).url)
            stack.callback(api.session.close)
            return api

        yield start


@pytest.fixture
def api(served: Served) -> Api:
    """A shop of version 8.2, with a small key."""
    return served("8.2", small_key=SMALL_KEY)


@pytest.fixture(params=["8.2", "9.1"])
def any_api(request: pytest.FixtureRequest, served: Served) -> Api:
    """A shop of each version."""
    return served(request.param, small_key=SMALL_KEY)
