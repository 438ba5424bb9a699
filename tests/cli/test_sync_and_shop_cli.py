"""flask shop, sync and queue: what they say, and their exit status: 0 done, 1 not done, 2 wrong use."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask.testing import FlaskCliRunner

from ppm_web.extensions import db
from ppm_web.models import MappingKind, PrestaShopShop, Product, ShopMapping, SyncState
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from tests.factories import make_category, make_product, status_of

Work = Callable[[], None]


def run(cli: FlaskCliRunner, *arguments: str, status: int = 0, text: str | None = None) -> str:
    """Run a command, check its exit status, return all it said."""
    done = cli.invoke(args=list(arguments), input=text)
    assert done.exit_code == status, done.output
    assert DEFAULT_KEY not in done.output
    return done.output


def test_a_shop_is_added_listed_and_checked_in_words(cli: FlaskCliRunner, shop_url: str) -> None:
    assert run(cli, "shop", "list") == "No shops yet. Add one with: flask shop add NAME URL --key -\n"
    added = json.loads(
        run(cli, "shop", "add", "Shop A", shop_url + "/api/", "--key", "-", "--json", text=DEFAULT_KEY + "\n")
    )
    assert added == {"id": 1, "name": "Shop A", "version": "8.2.0", "problems": []}
    (listed,) = json.loads(run(cli, "shop", "list", "--json"))
    assert (listed["name"], listed["url"], listed["active"]) == ("Shop A", shop_url, True)
    checked = run(cli, "shop", "check", "Shop A")
    for words in ("PrestaShop 8.2.0", "pl (Polski (Polish))", "= 23 %", "Home category: 2", "All well"):
        assert words in checked


@pytest.mark.parametrize(
    ("name", "url", "key", "words"),
    [
        ("Shop A", "{url}", DEFAULT_KEY, "There is a shop 'Shop A' already"),
        ("shop a", "{url}/x", DEFAULT_KEY, "There is a shop 'Shop A' already"),
        ("B", "{url}/", DEFAULT_KEY, "The shop 'Shop A' has this address already"),
        ("B", "ftp://shop.example.com", DEFAULT_KEY, "is no shop address"),
        ("B", "https://user:secret@shop.example.com", DEFAULT_KEY, "holds no user, password"),
        ("B", "{url}", "SHORT", "A PrestaShop key has 32 letters and digits"),
        (" ", "{url}", DEFAULT_KEY, "A shop's name has 1 to 64 characters"),
    ],
)
def test_a_shop_that_cannot_be_added_is_refused_in_words(
    cli: FlaskCliRunner, shop: PrestaShopShop, name: str, url: str, key: str, words: str
) -> None:
    done = cli.invoke(args=["shop", "add", name, url.format(url=shop.url), "--key", key])
    assert done.exit_code == 1
    assert words in done.output
    assert db.session.query(PrestaShopShop).count() == 1


def test_a_shop_with_a_refused_key_is_kept_with_its_problem(cli: FlaskCliRunner, shop_url: str) -> None:
    added = cli.invoke(args=["shop", "add", "Shop A", shop_url, "--key", "W" * 32])
    assert added.exit_code == 1
    assert "key" in added.output
    assert "The shop is kept" in added.output
    checked = run(cli, "shop", "check", "Shop A", status=1)
    assert "All well" not in checked


def test_private_addresses_are_refused_unless_they_are_allowed(cli: FlaskCliRunner, shop_url: str) -> None:
    cli.app.config["ALLOW_PRIVATE_SHOPS"] = False
    assert "PPM_ALLOW_PRIVATE_SHOPS=1" in run(
        cli, "shop", "add", "A", shop_url, "--key", DEFAULT_KEY, status=1
    )


def test_requests_to_an_inactive_shop_are_refused(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    make_product()
    run(cli, "shop", "deactivate", "Shop A")
    assert "Shop 'Shop A' is not active" in run(cli, "sync", "product", "MUG-1", "--shop", "Shop A", status=1)
    run(cli, "shop", "activate", "Shop A")
    assert run(cli, "sync", "product", "MUG-1", "--shop", "Shop A") == "Queued: MUG-1 → Shop A\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("product", "NOPE", "--shop", "Shop A"), 1, "There is no product 'NOPE'"),
        (("product", "MUG-1", "--shop", "Nowhere"), 1, "There is no shop 'Nowhere'. Shops: 'Shop A'"),
        (("product", "MUG-1"), 2, "Say which shop"),
        (("product", "MUG-1", "--shop", "Shop A", "--all-shops"), 2, "Say which shop"),
        (("product", "MUG-1", "--shop", "Shop A", "--in", "soon"), 2, "is no duration"),
        (("product", "MUG-1", "--shop", "Shop A", "--queue", "fast"), 2, "there is no queue 'fast'"),
        (("category", "Home > Nowhere", "--shop", "Shop A"), 1, "There is no category"),
    ],
)
def test_what_cannot_be_synced_is_told_with_its_exit_status(
    cli: FlaskCliRunner, shop: PrestaShopShop, arguments: tuple[str, ...], status: int, words: str
) -> None:
    make_product()
    assert words in run(cli, "sync", *arguments, status=status)


def test_waiting_for_a_paused_shop_says_why_and_ends(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    product = make_product()
    run(cli, "shop", "pause", "Shop A", "--reason", "stocktaking")
    said = run(cli, "sync", "product", "MUG-1", "--shop", "Shop A", "--wait", status=1)
    assert "shop paused: stocktaking" in said
    assert status_of(product, shop).state is SyncState.PENDING
    run(cli, "shop", "resume", "Shop A")


def test_all_shops_gives_a_list_of_documents(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    make_product()
    (document,) = json.loads(run(cli, "sync", "product", "MUG-1", "--all-shops", "--json"))
    assert (document["sku"], document["shop"], document["state"]) == ("MUG-1", "Shop A", "pending")


def test_reset_puts_rows_back_and_keeps_the_ids(
    cli: FlaskCliRunner, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product()
    run(cli, "sync", "product", "MUG-1", "--shop", "Shop A")
    work()
    identifier = status_of(product, shop).external_id
    assert run(cli, "sync", "reset", "--shop", "Shop A", "--sku", "MUG-1") == "1 reset in shop 'Shop A'\n"
    status = status_of(product, shop)
    assert (status.state, status.external_id, status.payload_hash) == (SyncState.PENDING, identifier, None)
    work()
    assert status_of(product, shop).state is SyncState.SYNCED
    assert len(practice_82.products("MUG-1")) == 1


def test_failures_are_listed_retried_and_forgotten(
    cli: FlaskCliRunner, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    assert run(cli, "queue", "failed") == "Nothing failed.\n"
    for sku in ("MUG-1", "MUG-2"):
        make_product(sku, price_net=Decimal(-1))
        run(cli, "sync", "product", sku, "--shop", "Shop A")
    work()
    failed = json.loads(run(cli, "queue", "failed", "--json"))
    assert [(f["sku"], f["job"], f["shop"], f["cause"], f["attempts"]) for f in failed] == [
        ("MUG-2", "sync_product", "Shop A", "invalid_product", 1),
        ("MUG-1", "sync_product", "Shop A", "invalid_product", 1),
    ]
    assert failed[0]["message"].startswith("Job failed after 1 attempt: ")
    db.session.query(Product).update({"price_net": Decimal(1)})
    db.session.commit()
    assert json.loads(run(cli, "queue", "retry", str(failed[0]["id"]), "--json")) == {
        "retried": 1,
        "skipped": 0,
    }
    work()
    assert json.loads(run(cli, "queue", "flush", "--json")) == {"flushed": 1}
    assert json.loads(run(cli, "queue", "failed", "--json")) == []
    run(cli, "queue", "retry", "999", status=1)
    run(cli, "queue", "retry", "everything", status=2)


def test_the_monitor_tells_by_its_status_that_a_queue_is_over_the_limit(
    cli: FlaskCliRunner, shop: PrestaShopShop
) -> None:
    make_product()
    run(cli, "sync", "product", "MUG-1", "--shop", "Shop A", "--queue", "high")
    assert "prestashop_high: 1 waiting, OK" in run(cli, "queue", "monitor", "--max", "1")
    assert "prestashop_high: 1 waiting, over the limit of 0" in run(
        cli, "queue", "monitor", "--max", "0", status=1
    )
    stats = json.loads(run(cli, "queue", "stats", "--json"))
    assert stats["states"]["Shop A"]["pending"] == 1
    assert stats["queues"][0]["waiting"] == 1


def test_mappings_are_set_by_hand(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    category = make_category("Clothes", "Men")
    for kind, pair in (("tax", "23.0=4"), ("language", "PL=2"), ("category", "Home > Clothes > Men=9")):
        run(cli, "shop", "map", "Shop A", kind, pair)
    found = {
        (row.kind, row.ours): (row.remote_id, row.manual)
        for row in db.session.query(ShopMapping).filter(ShopMapping.manual)
    }
    assert found == {
        (MappingKind.TAX, "23"): (4, True),
        (MappingKind.LANGUAGE, "pl"): (2, True),
        (MappingKind.CATEGORY, str(category.id)): (9, True),
    }
    run(cli, "shop", "map", "Shop A", "tax", "many=4", status=1)
    run(cli, "shop", "map", "Shop A", "category", "Home > Nowhere=4", status=1)
    run(cli, "shop", "map", "Shop A", "tax", "23", status=2)


def test_the_key_is_encrypted_at_rest_and_rotated(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    old = shop.encrypted_key
    assert DEFAULT_KEY not in old
    cli.app.config["ENCRYPTION_KEYS"] = ["a newer phrase"]
    assert run(cli, "shop", "rotate-keys") == "1 keys encrypted anew\n"
    db.session.expire_all()
    assert shop.encrypted_key != old
    cli.app.config["SECRET_KEY"] = "another secret"
    assert "All well" in run(cli, "shop", "check", "Shop A")
    cli.app.config["ENCRYPTION_KEYS"] = []
    assert "cannot be read" in run(cli, "shop", "check", "Shop A", status=1)
    assert "Shop A" in run(cli, "shop", "rotate-keys", status=1)
    run(cli, "shop", "set", "Shop A", "--key", DEFAULT_KEY)
    assert "All well" in run(cli, "shop", "check", "Shop A")


def test_a_shop_that_does_not_answer_is_kept_and_the_status_says_so(cli: FlaskCliRunner) -> None:
    done = cli.invoke(args=["shop", "add", "Shop A", "http://127.0.0.1:1", "--key", DEFAULT_KEY, "--json"])
    assert done.exit_code == 1
    kept = json.loads(done.stdout)
    assert set(kept) == {"id", "name", "version", "problems"}
    assert "There is no connection to the shop" in done.stderr
    assert "flask shop check 'Shop A'" in done.stderr
    assert db.session.query(PrestaShopShop).count() == 1


def test_a_store_is_said_when_a_shop_is_added_or_later(cli: FlaskCliRunner) -> None:
    with serve(PracticeShop(stores=True)) as served:
        added = cli.invoke(args=["shop", "add", "One", served.url, "--key", DEFAULT_KEY, "--json"])
        assert added.exit_code == 0
        assert "has 4 stores" in json.loads(added.stdout)["problems"][0]
        assert "Set." in run(cli, "shop", "set", "One", "--store", "1")
        run(cli, "shop", "add", "Two", served.url, "--key", DEFAULT_KEY, "--store", "2")
        run(cli, "shop", "set", "Two", "--own-shared")
        checked = run(cli, "shop", "check", "Two")
        assert "Store: 2 " in checked
        assert "is written from here, and not by 'One'" in checked
        again = run(cli, "shop", "add", "Three", served.url, "--key", DEFAULT_KEY, "--store", "2", status=1)
    assert "The shop 'Two' is store 2 at this address already" in again


def test_a_currency_factor_is_set_and_read(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    run(cli, "shop", "set", "Shop A", "--currency-factor", "0.25")
    assert "Prices are multiplied by 0.25 for this shop." in run(cli, "shop", "check", "Shop A")
    assert "is no factor" in run(cli, "shop", "set", "Shop A", "--currency-factor", "x", status=1)
    run(cli, "shop", "set", "Shop A", "--currency-factor", "none")
    assert "multiplied" not in run(cli, "shop", "check", "Shop A")


def test_another_address_needs_the_key_on_the_command_line_too(
    cli: FlaskCliRunner, shop: PrestaShopShop
) -> None:
    told = run(cli, "shop", "set", "Shop A", "--url", "http://127.0.0.1:1", status=1)
    assert "needs the shop's key again" in told


def test_choosing_a_tax_group_says_what_is_sent(
    cli: FlaskCliRunner, shop: PrestaShopShop, work: Work
) -> None:
    product = make_product(tax_rate=Decimal("7.5"))
    run(cli, "sync", "product", "MUG-1", "--shop", "Shop A")
    work()
    assert "Sent now, as they waited for it: 1 product" in run(cli, "shop", "map", "Shop A", "tax", "7.5=5")
    work()
    assert status_of(product, shop).state is SyncState.SYNCED
