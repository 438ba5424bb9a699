"""Is it still the shop that PPM knew? All links are looked at in bulk before anything more is sent (R26)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from ppm_web.extensions import db
from ppm_web.models import (
    CategorySyncStatus,
    MappingKind,
    PrestaShopShop,
    Product,
    ProductSyncStatus,
    RemoteImage,
    SyncState,
)
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.shops import checks as shop_checks
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import link_checks, mappings, remote_ids
from ppm_web.services.shops.entries import ShopError
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category, make_manufacturer, make_product, status_of
from tests.support import WatchedShop

Work = Callable[[], None]
REMAINS = ("external_id", "stock_id", "create_sent_at", "payload_hash", "pushed", "sending")


def check(shop: PrestaShopShop) -> bool:
    with shop_client.client_for(shop) as client:
        return link_checks.ensure_known(shop, client, lambda: None)


def published(shop: PrestaShopShop, work: Work, *skus: str) -> list[Product]:
    products = [make_product(sku) for sku in skus]
    for product in products:
        sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()
    assert all(status_of(product, shop).state is SyncState.SYNCED for product in products)
    return products


def report(shop: PrestaShopShop) -> dict[str, object]:
    db.session.commit()
    db.session.refresh(shop)
    found = dict(shop.links_report or {})
    db.session.commit()
    return found


def moved(shop: PrestaShopShop) -> None:
    """As after another address."""
    shop.check_links, shop.links_report = True, {"why": "its address was changed", "moved": True}
    db.session.commit()


def test_a_shop_that_is_not_in_doubt_is_not_asked(practice_82: PracticeShop, shop: PrestaShopShop) -> None:
    assert not check(shop)
    assert practice_82.requests == []


def test_what_fits_stays_and_the_rest_is_unlinked_and_told(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    same, other, gone, renamed = published(shop, work, "SAME-1", "OTHER-1", "GONE-1", "NEW-1")
    office = practice_82.back_office
    office.edit("products", status_of(same, shop).external_id or 0, {"reference": "same-1 "})
    office.edit("products", status_of(other, shop).external_id or 0, {"reference": "RING-1"})
    office.delete("products", status_of(gone, shop).external_id or 0)
    renamed.sku = "NEWER-1"
    db.session.add(RemoteImage(status_id=status_of(other, shop).id, content_hash="a" * 64, remote_id=5))
    db.session.merge(renamed)
    db.session.commit()
    moved(shop)
    practice_82.reset_stats()
    assert check(shop)
    assert [(request.method, request.resource) for request in practice_82.requests] == [("GET", "products")]
    for product, stays in ((same, True), (other, False), (gone, False), (renamed, True)):
        row = status_of(product, shop)
        assert [getattr(row, name) is not None for name in REMAINS[:1]] == [stays], product.sku
        if not stays:
            assert [getattr(row, name) for name in REMAINS] == [None] * len(REMAINS)
            assert (row.state, row.error_code, row.pushed_revision) == (SyncState.ERROR, "unlinked", 0)
    assert db.session.scalars(select(RemoteImage)).all() == []
    found = report(shop)
    assert (found["kept"], found["unlinked"], found["gone"]) == (2, 1, 1)
    assert not shop.check_links
    told = link_checks.told(shop)
    assert "Kept: 2; unlinked, as another product has the id: 1; " in told[0]
    assert "unlinked, as they are not there: 1; in conflict: 0." in told[0]
    assert any("is the product with the reference 'RING-1' there" in line for line in told)


def test_at_the_same_address_products_that_are_not_what_they_were_are_conflicts(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    same, other, gone = published(shop, work, "SAME-1", "OTHER-1", "GONE-1")
    category = make_category("Mugs")
    remote_ids.set_id(shop.id, MappingKind.CATEGORY, str(category.id), 2, manual=False)
    practice_82.back_office.edit("products", status_of(other, shop).external_id or 0, {"reference": "RING-1"})
    practice_82.back_office.delete("products", status_of(gone, shop).external_id or 0)
    link_checks.doubt(shop.id, "the newest product has another reference")
    assert check(shop)
    assert status_of(same, shop).state is SyncState.SYNCED
    for product, theirs in ((other, "RING-1"), (gone, None)):
        row = status_of(product, shop)
        assert row.state is SyncState.CONFLICT
        assert row.external_id is not None
        assert row.conflicts == {"reference": {"base": None, "ours": None, "theirs": theirs}}
        assert "nothing was sent" in row.message
    found = report(shop)
    assert (found["kept"], found["conflicts"], found["unlinked"], found["gone"]) == (1, 2, 0, 0)
    assert found["why"] == "the newest product has another reference"
    assert remote_ids.known_id(shop.id, MappingKind.CATEGORY, str(category.id)) == 2
    newest = link_checks.newest_link(shop.id)
    assert newest is not None
    assert newest.reference == "SAME-1"


def test_where_nothing_fits_it_is_another_shop(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products = published(shop, work, "A-1", "A-2")
    for product in products:
        practice_82.back_office.delete("products", status_of(product, shop).external_id or 0)
    link_checks.doubt(shop.id, "the newest product is gone")
    check(shop)
    assert [status_of(product, shop).external_id for product in products] == [None, None]
    assert report(shop)["gone"] == 2


def test_what_was_found_by_name_is_found_again_and_what_a_person_mapped_is_looked_at(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    category, maker = make_category("Mugs"), make_manufacturer()
    hand, lost = make_category("By hand"), make_category("Lost")
    mappings.map_by_hand(shop, MappingKind.CATEGORY, str(hand.id), 2)
    mappings.map_by_hand(shop, MappingKind.CATEGORY, str(lost.id), 999)
    remote_ids.set_id(shop.id, MappingKind.CATEGORY, str(category.id), 2, manual=False)
    remote_ids.set_id(shop.id, MappingKind.MANUFACTURER, str(maker.id), 1, manual=False)
    db.session.add(
        CategorySyncStatus(category_id=category.id, shop_id=shop.id, pushed={"a": "b"}, payload_hash="c")
    )
    db.session.commit()
    moved(shop)
    check(shop)
    assert remote_ids.known_id(shop.id, MappingKind.CATEGORY, str(category.id)) is None
    assert remote_ids.known_id(shop.id, MappingKind.MANUFACTURER, str(maker.id)) is None
    assert remote_ids.known_id(shop.id, MappingKind.CATEGORY, str(hand.id)) == 2
    row = db.session.scalars(select(CategorySyncStatus)).one()
    assert (row.pushed, row.payload_hash) == (None, None)
    assert report(shop)["mappings"] == [
        "The category 'Lost' was mapped by hand to 999, which is not in the shop"
    ]


def test_five_hundred_links_are_looked_at_in_one_request_and_leases_are_kept(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    for number in range(501):
        db.session.add(Product(sku=f"S-{number}", price_net=1, tax_rate=23))
    db.session.flush()
    for product in db.session.scalars(select(Product)):
        db.session.add(
            ProductSyncStatus(product_id=product.id, shop_id=shop.id, external_id=10_000 + product.id)
        )
    db.session.commit()
    link_checks.doubt(shop.id, "")
    kept: list[int] = []
    with shop_client.client_for(shop) as client:
        link_checks.ensure_known(shop, client, lambda: kept.append(1))
    assert len(practice_82.requests) == 2
    assert len(kept) >= 2
    assert report(shop)["gone"] == 501


def test_a_check_that_broke_off_goes_on_and_counts_nothing_twice(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    products = published(shop, work, "A-1", "A-2")
    for product in products:
        practice_82.back_office.delete("products", status_of(product, shop).external_id or 0)
    link_checks.doubt(shop.id, "")

    def lost() -> None:
        if report(shop).get("gone"):
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"), shop_client.client_for(shop) as client:
        link_checks.ensure_known(shop, client, lost)
    assert shop.check_links
    assert check(shop)
    found = report(shop)
    assert (found["gone"], found["kept"], shop.check_links) == (2, 0, False)


def test_the_newest_link_is_the_product_that_the_shop_made_last(shop: PrestaShopShop, work: Work) -> None:
    assert link_checks.newest_link(shop.id) is None
    first, last = published(shop, work, "A-1", "A-2")
    highest = max((status_of(product, shop).external_id or 0, product.sku) for product in (first, last))
    assert link_checks.newest_link(shop.id) == highest


def test_another_address_needs_the_key_and_puts_all_links_in_doubt(
    shop: PrestaShopShop, practice_82: PracticeShop
) -> None:
    before, other = shop.url, WatchedShop()
    with serve(other) as served:
        with pytest.raises(ShopError, match="needs the shop's key again"):
            shop_changes.set_shop(shop, url=served.url)
        assert shop.url == before
        shop_changes.set_shop(shop, url=served.url, key=DEFAULT_KEY)
        assert shop.check_links
        [line] = [fact for fact in shop_checks.check_shop(shop.id).facts if "all links" in fact]
        assert line.endswith("are checked: its address or its store was changed.")
    shop_changes.set_shop(shop, url=served.url, name="The same")


def test_a_doubt_is_not_thrown_away_by_a_later_one(shop: PrestaShopShop) -> None:
    link_checks.doubt(shop.id, "first")
    link_checks.doubt(shop.id, "second")
    assert report(shop)["why"] == "first"


def test_a_row_that_moved_on_in_the_meantime_stays(shop: PrestaShopShop, work: Work) -> None:
    [product] = published(shop, work, "A-1")
    moved(shop)

    def relinked() -> None:
        db.session.execute(update(ProductSyncStatus).values(external_id=4711))
        db.session.commit()

    with shop_client.client_for(shop) as client:
        link_checks.ensure_known(shop, client, relinked)
    assert status_of(product, shop).external_id == 4711
