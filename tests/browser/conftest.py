"""A real Chromium (Debian's, driven by Playwright) against a real server, queue, worker and shop.

Run by ``make test-browser``; ``CHROMIUM`` names the browser, default /usr/bin/chromium.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect, sync_playwright
from werkzeug.serving import ThreadedWSGIServer

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Role
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services.shops.register import add_shop
from tests.views.rows import PASSWORD, make_user

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Watched:
    """What a page did that it must not do: console errors, and requests to anywhere else."""

    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)


PATIENCE = 60_000
"""Milliseconds that a page is given: a busy machine is no fault."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium, or set CHROMIUM")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def base(app: Flask) -> Iterator[str]:
    """The address of a server that serves ``app`` from threads of its own."""
    server = ThreadedWSGIServer("127.0.0.1", 0, app)
    server.daemon_threads = False  # none of them works on when the next test has the app
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def context(chromium: Browser, base: str, watched: Watched) -> Iterator[BrowserContext]:
    """A browser window of its own; what it asks of any other host is noted and refused."""
    context = chromium.new_context(base_url=base, viewport=WIDE)  # type: ignore[arg-type]

    def keep_inside(route: Route) -> None:
        if route.request.url.startswith(base):
            route.continue_()
        else:
            watched.elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", keep_inside)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, watched: Watched) -> Iterator[Page]:
    """A page that must make no console error and ask nothing of any other host."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on(
        "console",
        lambda message: watched.complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on(
        "request",
        lambda request: watched.loads.append(request.url) if request.is_navigation_request() else None,
    )
    page.on(
        "request", lambda request: watched.polls.append(request.url) if "polled=1" in request.url else None
    )
    yield page
    assert watched.complaints == []
    assert watched.elsewhere == []


@pytest.fixture
def manager(page: Page) -> Page:
    """A manager who is signed in, on the product list."""
    sign_in(page, make_user(Role.MANAGER).email)
    return page


@pytest.fixture
def shop(app: Flask) -> Iterator[PrestaShopShop]:
    """Shop A: a practice shop that answers."""
    with serve(PracticeShop("8.2", DEFAULT_KEY), "127.0.0.1", 0) as served:
        yield add_shop("Shop A", served.url, DEFAULT_KEY)


@pytest.fixture
def work(app: Flask) -> Callable[[], None]:
    """Lets a worker, in a process of its own, do what waits in the queues, and end."""
    config = app.config

    def burst() -> None:
        db.session.commit()
        environment = os.environ | {
            "PPM_SECRET_KEY": config["SECRET_KEY"],
            "PPM_DATABASE_URL": config["DATABASE_URL"],
            "PPM_REDIS_URL": config["REDIS_URL"],
            "PPM_ALLOW_PRIVATE_SHOPS": "1",
            "PPM_PACE_START": "100000",
            "PPM_PACE_MAX": "100000",
        }
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "queue", "work", "--burst"]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)

    return burst


def sign_in(page: Page, email: str) -> None:
    page.goto("/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: not address.endswith("/login"))
    page.goto("/products")
