"""The form of a product, and what is done with it in its shops."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest

from ppm_web.extensions import db
from ppm_web.models import Manufacturer, Product, ProductCategory, ProductText, SyncState
from tests.views.conftest import Browser
from tests.views.rows import make_product, make_shop, make_status, status_of


def marks(page: str) -> str:
    """What the form was made from."""
    found = re.search(r'name="marks" value="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def form_of(product: Product, page: str, **changes: str) -> dict[str, str]:
    """The form's numbers as they are, with changes."""
    return {"marks": marks(page), **shown(page), **changes}


def shown(page: str) -> dict[str, str]:
    """Every field of the form as a browser would send it when nobody touched it."""
    form = page[page.index('<form class="product-form"') :]
    form = form[: form.index("</form>")]
    found = {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input class="form-control[^>]* name="([^"]+)" value="([^"]*)"', form)
    }
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\r?\n(.*?)</textarea>', form, re.S)
    found |= {html.unescape(name): html.unescape(text).replace("\n", "\r\n") for name, text in areas}
    [active] = re.findall(r'<option value="(.?)" selected>', form)
    lines = re.findall(r'name="category" list="paths" value="([^"]*)"', form)
    return found | {"active": active, "category": html.unescape(lines[0])}


def hinted(page: str) -> set[str]:
    """The fields that say that the shop's own stands."""
    return {
        html.unescape(name)
        for name in re.findall(r'name="([^"]+)"[^>]* placeholder="as the shop has it"', page)
    }


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
    product = db.session.query(Product).filter_by(sku="NEW-1").one()
    assert (product.active, product.quantity) == (None, 0)
    assert manager.send("/products", form).status_code == 422


def test_what_was_not_filled_in_of_a_new_product_is_not_held(manager: Browser) -> None:
    page = manager.get("/products/new").text
    assert {"ean13", "quantity", "manufacturer", "weight", "category", "slug:en"} <= hinted(page)
    assert not {"sku", "price_net", "tax_rate", "name:en"} & hinted(page)
    form = shown(page) | {
        "sku": "NEW-1",
        "name:en": "New",
        "price_net": "1",
        "tax_rate": "23",
        "slug:en": "new",
    }
    assert manager.send("/products", form).status_code == 303
    product = db.session.query(Product).filter_by(sku="NEW-1").one()
    fields = ("ean13", "quantity", "active", "manufacturer_id", "weight", "width", "height", "depth")
    assert [getattr(product, name) for name in fields] == [None] * len(fields)
    assert (product.manufacturer_emptied, product.categories_emptied, product.category_links) == (
        False,
        False,
        [],
    )
    [text] = product.texts
    assert (text.language, text.name, text.slug, text.description) == ("en", "New", "new", None)


def test_a_form_without_its_price_or_sku_is_told(manager: Browser) -> None:
    page = manager.get("/products/new").text
    answer = manager.send("/products", shown(page))
    assert answer.status_code == 422
    for place in ("field-sku", "field-price_net", "field-tax_rate", "field-name-en"):
        assert f'href="#{place}"' in answer.text


@pytest.mark.parametrize(
    ("kept", "typed"), [("MUG-1", "mug-1"), ("MUG-1", "\ufeffMug-1 "), ("KAWA-É", "kawa-e")]
)
def test_a_new_sku_in_another_spelling_is_told_with_both(manager: Browser, kept: str, typed: str) -> None:
    make_product(kept)
    manager.get("/products/new")
    form = {"sku": typed, "name:en": "New", "price_net": "1", "tax_rate": "23"}
    answer = manager.send("/products", form)
    assert answer.status_code == 422
    assert f"another spelling of &#39;{kept}&#39;" in answer.text
    assert db.session.query(Product).count() == 1


def test_unseen_letters_around_a_new_sku_are_left_out(manager: Browser) -> None:
    manager.get("/products/new")
    form = {"sku": "\ufeff NEW-1\u200b", "name:en": "New", "price_net": "1", "tax_rate": "23"}
    assert manager.send("/products", form).status_code == 303
    assert db.session.query(Product).one().sku == "NEW-1"


