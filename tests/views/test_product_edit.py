"""The form of a product, and what is done with it in its shops."""

from __future__ import annotations

import html
import re

import pytest

from ppm_web.extensions import db
from ppm_web.models import Product, SyncState
from tests.views.conftest import Browser
from tests.views.rows import make_product, make_shop, make_status, status_of


def marks(page: str) -> str:
    """What the form was made from."""
    found = re.search(r'name="marks" value="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def form_of(product: Product, page: str, **changes: str) -> dict[str, str]:
    """The form's numbers as they are, with changes."""
    return {"marks": marks(page), "active": "1", **changes}


def test_a_price_with_a_comma_is_saved_and_the_revision_rises_once(manager: Browser) -> None:
    product = make_product()
    before, path = product.revision, f"/products/{product.id}/edit"
    answer = manager.send(path, form_of(product, manager.get(path).text, price_net="13,90"))
    assert answer.status_code == 303
    assert (str(product.price_net).rstrip("0"), product.revision) == ("13.9", before + 1)


def test_a_mistake_is_named_at_its_field_and_nothing_is_saved(manager: Browser) -> None:
    product = make_product()
    before, path = product.revision, f"/products/{product.id}/edit"
    answer = manager.send(path, form_of(product, manager.get(path).text, price_net="dear", ean13="12x"))
    assert answer.status_code == 422
    assert "is no number" in answer.text
    assert 'value="dear"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert product.revision == before


def test_what_another_person_changed_is_told_and_not_overwritten(manager: Browser) -> None:
    product = make_product()
    path = f"/products/{product.id}/edit"
    form = form_of(product, manager.get(path).text, price_net="13.90")
    product.price_net = product.price_net + 5
    db.session.commit()
    kept = product.price_net
    answer = manager.send(path, form)
    assert answer.status_code == 409
    assert "Net price" in answer.text
    assert product.price_net == kept
    assert manager.send(path, form | {"marks": marks(answer.text)}).status_code == 303
    assert product.price_net != kept


def test_the_form_says_what_is_wrong_while_it_is_filled_in(manager: Browser) -> None:
    manager.get("/products/new")
    answer = manager.send("/products/validate", {"name:en": "a<b", "price_net": "1", "tax_rate": "23"})
    assert answer.status_code == 200
    assert 'id="said-name-en"' in answer.text
    assert "PrestaShop refuses" in answer.text


def test_a_product_is_added_and_a_second_with_its_sku_refused(manager: Browser) -> None:
    form = {"sku": "NEW-1", "name:en": "New", "price_net": "1", "tax_rate": "23", "quantity": "0"}
    manager.get("/products/new")
    assert manager.send("/products", form).status_code == 303
    assert db.session.query(Product).filter_by(sku="NEW-1").one().active is False
    assert manager.send("/products", form).status_code == 422


@pytest.mark.parametrize("marks", ["", "[1]", "{", '{"price_net": 7}'])
def test_rubbish_in_the_form_is_no_error_of_ours(manager: Browser, marks: str) -> None:
    product = make_product()
    form = {"marks": marks, "primary": "x", "category": "a > > b", "name:xxx": "?", "quantity": "\0"}
    manager.get("/products/new")
    assert manager.send(f"/products/{product.id}/edit", form).status_code in {409, 422}
    assert manager.send("/products/validate", form | {"product": "x"}).status_code == 200


def test_a_product_is_disabled_in_a_shop_and_enabled_again(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    manager.get(f"/products/{product.id}")
    place = f"/products/{product.id}/shops/{shop.id}"
    assert manager.send(f"{place}/disable", headers={"HX-Request": "true"}).status_code == 200
    page = manager.get(f"/products/{product.id}").text
    assert "Enable here" in page
    assert manager.send(f"{place}/enable").status_code == 303
    assert "Disable here" in manager.get(f"/products/{product.id}").text


def test_sync_to_all_shops_tells_what_came_of_each(manager: Browser) -> None:
    product, first, second = make_product(), make_shop("Shop A"), make_shop("Shop B")
    make_status(product, second, SyncState.DISABLED)
    manager.get(f"/products/{product.id}")
    answer = manager.send(f"/products/{product.id}/sync", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert first.name in answer.headers["HX-Trigger-After-Swap"]
    assert "is disabled in shop 'Shop B'" in answer.headers["HX-Trigger-After-Swap"]


def test_the_preview_of_an_unchecked_shop_says_so(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    assert "cannot be sent" in manager.get(f"/products/{product.id}/shops/{shop.id}/preview").text


def test_without_javascript_the_preview_is_a_page_of_its_own(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    path = f"/products/{product.id}/shops/{shop.id}/preview"
    page, fragment = manager.get(path).text, manager.get(path, headers={"HX-Request": "true"}).text
    assert "<html" in page
    assert "<html" not in fragment
    assert product.sku in page
    assert f'href="/products/{product.id}"' in page


def test_a_reset_forgets_the_error_and_what_was_pushed(manager: Browser) -> None:
    product, shop = make_product(), make_shop()
    make_status(product, shop, SyncState.ERROR, message="No tax group", external_id=7, payload_hash="abc")
    manager.get(f"/products/{product.id}")
    answer = manager.send(f"/products/{product.id}/shops/{shop.id}/reset", headers={"HX-Request": "true"})
    assert "starts anew in Shop A" in answer.headers["HX-Trigger-After-Swap"]
    status = status_of(product, shop)
    assert (status.state, status.message, status.external_id) == (SyncState.PENDING, "", 7)
    assert status.payload_hash is None


@pytest.mark.parametrize("state", [SyncState.SYNCING, SyncState.DISABLED, None])
def test_a_reset_that_may_not_be_is_told(manager: Browser, state: SyncState | None) -> None:
    product, shop = make_product(), make_shop()
    if state is not None:
        make_status(product, shop, state)
    manager.get(f"/products/{product.id}")
    answer = manager.send(f"/products/{product.id}/shops/{shop.id}/reset", headers={"HX-Request": "true"})
    assert "Nothing was reset" in answer.headers["HX-Trigger-After-Swap"]
    if state is not None:
        assert status_of(product, shop).state is state


def test_a_viewer_may_look_and_not_change(viewer: Browser) -> None:
    product, shop = make_product(), make_shop()
    page = viewer.get(f"/products/{product.id}").text
    assert "Sync to all shops" not in page
    assert viewer.get(f"/products/{product.id}/edit").status_code == 403
    place = f"/products/{product.id}"
    for path in (f"{place}/edit", f"{place}/sync", "/products", "/products/validate"):
        assert viewer.send(path).status_code == 403
    for verb in ("disable", "enable", "reset"):
        assert viewer.send(f"{place}/shops/{shop.id}/{verb}").status_code == 403
