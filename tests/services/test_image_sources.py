"""What an import named is fetched by the first sync that needs it, and cannot lead anywhere it should not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import responses
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Product, ProductImage
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.images import downloads as image_downloads
from ppm_web.services.images import sources as image_sources
from ppm_web.services.images import store as image_store
from ppm_web.services.images.formats import MOST_BYTES, ImageError
from tests.factories import make_product
from tests.services.pictures import SVG, noise, picture

URL = "https://pictures.example/a.png"


@pytest.fixture(autouse=True)
def folder(app: Flask, tmp_path: Path) -> Path:
    """The folder that imports may name pictures in."""
    app.config["IMAGE_FOLDER"] = str(tmp_path / "images")
    app.config["IMAGE_SOURCE_FOLDER"] = str(tmp_path / "sources")
    (tmp_path / "sources").mkdir()
    return tmp_path / "sources"


def product_with(*sources: str) -> Product:
    return make_product(
        images=[ProductImage(position=place, source=source) for place, source in enumerate(sources)]
    )


def rows_of(product: Product) -> list[tuple[str, str | None, str]]:
    db.session.expire_all()
    found = [(image.source, image.content_hash, image.problem) for image in product.images]
    db.session.commit()
    return found


@contextmanager
def served(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A web server of this machine that answers GETs; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            """Tell nobody."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the client hangs up in the middle
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/a.png"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@responses.activate
def test_paths_and_addresses_are_fetched_once_and_move_no_revision(folder: Path) -> None:
    (folder / "mugs").mkdir()
    (folder / "mugs" / "a.png").write_bytes(picture("red"))
    responses.get(URL, body=picture("green"), content_type="text/plain")
    product = product_with("mugs/a.png", URL)
    revision = product.revision
    told: list[int] = []

    images = image_sources.ensure_fetched(product.id, before_fetch=lambda: told.append(1))

    hashes = [image.content_hash or "" for image in images]
    assert [image_store.read(content_hash) for content_hash in hashes] == [picture("red"), picture("green")]
    assert rows_of(product) == [("mugs/a.png", hashes[0], ""), (URL, hashes[1], "")]
    assert product.revision == revision
    assert image_sources.ensure_fetched(product.id) == images
    assert (len(responses.calls), len(told)) == (1, 2)


def test_a_failed_one_says_why_holds_up_no_other_and_is_tried_again(folder: Path) -> None:
    (folder / "b.png").write_bytes(picture())
    product = product_with("a.png", "b.png")

    bad, good = image_sources.ensure_fetched(product.id)

    assert (bad.content_hash, bad.temporary) == (None, False)
    assert "no such file" in bad.problem
    assert rows_of(product) == [("a.png", None, bad.problem), ("b.png", good.content_hash, "")]
    (folder / "a.png").write_bytes(picture("blue"))
    mended, _ = image_sources.ensure_fetched(product.id)
    assert rows_of(product)[0] == ("a.png", mended.content_hash, "")
    assert mended.content_hash


def test_a_source_that_changed_during_the_fetch_keeps_nothing_of_the_old_one(folder: Path) -> None:
    (folder / "a.png").write_bytes(picture())
    product = product_with("a.png")

    def edit() -> None:
        catalog_writing.update_product(product.id, {"images": ["b.png"]})

    image_sources.ensure_fetched(product.id, before_fetch=edit)

    assert rows_of(product) == [("b.png", None, "")]


def test_a_new_source_forgets_the_old_picture_and_a_moved_one_takes_its_picture_along(folder: Path) -> None:
    (folder / "a.png").write_bytes(picture())
    product = product_with("a.png", "gone.png")
    fetched, failed = image_sources.ensure_fetched(product.id)

    catalog_writing.update_product(product.id, {"images": ["new.png", "gone.png", "a.png"]})

    assert rows_of(product) == [
        ("new.png", None, ""),
        ("gone.png", None, failed.problem),
        ("a.png", fetched.content_hash, ""),
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("../secret.png", r"'\.\.'"),
        ("mugs/../../secret.png", r"'\.\."),
        ("/etc/passwd", "outside the folder"),
        ("link.png", "outside the folder"),
        ("linked/secret.png", "outside the folder"),
        ("none.png", "no such file"),
        (".", "no such file"),
        ("loop.png", "cannot be read|no such file"),
        ("a\0.png", "cannot be read"),
        ("x" * 2000, "cannot be read"),
    ],
)
def test_a_path_leads_nowhere_but_into_the_folder(folder: Path, source: str, words: str) -> None:
    (folder.parent / "secret.png").write_bytes(picture())
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "linked").symlink_to(folder.parent)
    (folder / "loop.png").symlink_to(folder / "loop.png")
    with pytest.raises(ImageError, match=words) as caught:
        image_sources.fetch(source)
    assert not caught.value.temporary


def test_an_absolute_path_and_a_link_inside_the_folder_are_fine(folder: Path) -> None:
    (folder / "a.png").write_bytes(picture())
    (folder / "same.png").symlink_to(folder / "a.png")
    assert image_sources.fetch(str(folder / "a.png")) == picture()
    assert image_sources.fetch("same.png") == picture()


