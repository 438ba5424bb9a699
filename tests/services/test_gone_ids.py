"""An id that the shop does not have any more is never written into a product (R27)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, Product, ShopMapping, SyncState, now
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.errors import MappingError, NotYetError
from ppm_web.services.publishing.categories import CategoryStrategy
from ppm_web.services.publishing.manufacturers import ManufacturerStrategy
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import making as remote_making
from ppm_web.services.shops import mappings, remote_ids
from ppm_web.services.shops.making import Made, Making, RemoteThing
from ppm_web.services.sync import requests as sync_requests
from tests.factories import make_category, make_manufacturer, make_product, status_of

Work = Callable[[], None]


def age() -> None:
    """Let so much time pass that every id has to be looked at again."""
    db.session.execute(update(ShopMapping).values(seen_at=now() - timedelta(hours=1)))
    db.session.commit()


def sync_now(product: Product, shop: PrestaShopShop, work: Work) -> None:
    sync_requests.request_product_sync(product.id, shop.id, by="test")
    work()


def ensure(shop: PrestaShopShop, *ids: int, look: bool = True) -> dict[int, Made]:
    with shop_client.client_for(shop) as client:
        profile = shop_client.profile_of(shop)
        assert profile is not None
        return CategoryStrategy(shop, client, profile).ensure_all(ids, look=look)


def ensure_makers(shop: PrestaShopShop, names: dict[int, str]) -> dict[int, Made]:
    with shop_client.client_for(shop) as client:
        return ManufacturerStrategy(shop, client).ensure_all(names)


def test_a_product_of_a_category_that_was_deleted_there_goes_to_one_that_is_made_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    cups = make_category("Kitchen", "Cups")
    sync_now(make_product("A", (cups,)), shop, work)
    known = remote_ids.known_id(shop.id, MappingKind.CATEGORY, str(cups.id))
    assert known is not None
    practice_82.back_office.delete_category(known)
    age()
    other = make_product("B", (cups,))
    sync_now(other, shop, work)
    again = remote_ids.known_id(shop.id, MappingKind.CATEGORY, str(cups.id))
    assert again not in (known, None)
    found = practice_82.find_product("B")
    assert found is not None
    assert found["id_category_default"] == str(again)
    assert status_of(other, shop).state is SyncState.SYNCED


def test_with_the_parent_gone_both_are_made_again(practice_82: PracticeShop, shop: PrestaShopShop) -> None:
    cups = make_category("Kitchen", "Cups")
    first = ensure(shop, cups.id)[cups.id].known()[0]
    parent = remote_ids.known_id(shop.id, MappingKind.CATEGORY, str(cups.parent_id))
    assert parent is not None
    practice_82.back_office.delete_category(parent)
    age()
    again, created = ensure(shop, cups.id)[cups.id].known()
    assert (again != first, created) == (True, True)
    assert {found["name"]["1"] for found in practice_82.categories()} >= {"Kitchen", "Cups"}


def test_a_category_that_is_there_under_another_id_is_found_again_by_its_name(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    cups = make_category("Cups")
    first = ensure(shop, cups.id)[cups.id].known()[0]
    practice_82.back_office.delete_category(first)
    names = dict.fromkeys(("1", "2"), "CUPS")
    second = practice_82.create(
        "categories", {"active": "0", "id_parent": "2", "name": names, "link_rewrite": names}
    )
    age()
    practice_82.reset_stats()
    assert ensure(shop, cups.id)[cups.id].known() == (second, False)
    assert practice_82.counts == {"GET": {"categories": 2}}


def test_ids_that_were_seen_just_now_cost_no_request_and_others_one_for_all(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    cups, hats = make_category("Kitchen", "Cups"), make_category("Hats")
    ensure(shop, cups.id, hats.id)
    practice_82.reset_stats()
    ensure(shop, cups.id, hats.id)
    assert practice_82.stats()["total"] == 0
    age()
    ensure(shop, cups.id, hats.id, look=False)
    assert practice_82.stats()["total"] == 0
    ensure(shop, cups.id, hats.id)
    assert practice_82.counts == {"GET": {"categories": 1}}
    ensure(shop, cups.id, hats.id)
    assert practice_82.stats()["total"] == 1


def test_a_category_that_was_set_by_hand_and_is_gone_is_told_and_not_guessed(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    cups = make_category("Cups")
    mappings.map_by_hand(shop, MappingKind.CATEGORY, "Home > Cups", 4711)
    product = make_product("A", (cups,))
    sync_now(product, shop, work)
    row = status_of(product, shop)
    assert row.state is SyncState.ERROR
    assert "Someone deleted the category 'Home > Cups' in shop 'Shop A'" in row.message
    assert f"flask shop map 'Shop A' category {cups.id}=ID" in row.message
    assert "POST" not in practice_82.counts


def test_a_home_category_that_was_set_by_hand_and_is_gone_is_told(shop: PrestaShopShop) -> None:
    cups = make_category("Cups")
    mappings.set_home(shop, 4711)
    for made in ensure(shop, 1, cups.id).values():
        assert isinstance(made.error, MappingError)
        assert "which was set by hand to 4711 there" in made.error.message


def test_what_was_pushed_with_an_id_that_is_gone_is_not_up_to_date_any_more(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    cups = make_category("Cups")
    number = ensure(shop, cups.id)[cups.id].known()[0]
    practice_82.back_office.delete_category(number)
    age()
    before = shop.settings_revision
    ensure(shop, cups.id)
    db.session.refresh(shop)
    assert shop.settings_revision > before


def test_a_shop_that_does_not_answer_forgets_no_id(practice_82: PracticeShop, shop: PrestaShopShop) -> None:
    cups = make_category("Cups")
    number = ensure(shop, cups.id)[cups.id].known()[0]
    age()
    practice_82.strike_next("503", 1, method="GET", resource="categories")
    assert ensure(shop, cups.id)[cups.id].error is not None
    assert ensure(shop, cups.id)[cups.id].known() == (number, False)


def test_a_product_of_a_maker_that_was_deleted_there_goes_to_one_that_is_made_again(
    practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    maker = make_manufacturer("ACME")
    sync_now(make_product("A", manufacturer=maker), shop, work)
    known = remote_ids.known_id(shop.id, MappingKind.MANUFACTURER, str(maker.id))
    assert known is not None
    practice_82.create("manufacturers", {"active": "1", "name": "Another"})
    practice_82.back_office.delete("manufacturers", known)
    age()
    sync_now(make_product("B", manufacturer=maker), shop, work)
    again = remote_ids.known_id(shop.id, MappingKind.MANUFACTURER, str(maker.id))
    found = practice_82.find_product("B")
    assert found is not None
    assert found["id_manufacturer"] == str(again) != str(known)


def test_many_makers_cost_one_look_and_one_request_that_makes_the_missing_ones(
    practice_82: PracticeShop, shop: PrestaShopShop
) -> None:
    practice_82.create("manufacturers", {"active": "1", "name": "Zo\u0308e  & SONS"})
    names = {make_manufacturer(name).id: name for name in ("zöe & Sons", "Second", "Third")}
    practice_82.reset_stats()
    made = ensure_makers(shop, names)
    assert [made[ours].created for ours in names] == [False, True, True]
    assert practice_82.counts == {"GET": {"manufacturers": 1}, "POST": {"manufacturers": 1}}
    age()
    practice_82.reset_stats()
    again = ensure_makers(shop, names)
    assert [again[ours].remote_id for ours in names] == [made[ours].remote_id for ours in names]
    assert practice_82.counts == {"GET": {"manufacturers": 1}}


def test_a_maker_that_was_set_by_hand_and_is_gone_is_told(shop: PrestaShopShop) -> None:
    maker = make_manufacturer("ACME")
    mappings.map_by_hand(shop, MappingKind.MANUFACTURER, "ACME", 4711)
    with pytest.raises(MappingError, match="Someone deleted the manufacturer 'ACME'"):
        ensure_makers(shop, {maker.id: "ACME"})[maker.id].known()


def making(shop: PrestaShopShop, made: list[str], meanwhile: Callable[[], None] = lambda: None) -> Making:
    """Makes manufacturers that the shop lacks, and notes it; ``meanwhile`` happens during the look."""

    def find(things: object) -> dict[str, list[int]]:
        meanwhile()
        return {}

    def create(things: object) -> list[int]:
        made.append("made")
        return [7]

    return Making(shop.id, shop.name, MappingKind.MANUFACTURER, find, create)


def lapse() -> None:
    db.session.execute(update(ShopMapping).values(lease_until=now() - timedelta(seconds=1)))
    db.session.commit()


def test_a_worker_whose_lease_ran_out_makes_nothing_and_takes_what_the_other_made(
    shop: PrestaShopShop,
) -> None:
    thing = RemoteThing("5", "ACME", "the manufacturer 'ACME'")
    made: list[str] = []

    def other_worker() -> None:
        lapse()
        assert remote_making.ensure(making(shop, made), [thing])["5"].known() == (7, True)

    late: list[str] = []
    result = remote_making.ensure(making(shop, late, other_worker), [thing])
    assert (made, late) == (["made"], [])
    assert result["5"].known() == (7, False)


def test_a_worker_whose_row_another_is_still_working_on_waits(shop: PrestaShopShop) -> None:
    thing = RemoteThing("5", "ACME", "the manufacturer 'ACME'")
    late: list[str] = []

    def other_worker() -> None:
        lapse()
        remote_ids.claim(list(remote_ids.row_ids(shop.id, MappingKind.MANUFACTURER, ["5"]).values()))

    result = remote_making.ensure(making(shop, late, other_worker), [thing])
    assert isinstance(result["5"].error, NotYetError)
    assert late == []


def test_the_lease_is_renewed_before_each_request(shop: PrestaShopShop) -> None:
    leases = []

    def look() -> None:
        leases.append(db.session.scalars(db.select(ShopMapping.lease_until)).all()[-1])
        db.session.commit()

    made: list[str] = []
    remote_making.ensure(making(shop, made, look), [RemoteThing("5", "ACME", "it")])
    assert leases[0] is not None
    assert leases[0] > now()