@pytest.mark.parametrize(
    "values",
    [
        {"quantity": None},
        {"quantity": 0, "ean13": "", "weight": Decimal(0), "active": False, "manufacturer_emptied": True},
        {"active": True, "weight": Decimal("1.25"), "categories_emptied": True},
    ],
    ids=["not held", "emptied", "filled"],
)
def test_a_form_that_nobody_touched_changes_nothing(manager: Browser, values: dict[str, Any]) -> None:
    text = ProductText(language="en", name="Mug", description="<p>A</p>\n<p>B</p>", slug="", meta_title=None)
    product = make_product(texts=[text], **values)
    before, path = product.revision, f"/products/{product.id}/edit"
    assert manager.send(path, form_of(product, manager.get(path).text)).status_code == 303
    db.session.expire_all()
    assert product.revision == before
    assert {name: getattr(product, name) for name in values} == values
    assert (product.texts[0].slug, product.texts[0].meta_title) == ("", None)


def test_the_form_says_which_fields_are_left_to_the_shops(manager: Browser) -> None:
    text = ProductText(language="en", name="Mug", slug="", description="<p>A</p>")
    product = make_product(texts=[text], ean13="", manufacturer_emptied=True)
    page = manager.get(f"/products/{product.id}/edit").text
    assert {"weight", "depth", "category", "meta_title:en", "name:pl"} <= hinted(page)
    assert not {"ean13", "manufacturer", "quantity", "slug:en", "description:en", "name:en"} & hinted(page)


def test_what_a_person_empties_is_emptied_and_held(manager: Browser) -> None:
    product = make_product(
        ean13="5901234123457",
        weight=Decimal(1),
        manufacturer=Manufacturer(name="Kiln"),
        category_links=[ProductCategory(category_id=1, position=0)],
    )
    before, path = product.revision, f"/products/{product.id}/edit"
    emptied = {"ean13": "", "weight": "", "manufacturer": "", "category": "", "description:en": ""}
    assert manager.send(path, form_of(product, manager.get(path).text, **emptied)).status_code == 303
    db.session.expire_all()
    assert (product.ean13, product.weight, product.texts[0].description) == ("", Decimal(0), "")
    assert (product.manufacturer_id, product.manufacturer_emptied) == (None, True)
    assert (product.width, product.texts[0].slug, product.revision) == (None, None, before + 1)
    page = manager.get(path).text
    assert not {"ean13", "weight", "manufacturer", "description:en"} & hinted(page)
    filled = {"manufacturer": "Kiln"}
    assert manager.send(path, form_of(product, page, **filled)).status_code == 303
    db.session.expire_all()
    assert (product.manufacturer_emptied, product.manufacturer_id is not None) == (False, True)


def test_quantity_and_activity_are_left_to_the_shops_and_taken_back(manager: Browser) -> None:
    product = make_product(active=True)
    path = f"/products/{product.id}/edit"
    for typed, kept in ((("", ""), (None, None)), (("0", "0"), (0, False)), (("5", "1"), (5, True))):
        form = form_of(product, manager.get(path).text, quantity=typed[0], active=typed[1])
        assert manager.send(path, form).status_code == 303
        db.session.expire_all()
        assert (product.quantity, product.active) == kept


def test_the_page_of_a_product_says_what_is_left_to_the_shops(manager: Browser) -> None:
    product = make_product(quantity=None, ean13="")
    page = manager.get(f"/products/{product.id}").text
    facts = dict(re.findall(r"<dt[^>]*>([^<]+)</dt>\s*<dd>(.*?)</dd>", page, re.S))
    for label in (
        "Stock",
        "Active",
        "Manufacturer",
        "Weight",
        "Width × height × depth",
        "Categories",
        "Slug",
    ):
        assert "as the shop has it" in facts[label], label
    assert facts["EAN"] == "–"
    assert '<span class="mark-tag">not active</span>' not in page
    manager.set_cookie("language", "pl")
    assert "jak w sklepie" in manager.get(f"/products/{product.id}").text
    assert "jak w sklepie" in manager.get(f"/products/{product.id}/edit").text
    listed = manager.get("/products").text
    assert listed.count('title="jak w sklepie">–</span>') == 2  # stock and active


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
