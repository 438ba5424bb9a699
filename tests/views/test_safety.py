"""What holds for every page: CSRF, headers, error pages, static files, reading without a lock."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ppm_web import create_app
from ppm_web.extensions import db, read_only
from ppm_web.models import Product, ProductSyncStatus, SyncState
from tests.support import SECRET_KEY
from tests.views.conftest import Browser
from tests.views.rows import SHOP_KEY, make_log, make_product, make_shop, make_status
from tests.views.test_auth import routes

SCRIPT = "<script>alert(1)</script>"


def test_every_post_needs_a_csrf_token(app: Flask, manager: Browser) -> None:
    shop, product = make_shop(), make_product()
    tried = 0
    for method, path, _ in routes(app):
        if method != "POST":
            continue
        for token in ({}, {"csrf_token": "made-up"}):
            response = manager.post(path, data=token)
            assert response.status_code == 400, path
            assert "too old" in response.get_data(as_text=True)
            tried += 1
    assert tried >= 8
    assert manager.get("/products").status_code == 200  # still signed in
    assert not db.session.scalars(select(ProductSyncStatus).filter_by(product_id=product.id)).all()
    assert shop.checked_at is None


def test_every_answer_carries_the_strict_headers(manager: Browser) -> None:
    for path in ("/products", "/shops", "/login", "/healthz", "/nothing", "/static/ppm.css"):
        headers = manager.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_by_browsers(manager: Browser) -> None:
    for path in ("/products", "/shops", "/healthz"):
        assert manager.get(path).headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_for_a_year_under_the_hash_of_their_content(manager: Browser) -> None:
    page = manager.get("/products").get_data(as_text=True)
    addresses = set(re.findall(r'"(/static/[^"#]+)', page))
    assert len(addresses) >= 5
    for address in addresses:
        assert "?v=" in address
        assert "max-age=31536000" in manager.get(address).headers["Cache-Control"]
    assert manager.get("/static/ppm.css?v=older").headers["Cache-Control"] == "no-cache"


def test_texts_among_the_static_files_are_gzipped_for_those_who_take_that(client: Browser) -> None:
    plain = client.get("/static/ppm.css")
    zipped = client.get("/static/ppm.css", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert int(zipped.headers["Content-Length"]) == len(zipped.data) < len(plain.data) / 2
    assert gzip.decompress(zipped.data) == plain.data
    missing = client.get("/static/no-such.css", headers={"Accept-Encoding": "gzip"})
    assert missing.status_code == 404


def test_no_page_holds_inline_script_or_style(manager: Browser) -> None:
    product = make_product()
    make_status(product, make_shop())
    for path in ("/products", f"/products/{product.id}", "/shops", "/login"):
        page = manager.get(path).get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//(?!a\.example)', page)


def test_texts_of_people_and_shops_are_escaped(manager: Browser) -> None:
    product = make_product(SCRIPT, SCRIPT)
    product.texts[0].description = SCRIPT
    db.session.commit()
    shop = make_shop(SCRIPT, problems=[SCRIPT], version="<i>8", pause_reason=SCRIPT)
    status = make_status(product, shop, SyncState.ERROR, message=SCRIPT, external_id=4)
    make_log(product, shop, message=SCRIPT, details={"answer": SCRIPT, "exchanges": [{"request": SCRIPT}]})
    fragment = f"/products/{product.id}/shops/{shop.id}/sync"
    for path in ("/products", f"/products?q={SCRIPT}", f"/products/{product.id}", "/shops", fragment):
        page = manager.get(path).get_data(as_text=True)
        assert "alert(1)" in page
        assert SCRIPT not in page
        assert "<i>8" not in page
    assert status.message == SCRIPT


def test_the_address_of_a_shop_is_a_link_only_if_it_leads_to_the_web(manager: Browser) -> None:
    product, shop = make_product(), make_shop(url="javascript:alert(1)")
    make_status(product, shop, external_id=7)
    for path in ("/shops", f"/products/{product.id}"):
        assert 'href="javascript' not in manager.get(path).get_data(as_text=True)


def test_secrets_are_never_rendered(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    make_status(product, shop)
    for path in (
        "/products",
        f"/products/{product.id}",
        "/shops",
        f"/products/{product.id}/shops/{shop.id}/sync",
    ):
        page = manager.get(path).get_data(as_text=True)
        assert SHOP_KEY not in page
        assert shop.encrypted_key not in page
        assert "password_hash" not in page
        assert "scrypt" not in page


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/products/999", 404, "There is nothing here"),
        ("/nothing", 404, "There is nothing here"),
        ("/products/1/shops/999/sync", 404, "There is nothing here"),
        ("/logout", 405, "cannot be done this way"),
    ],
)
def test_errors_are_told_in_plain_words(manager: Browser, path: str, status: int, words: str) -> None:
    make_product()
    response = manager.get(path)
    assert response.status_code == status
    assert words in response.get_data(as_text=True)


def test_an_error_tells_htmx_a_sentence_instead_of_a_page(viewer: Browser) -> None:
    product, shop = make_product(), make_shop()
    response = viewer.send(f"/products/{product.id}/shops/{shop.id}/sync", headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.get_data(as_text=True).startswith("You may not do that.")


def test_a_method_that_is_not_allowed_says_which_are(manager: Browser) -> None:
    assert "POST" in manager.get("/logout").headers["Allow"]


def test_a_request_that_is_too_big_is_refused_in_words(app: Flask, client: Browser) -> None:
    client.get("/login")
    app.config["MAX_CONTENT_LENGTH"] = 100
    response = client.send("/login", {"email": "a@example.com", "password": "x" * 200})
    assert response.status_code == 413
    assert "too big" in response.get_data(as_text=True)


def test_a_fault_of_ours_shows_no_trace(app: Flask, manager: Browser) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken() -> str:
        return str(1 // 0)

    app.view_functions["shops.index"] = broken
    response = manager.get("/shops")
    assert response.status_code == 500
    page = response.get_data(as_text=True)
    assert "Something went wrong in PPM" in page
    assert "ZeroDivision" not in page
    assert "Traceback" not in page


def test_a_database_that_is_away_is_told_in_words_too(tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'nowhere' / 'ppm.sqlite3'}"
    app = create_app({"SECRET_KEY": SECRET_KEY, "DATABASE_URL": nowhere})
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = "1"
    response = client.get("/products")
    assert response.status_code == 500
    assert "Something went wrong in PPM" in response.get_data(as_text=True)
    assert client.get("/healthz").status_code == 200


def test_only_requests_that_read_begin_without_the_write_lock(app: Flask, manager: Browser) -> None:
    seen: dict[str, bool] = {}

    def noting(endpoint: str) -> Any:
        view = app.view_functions[endpoint]

        def noted(**values: Any) -> Any:
            seen[endpoint] = read_only.get()
            return view(**values)

        return noted

    for endpoint in ("products.index", "auth.destroy"):
        app.view_functions[endpoint] = noting(endpoint)
    manager.get("/products")
    manager.send("/logout")
    assert seen == {"products.index": True, "auth.destroy": False}
    assert read_only.get() is False


def test_health_is_told_to_everybody_and_nothing_else(client: Browser) -> None:
    response = client.get("/healthz")
    assert response.get_json() == {"status": "ok"}
    assert "Set-Cookie" not in response.headers


def test_deep_links_survive_odd_values(manager: Browser) -> None:
    product = make_product()
    for path in (
        "/products?q=%25&after=%00",
        "/products?before=",
        "/products?q=" + "x" * 5000,
        f"/products/{product.id}?before=abc",
        f"/products/{product.id}?before=-5",
        "/products/99999999999999999999",
        f"/products/{product.id}?before=99999999999999999999999",
    ):
        assert manager.get(path).status_code in {200, 302, 404}, path
    assert db.session.get(Product, product.id) is not None