def test_without_the_setting_a_path_tells_how_to_allow_it(app: Flask) -> None:
    app.config["IMAGE_SOURCE_FOLDER"] = ""
    with pytest.raises(ImageError, match="PPM_IMAGE_SOURCE_FOLDER"):
        image_sources.fetch("a.png")


def test_a_huge_file_is_not_read(folder: Path) -> None:
    with (folder / "a.png").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ImageError, match="20 MB"):
        image_sources.fetch("a.png")


@pytest.mark.parametrize(
    ("content", "words"), [(SVG, "SVG"), (b"hello", "no picture"), (noise()[:3000], "damaged")]
)
def test_the_content_decides_and_not_the_ending(folder: Path, content: bytes, words: str) -> None:
    (folder / "a.jpg").write_bytes(content)
    (image,) = image_sources.ensure_fetched(product_with("a.jpg").id)
    assert words in image.problem
    (folder / "a.jpg").write_bytes(picture(kind="WEBP"))
    (image,) = image_sources.ensure_fetched(db.session.query(Product).one().id)
    assert image.content_hash


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://localhost:6379/a.png",
        "http://[::1]/a.png",
        "http://10.1.2.3/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/a.png",
    ],
)
@responses.activate
def test_addresses_inside_the_network_are_not_called(app: Flask, url: str) -> None:
    app.config["ALLOW_PRIVATE_SHOPS"] = False
    with pytest.raises(ImageError, match="inside the network") as caught:
        image_sources.fetch(url)
    assert not caught.value.temporary
    assert not responses.calls


@responses.activate
def test_a_redirect_into_the_network_is_not_followed(app: Flask) -> None:
    app.config["ALLOW_PRIVATE_SHOPS"] = False
    responses.get("https://8.8.8.8/a.png", status=302, headers={"Location": "http://127.0.0.1/a.png"})
    with pytest.raises(ImageError, match=r"inside the network \(http://127"):
        image_sources.fetch("https://8.8.8.8/a.png")
    assert len(responses.calls) == 1


def test_a_name_that_resolves_to_something_else_the_second_time_is_not_called(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket's own address counts, whatever the name said when it was asked before."""
    asked: list[bytes] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.requestline.encode())

    app.config["ALLOW_PRIVATE_SHOPS"] = False
    with served(answer) as url:
        real = socket.getaddrinfo
        told = iter(["8.8.8.8"])

        def rebinding(host: str, *args: object, **kwargs: object) -> object:
            return real(next(told, "127.0.0.1"), *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        with pytest.raises(ImageError, match="inside the network"):
            image_sources.fetch(url.replace("127.0.0.1", "rebinding.example"))
    assert not asked


@responses.activate
def test_redirects_are_followed_a_few_times() -> None:
    responses.get("https://pictures.example/old", status=301, headers={"Location": "/a.png"})
    responses.get(URL, body=picture())
    assert image_sources.fetch("https://pictures.example/old") == picture()


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://pictures.example/old", "more than 5 times"),
        ("file:///etc/passwd", "no http or https"),
        ("https://[bad/", "no http or https"),
    ],
)
@responses.activate
def test_redirects_that_lead_nowhere_end(location: str, words: str) -> None:
    responses.get("https://pictures.example/old", status=302, headers={"Location": location})
    with pytest.raises(ImageError, match=words):
        image_sources.fetch("https://pictures.example/old")


@pytest.mark.parametrize(
    ("status", "temporary"),
    [
        *((404, False), (410, False), (403, False), (400, False), (204, False), (304, False)),
        *((429, True), (500, True), (503, True)),
    ],
)
@responses.activate
def test_only_what_may_pass_is_tried_again(status: int, temporary: bool) -> None:
    responses.get(URL, status=status)
    (image,) = image_sources.ensure_fetched(product_with(URL).id)
    assert (image.content_hash, image.temporary) == (None, temporary)
    assert str(status) in image.problem


@pytest.mark.parametrize("failure", [requests.ConnectionError("refused"), requests.ReadTimeout("timed out")])
@responses.activate
def test_a_server_that_does_not_answer_is_temporary(failure: Exception) -> None:
    responses.get(URL, body=failure)
    with pytest.raises(ImageError) as caught:
        image_sources.fetch(URL)
    assert caught.value.temporary


def test_an_endless_body_is_not_read_to_its_end() -> None:
    sent = 0

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Type", "image/png")
        handler.end_headers()
        while sent < 10 * MOST_BYTES:
            handler.wfile.write(b"x" * 65_536)
            sent += 65_536

    with served(answer) as url, pytest.raises(ImageError, match="20 MB"):
        image_sources.fetch(url)
    assert sent < 2 * MOST_BYTES


def test_a_server_that_drips_is_left_and_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_downloads, "_TIMEOUT", (1, 0.2))
    gone = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not gone.wait(0.05):
            handler.wfile.write(b"x")

    with served(answer) as url:
        with pytest.raises(ImageError) as caught:
            image_sources.fetch(url)
        gone.set()
    assert caught.value.temporary
