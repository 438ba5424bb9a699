"""Pictures of the main pages, taken from a fresh demo (``make screenshots``): for the README, and to look at.

``python -m tests.browser.screenshots FOLDER [NAME …]`` takes each page of PAGES (or those named) at both
widths, light and dark, in both languages, as ``NAME-WIDTH-SCHEME-LANGUAGE.png``. Where FOLDER is
docs/screenshots, only the README's (KEPT) are taken, in 256 colours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT: Final = Path(__file__).parents[2]
CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
START_SECONDS: Final = 60
SYNC_SECONDS: Final = 60

PAGES: Final = {
    "overview": "/",
    "products": "/products",
    "missing": "/products?shop=2&state=missing",
    "product": "/products?q=LAMP-PAPER",
    "edit": "/products?q=MUG-AURORA",
    "categories": "/categories",
    "shops": "/shops",
    "shop": "/shops/2",
    "new-shop": "/shops/new",
    "batches": "/batches",
    "batch": "/batches",
    "failures": "/failures",
    "queue": "/queue",
    "log": "/log",
    "people": "/people",
    "audit": "/people/audit",
    "account": "/account",
}
STEPS: Final = {
    "product": ["#results tbody th.sku a"],
    "edit": ["#results tbody th.sku a", "a[href$='/edit']"],
    "batch": ["main table a"],
}
"""What is clicked on the page before its picture is taken."""

SIZES: Final = {390: 844, 1280: 860}
KEPT: Final = {
    *("overview-1280-light-en", "overview-1280-dark-pl", "overview-390-light-en", "products-1280-light-en"),
    *("missing-390-light-en", "product-1280-light-en", "batch-1280-light-en", "failures-1280-light-en"),
    *("shop-1280-light-en", "categories-1280-light-en", "queue-1280-dark-en"),
}


def main(folder: Path, names: list[str]) -> None:
    """Start a demo, wait until its first publication ended, take the pictures, end it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as kept:
        output = Path(kept) / "output"
        command = [sys.executable, "-m", "ppm_web.cli", "demo", "--folder", f"{kept}/demo"]
        with output.open("wb") as file, subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file) as demo:
            try:
                _wait(lambda: "Ctrl-C" in output.read_text() or demo.poll() is not None, START_SECONDS)
                told = dict(re.findall(r"^  (PPM|sign in as|password)  +(\S+)$", output.read_text(), re.M))
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                    _take_all(browser, told, folder, names or list(PAGES))
            finally:
                demo.terminate()


def _take_all(browser: Browser, told: dict[str, str], folder: Path, names: list[str]) -> None:
    only_kept = folder.resolve() == ROOT / "docs" / "screenshots"
    state = None
    for width, height in SIZES.items():
        for scheme in ("light", "dark"):
            for language in ("en", "pl"):
                wanted = [(name, f"{name}-{width}-{scheme}-{language}") for name in names]
                wanted = [pair for pair in wanted if not only_kept or pair[1] in KEPT]
                if not wanted:
                    continue
                context = browser.new_context(
                    base_url=told["PPM"],
                    viewport={"width": width, "height": height if only_kept else 1900},
                    color_scheme=scheme,
                    locale=language,
                    storage_state=state,
                )
                page = context.new_page()
                if state is None:
                    _sign_in(page, told)
                    state = context.storage_state()
                for name, title in wanted:
                    _take(page, name, folder / f"{title}.png", small=only_kept)
                context.close()


def _sign_in(page: Page, told: dict[str, str]) -> None:
    page.goto("/login")
    page.fill("#email", told["sign in as"])
    page.fill("#password", told["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(told["PPM"])
    page.goto("/batches")
    _wait(lambda: page.reload() is not None and page.locator(".state-syncing, .state-pending").count() == 0)


def _take(page: Page, name: str, path: Path, *, small: bool) -> None:
    page.goto(PAGES[name])
    for step in STEPS.get(name, []):
        page.locator(step).first.click()
        page.wait_for_load_state()
    page.wait_for_timeout(700)  # what a page loads after itself
    page.screenshot(path=path)
    if small:
        with Image.open(path) as image:
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path)


def _wait(ready: Callable[[], bool], seconds: float = SYNC_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError("the demo was not ready in time")
        time.sleep(0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
