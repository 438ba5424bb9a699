"""flask sync products and flask batch: what they say, and their exit status."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskCliRunner

from ppm_web.extensions import db
from ppm_web.models import ItemOutcome, JobBatch, PrestaShopShop, ProductSyncStatus, now
from ppm_web.practice_shop import PracticeShop
from ppm_web.services.batches import control as batch_control
from ppm_web.services.catalog import writing as catalog_writing
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.upkeep import shop_switches
from tests.cli.test_sync_and_shop_cli import run
from tests.factories import make_category, make_product
from tests.views.rows import make_shop

Work = Callable[[], None]
TO_SHOP = ("sync", "products", "--shop", "Shop A")
NO_WORKER = "No worker is running: start one with `flask queue work`"
DOCUMENT = {
    "id",
    "name",
    "shop",
    "state",
    "run",
    "total",
    "processed",
    "failed",
    "progress",
    "finished_at",
    "outcomes",
}


def start(cli: FlaskCliRunner, *arguments: str) -> dict[str, Any]:
    """The document of a batch that was started."""
    done = cli.invoke(args=[*TO_SHOP, *arguments, "--json"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def started(cli: FlaskCliRunner) -> str:
    """The id of a batch of all products."""
    return str(start(cli, "--all")["batch"])


def shown(cli: FlaskCliRunner, batch_id: str) -> dict[str, Any]:
    """The document of the batch as it is now."""
    return dict(json.loads(run(cli, "batch", "show", batch_id, "--json")))


def batch_with_id(shop: PrestaShopShop, batch_id: str) -> None:
    """An empty batch with that id."""
    db.session.add(JobBatch(id=batch_id, name="Sale", shop_id=shop.id))
    db.session.commit()


def test_each_selection_takes_the_products_that_it_means(
    cli: FlaskCliRunner, shop: PrestaShopShop, work: Work, tmp_path: Path
) -> None:
    make_product("C-1", categories=(make_category("Clothes", "Men"),))
    make_product("P-1")
    make_product("BAD", price_net=Decimal(-1))
    list_of_skus = tmp_path / "skus.txt"
    list_of_skus.write_bytes(b"\xef\xbb\xbfP-1\r\n\r\n  C-1 \nP-1\n")
    assert start(cli, "--new")["total"] == 3
    assert start(cli, "--all")["total"] == 3
    assert start(cli, "--category", "Home > Clothes")["total"] == 1
    assert start(cli, "--modified-since", "1h")["total"] == 3
    assert start(cli, "--sku-file", str(list_of_skus))["total"] == 2
    work()
    document = start(cli, "--errors")
    assert document == {"batch": document["batch"], "total": 1}
    assert shown(cli, document["batch"])["selection"] == "in error or conflict"


@pytest.mark.parametrize("arguments", [(), ("--all", "--new"), ("--errors", "--modified-since", "1h")])
def test_exactly_one_selection_is_asked_for(
    cli: FlaskCliRunner, shop: PrestaShopShop, arguments: tuple[str, ...]
) -> None:
    assert "Say which products: exactly one of --all, --category" in run(cli, *TO_SHOP, *arguments, status=2)
    assert db.session.query(JobBatch).count() == 0


def test_what_is_not_there_is_told(cli: FlaskCliRunner, shop: PrestaShopShop, tmp_path: Path) -> None:
    make_product()
    assert "There is no shop 'Nowhere'. Shops: 'Shop A'" in run(
        cli, "sync", "products", "--shop", "Nowhere", "--all", status=1
    )
    nowhere = run(cli, *TO_SHOP, "--category", "Home > Nowhere", status=1)
    assert "There is no category 'Home > Nowhere' in the catalogue" in nowhere
    assert "is no duration" in run(cli, *TO_SHOP, "--modified-since", "yesterday", status=2)
    assert "does not exist" in run(cli, *TO_SHOP, "--sku-file", str(tmp_path / "none.txt"), status=2)
    assert db.session.query(JobBatch).count() == 0


def test_skus_that_no_product_has_are_told_and_left_out(
    cli: FlaskCliRunner, shop: PrestaShopShop, tmp_path: Path
) -> None:
    make_product()
    list_of_skus = tmp_path / "skus.txt"
    list_of_skus.write_text("MUG-1\n" + "".join(f"NOPE-{number}\n" for number in range(11)))
    done = cli.invoke(args=[*TO_SHOP, "--sku-file", str(list_of_skus), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["total"]) == (0, 1)
    assert done.stderr.startswith("11 of 12 SKUs are not in the catalogue: NOPE-0, NOPE-1, ")
    assert done.stderr.endswith("NOPE-9 …\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1250"])
def test_a_list_of_skus_in_another_encoding_is_wrong_use(
    cli: FlaskCliRunner, shop: PrestaShopShop, tmp_path: Path, encoding: str
) -> None:
    list_of_skus = tmp_path / "skus.txt"
    list_of_skus.write_bytes("KUBEK-Ł\n".encode(encoding))
    assert "is no text in UTF-8: write one SKU a line" in run(
        cli, *TO_SHOP, "--sku-file", str(list_of_skus), status=2
    )


@pytest.mark.parametrize("text", ["", "\n \n", "NOPE\n"])
def test_a_list_without_any_product_is_nothing_to_do(
    cli: FlaskCliRunner, shop: PrestaShopShop, tmp_path: Path, text: str
) -> None:
    make_product()
    list_of_skus = tmp_path / "skus.txt"
    list_of_skus.write_text(text)
    assert "Nothing to do: no product is meant" in run(cli, *TO_SHOP, "--sku-file", str(list_of_skus))
    assert db.session.query(JobBatch).count() == 0


@pytest.mark.parametrize("wait", [(), ("--wait",)])
def test_nothing_to_do_is_said_and_makes_no_batch(
    cli: FlaskCliRunner, shop: PrestaShopShop, wait: tuple[str, ...]
) -> None:
    done = cli.invoke(args=[*TO_SHOP, "--all", "--json", *wait])
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"batch": None, "total": 0})
    assert done.stderr == "Nothing to do: no product is meant\n"
    assert db.session.query(JobBatch).count() == 0


def test_an_inactive_shop_is_refused(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    make_product()
    shop_switches.set_active(shop, False)
    for mode in ((), ("--dry-run",)):
        assert "Shop 'Shop A' is not active" in run(cli, *TO_SHOP, "--all", *mode, status=1)
    assert db.session.query(JobBatch).count() == 0


def test_a_dry_run_says_what_it_would_cost_and_does_nothing(
    cli: FlaskCliRunner, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    for number in range(3):
        make_product(f"P-{number}")
    start(cli, "--all")
    work()
    product = make_product("NEW-1")
    catalog_writing.update_product(product.id, {"quantity": 1})
    practice_82.reset_stats()
    said = run(cli, *TO_SHOP, "--all", "--dry-run")
    assert said == (
        "4 products, 3 unchanged, 1 new: about 4 requests and less than a minute at this shop's pace. "
        "Nothing was started.\n"
        "1 would be created, 0 are in the shop already and would be linked (0 of them change), 0 would be "
        "updated, 3 stay as they are, 0 are in conflict, 0 cannot be sent.\n"
    )
    estimate = json.loads(run(cli, *TO_SHOP, "--all", "--dry-run", "--json"))
    operations = estimate.pop("operations")
    assert estimate == {"total": 4, "unchanged": 3, "new": 1, "requests": 4, "minutes": 0.0}
    assert (operations["create"], operations["none"], operations["samples"]) == (1, 3, [])
    work()
    assert set(practice_82.counts) == {"GET"}, "the shop is read, and nothing is written"
    assert db.session.query(JobBatch).count() == 1
    assert db.session.query(ProductSyncStatus).count() == 3
    assert "Nothing to do: no product is meant." in run(cli, *TO_SHOP, "--errors", "--dry-run")


def test_a_batch_that_is_started_tells_its_id_and_its_products(
    cli: FlaskCliRunner, shop: PrestaShopShop
) -> None:
    make_product()
    said = run(cli, *TO_SHOP, "--all", "--name", "  Autumn   sale ")
    (batch,) = db.session.query(JobBatch).all()
    assert said == f"Batch {batch.id}: 1 product: 1 waiting\n"
    assert (batch.name, batch.requested_by) == ("Autumn sale", "command line")


@pytest.fixture
def at_once(cli: FlaskCliRunner) -> None:
    """No queue: batches are worked on as they are started."""
    cli.app.config["QUEUE_MODE"] = "sync"


def test_waiting_ends_with_status_0_when_all_is_in_the_shop(
    cli: FlaskCliRunner, shop: PrestaShopShop, at_once: None
) -> None:
    make_product()
    assert run(cli, *TO_SHOP, "--all", "--wait").endswith("1 product: 1 created\n")
    done = cli.invoke(args=[*TO_SHOP, "--all", "--wait", "--json"])
    assert (done.exit_code, set(json.loads(done.stdout))) == (0, {"batch", "total"})
    assert "1 product: 1 unchanged" in done.stderr


def test_waiting_ends_with_status_1_when_a_product_failed(
    cli: FlaskCliRunner, shop: PrestaShopShop, at_once: None
) -> None:
    make_product("P-1")
    make_product("BAD", price_net=Decimal(-1))
    done = cli.invoke(args=[*TO_SHOP, "--all", "--wait", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["total"]) == (1, 2)
    assert "2 products: 1 created, 1 failed" in done.stderr
    assert "First failure: BAD: Job failed after 1 attempt: " in done.stderr


def test_without_a_queue_waiting_makes_the_next_try_when_it_is_due(
    cli: FlaskCliRunner,
    practice_82: PracticeShop,
    shop: PrestaShopShop,
    at_once: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_product()
    practice_82.set_faults({"503": "1x"})
    with time_machine.travel(now(), tick=True) as clock:
        monkeypatch.setattr("time.sleep", lambda _seconds: clock.shift(16))
        assert run(cli, *TO_SHOP, "--all", "--wait").endswith("1 product: 1 created\n")


@pytest.mark.parametrize("terminal", ["0", "1"])
def test_a_name_and_a_reason_are_told_as_they_are_however_long(
    cli: FlaskCliRunner, shop: PrestaShopShop, monkeypatch: pytest.MonkeyPatch, terminal: str
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", terminal)
    monkeypatch.setenv("TERM", "xterm")
    make_product()
    reason = f"the gateway said [/api/products] [red]{'no' * 60}"
    shop_switches.pause_shop(shop, reason)
    said = run(cli, *TO_SHOP, "--all", "--name", "Sale [/50%]", "--wait", status=1)
    assert f"shop paused: {reason}\n" in said
    assert ("Sale [/50%]" in said) is (terminal == "1")


def test_a_queue_that_cannot_be_reached_is_told_and_the_batch_is_kept(
    cli: FlaskCliRunner, shop: PrestaShopShop
) -> None:
    make_product()
    cli.app.config["REDIS_URL"] = "redis://127.0.0.1:1/0"
    cli.app.extensions["ppm_queue"].clear()
    said = run(cli, *TO_SHOP, "--all", "--wait", status=1)
    assert "The batch is kept, and goes on when the queue is back." in said
    (batch,) = db.session.query(JobBatch).all()
    assert (batch.state, batch.waiting) == ("waiting", 1)


def test_waiting_for_a_paused_shop_says_why_and_ends_with_status_1(
    cli: FlaskCliRunner, shop: PrestaShopShop
) -> None:
    make_product()
    shop_switches.pause_shop(shop, "stocktaking")
    said = run(cli, *TO_SHOP, "--all", "--wait", status=1)
    assert "shop paused: stocktaking" in said
    assert NO_WORKER not in said


def test_watching_says_what_holds_the_batch_up(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    make_product()
    batch_id = started(cli)
    run(cli, "batch", "pause", batch_id)
    assert "the batch is paused" in run(cli, "batch", "show", batch_id, "--watch")
    run(cli, "batch", "resume", batch_id)
    shop_switches.pause_shop(shop, "stocktaking")
    done = cli.invoke(args=["batch", "show", batch_id, "--watch", "--json"])
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (0, "waiting")
    assert done.stderr == "shop paused: stocktaking\n"


def test_watching_without_a_worker_says_so_and_goes_on_to_the_end(
    cli: FlaskCliRunner, shop: PrestaShopShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_product()
    batch_id = started(cli)
    monkeypatch.setattr("time.sleep", lambda _seconds: batch_control.cancel(batch_id))
    done = cli.invoke(args=["batch", "show", batch_id, "--watch"])
    assert (done.exit_code, done.stderr) == (0, NO_WORKER + "\n")
    assert "1 product: 1 cancelled" in done.stdout


def test_the_document_of_a_batch_has_every_key_and_every_outcome(
    cli: FlaskCliRunner, shop: PrestaShopShop, work: Work
) -> None:
    make_product("P-1")
    make_product("BAD", price_net=Decimal(-1))
    batch_id = started(cli)
    document = shown(cli, batch_id)
    assert set(document) >= DOCUMENT
    assert document["outcomes"] == {outcome.value: 0 for outcome in ItemOutcome} | {"waiting": 2}
    assert len(document["outcomes"]) == 9
    assert (document["id"], document["shop"], document["state"]) == (batch_id, "Shop A", "waiting")
    assert (document["run"], document["total"], document["processed"], document["progress"]) == (1, 2, 0, 0)
    assert document["finished_at"] is None
    work()
    document = shown(cli, batch_id)
    assert {name: number for name, number in document["outcomes"].items() if number} == {
        "created": 1,
        "failed": 1,
    }
    assert (document["state"], document["processed"], document["failed"]) == ("finished", 2, 1)
    assert (document["progress"], document["name"]) == (100, "Bulk Sync to Shop A")
    assert document["finished_at"].endswith("+00:00")
    assert json.loads(run(cli, "batch", "list", "--json")) == [document]


def test_a_batch_is_shown_in_words_with_its_first_failure(
    cli: FlaskCliRunner, shop: PrestaShopShop, work: Work
) -> None:
    make_product("BAD", price_net=Decimal(-1))
    batch_id = started(cli)
    work()
    said = run(cli, "batch", "show", batch_id).splitlines()
    assert said[:2] == ["Bulk Sync to Shop A (all products), run 1: finished, 100 %", "1 product: 1 failed"]
    assert said[2].startswith("First failure: BAD: Job failed after 1 attempt: ")


def test_the_newest_batches_are_listed_first(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    assert "There is no batch yet: flask sync products --shop NAME --all" in run(cli, "batch", "list")
    assert json.loads(run(cli, "batch", "list", "--json")) == []
    make_product()
    for name in ("First", "Second"):
        start(cli, "--all", "--name", name)
    assert [batch["name"] for batch in json.loads(run(cli, "batch", "list", "--json"))] == ["Second", "First"]
    limited = run(cli, "batch", "list", "--limit", "1")
    assert "Second" in limited
    assert "0 of 1" in limited
    assert "First" not in limited


def test_the_beginning_of_an_id_is_enough_while_it_is_the_only_one(
    cli: FlaskCliRunner, shop: PrestaShopShop
) -> None:
    first, second = "aaaa1111-0000-4000-8000-000000000000", "aaaa2222-0000-4000-8000-000000000000"
    for batch_id in (first, second):
        batch_with_id(shop, batch_id)
    assert shown(cli, "aaaa1")["id"] == first
    assert shown(cli, second)["id"] == second
    ambiguous = run(cli, "batch", "show", "aaaa", status=2)
    assert "Several batches begin with 'aaaa': write more of the id" in ambiguous
    for text in ("b", "%", "____", "aaaa3"):
        assert f"There is no batch '{text}': flask batch list" in run(cli, "batch", "show", text, status=1)


@pytest.mark.parametrize("verb", ["show", "pause", "resume", "cancel", "retry-failed"])
def test_a_batch_that_is_not_there_is_told_by_every_command(cli: FlaskCliRunner, verb: str) -> None:
    text = str(uuid.uuid4())
    assert f"There is no batch '{text}': flask batch list" in run(cli, "batch", verb, text, status=1)


def test_a_batch_is_paused_resumed_and_cancelled(
    cli: FlaskCliRunner, practice_82: PracticeShop, shop: PrestaShopShop, work: Work
) -> None:
    make_product()
    batch_id = started(cli)
    said = run(cli, "batch", "pause", batch_id[:13])
    assert said == f"Paused, with 1 product left. To go on: flask batch resume {batch_id}\n"
    work()
    assert practice_82.counts == {}
    assert run(cli, "batch", "resume", batch_id) == "Goes on, with 1 product left\n"
    assert run(cli, "batch", "cancel", batch_id) == "Cancelled, with 1 product not sent\n"
    assert shown(cli, batch_id)["outcomes"]["cancelled"] == 1


def test_what_failed_is_tried_again_as_a_new_run(
    cli: FlaskCliRunner, shop: PrestaShopShop, work: Work
) -> None:
    bad = make_product("BAD", price_net=Decimal(-1))
    batch_id = started(cli)
    work()
    catalog_writing.update_product(bad.id, {"price_net": Decimal(1)})
    said = run(cli, "batch", "retry-failed", batch_id)
    assert said == f"Tried again: 1 product. To follow: flask batch show {batch_id} --watch\n"
    work()
    document = shown(cli, batch_id)
    assert (document["run"], document["state"], document["outcomes"]["created"]) == (2, "finished", 1)


@pytest.mark.parametrize(
    ("verbs", "words"),
    [
        (("pause", "pause"), "The batch is paused and cannot be paused"),
        (("resume",), "The batch is waiting, not paused"),
        (("retry-failed",), "The batch is still waiting: its failures can be retried when it has ended"),
        (("cancel", "cancel"), "The batch has ended already: it is cancelled"),
        (("cancel", "pause"), "The batch is cancelled and cannot be paused"),
        (("cancel", "retry-failed"), "Nothing of the batch failed"),
    ],
)
def test_a_batch_in_the_wrong_state_stays_as_it_is_and_says_so(
    cli: FlaskCliRunner, shop: PrestaShopShop, verbs: tuple[str, ...], words: str
) -> None:
    make_product()
    batch_id = started(cli)
    for verb in verbs[:-1]:
        run(cli, "batch", verb, batch_id)
    before = shown(cli, batch_id)
    done = cli.invoke(args=["batch", verbs[-1], batch_id])
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", words + "\n")
    assert shown(cli, batch_id) == before


def test_batches_of_all_shops_are_told_apart_by_their_shop(cli: FlaskCliRunner, shop: PrestaShopShop) -> None:
    make_product()
    batch_control.bulk_sync(make_shop("Shop B").id, Selection("all"), by="test")
    started(cli)
    assert [batch["shop"] for batch in json.loads(run(cli, "batch", "list", "--json"))] == [
        "Shop A",
        "Shop B",
    ]
