"""Importing a good file: what is added, updated, cleared and left alone."""

from __future__ import annotations

import itertools
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask

from ppm_web.extensions import db
from ppm_web.models import Product
from ppm_web.services.catalog.finding import category_path
from ppm_web.services.imports import run as import_run
from ppm_web.services.imports.run import import_catalog
from tests.services.import_files import HEADER, bad, counts, figures, names, product, run, skus, write
from tests.support import Statements

pytestmark = pytest.mark.usefixtures("app")

FULL = """\
sku,ean13,price_net,tax_rate,quantity,manufacturer,weight,width,height,depth,active,categories,images,\
name:en,short_description:en,description:en,slug:en,meta_title:en,meta_description:en,name:pl
MUG-1,5901234123457,12.50,23,7,Kiln & Sons,0.35,8,9.5,8,1,Home > Kitchen > Mugs|Home > Sale,\
images/mug.jpg|https://example.com/mug.png,"Mug, ""Aurora"" 🌈",<p>Nice.</p>,"<p>One,
two</p>",mug-aurora,Aurora,Buy it,Kubek „Zorza”
"""


def test_every_column_lands_in_its_field(tmp_path: Path) -> None:
    assert figures(run(tmp_path, FULL)) == (1, 0, 0, 0)

    mug = product("MUG-1")
    assert mug.ean13 == "5901234123457"
    assert [mug.price_net, mug.tax_rate] == [Decimal("12.5"), Decimal(23)]
    assert (mug.quantity, mug.active, mug.revision) == (7, True, 1)
    measures = [mug.weight, mug.width, mug.height, mug.depth]
    assert measures == [Decimal("0.35"), Decimal(8), Decimal("9.5"), Decimal(8)]
    assert mug.manufacturer is not None
    assert mug.manufacturer.name == "Kiln & Sons"
    paths = [category_path(link.category) for link in mug.category_links]
    assert paths == ["Home > Kitchen > Mugs", "Home > Sale"]
    assert [image.source for image in mug.images] == ["images/mug.jpg", "https://example.com/mug.png"]
    english, polish = sorted(mug.texts, key=lambda text: text.language)
    assert english.name == 'Mug, "Aurora" 🌈'
    assert english.short_description == "<p>Nice.</p>"
    assert english.description == "<p>One,\ntwo</p>"
    assert (english.slug, english.meta_title, english.meta_description) == ("mug-aurora", "Aurora", "Buy it")
    assert polish.name == "Kubek „Zorza”"


def test_the_same_file_again_changes_nothing(tmp_path: Path, statements: Statements) -> None:
    run(tmp_path, FULL)

    with statements() as seen:
        assert figures(run(tmp_path, FULL)) == (0, 0, 1, 0)
    assert not [statement for statement in seen if statement.startswith(("UPDATE", "INSERT", "DELETE"))]
    assert product("MUG-1").revision == 1


def test_what_the_columns_of_a_new_product_do_not_give_is_not_held(tmp_path: Path) -> None:
    assert figures(run(tmp_path, "sku,price_net,tax_rate,name:pl\nMUG-1,12.50,23,Kubek\n")) == (1, 0, 0, 0)

    mug = product("MUG-1")
    assert [getattr(mug, name) for name in ("ean13", "quantity", "active", "manufacturer_id")] == [None] * 4
    assert [getattr(mug, name) for name in ("weight", "width", "height", "depth")] == [None] * 4
    assert (mug.manufacturer_emptied, mug.categories_emptied) == (False, False)
    assert (mug.category_links, mug.images) == ([], [])
    [text] = mug.texts
    assert (text.language, text.name) == ("pl", "Kubek")
    others = ("short_description", "description", "slug", "meta_title", "meta_description")
    assert [getattr(text, name) for name in others] == [None] * 5


def test_a_column_that_comes_later_is_held_from_then_on(tmp_path: Path) -> None:
    run(tmp_path, HEADER + "MUG-1,12.50,23,Mug\n")

    assert figures(run(tmp_path, "sku,weight,description:en\nMUG-1,0.3,<p>Blue</p>\n")) == (0, 1, 0, 0)

    mug = product("MUG-1")
    assert (mug.weight, mug.width, mug.ean13) == (Decimal("0.3"), None, None)
    assert (mug.texts[0].description, mug.texts[0].slug) == ("<p>Blue</p>", None)


EMPTIES = "sku,price_net,tax_rate,name:en,ean13,manufacturer,weight,categories,slug:en,description:pl\n"


def test_empty_cells_of_a_new_product_are_emptied_and_empty_again_changes_nothing(tmp_path: Path) -> None:
    assert figures(run(tmp_path, EMPTIES + "MUG-1,1,23,Mug,,,,,,\n")) == (1, 0, 0, 0)
    mug = product("MUG-1")
    assert (mug.ean13, mug.weight, mug.width) == ("", Decimal(0), None)
    assert (mug.manufacturer_emptied, mug.categories_emptied) == (True, True)
    assert [(text.language, text.slug, text.description) for text in mug.texts] == [("en", "", None)]

    assert figures(run(tmp_path, EMPTIES + "MUG-1,1,23,Mug,,,,,,\n")) == (0, 0, 1, 0)
    assert product("MUG-1").revision == 1


def test_what_was_emptied_is_held_again_with_its_next_value(tmp_path: Path) -> None:
    run(tmp_path, EMPTIES + "MUG-1,1,23,Mug,,,,,,\n")

    assert figures(run(tmp_path, EMPTIES + "MUG-1,1,23,Mug,,Kiln,,Mugs,,\n")) == (0, 1, 0, 0)
    mug = product("MUG-1")
    assert mug.manufacturer is not None
    assert (mug.manufacturer_emptied, mug.categories_emptied) == (False, False)
    assert [link.category.name for link in mug.category_links] == ["Mugs"]

    assert figures(run(tmp_path, EMPTIES + "MUG-1,1,23,Mug,,,,,,\n")) == (0, 1, 0, 0)
    mug = product("MUG-1")
    assert (mug.manufacturer_id, mug.manufacturer_emptied, mug.categories_emptied) == (None, True, True)
    assert (mug.category_links, mug.revision) == ([], 3)


def test_no_category_and_the_root_alone_are_the_same(tmp_path: Path) -> None:
    header = "sku,price_net,tax_rate,name:en,categories\n"
    run(tmp_path, header + "MUG-1,1,23,Mug,Home\n")

    assert figures(run(tmp_path, header + "MUG-1,1,23,Mug,\n")) == (0, 0, 1, 0)


def test_a_quantity_alone_moves_the_revision_and_not_that_of_the_other_fields(tmp_path: Path) -> None:
    run(tmp_path, FULL)
    run(tmp_path, "sku,quantity\nMUG-1,8\n")
    mug = product("MUG-1")
    assert (mug.revision, mug.fields_revision) == (2, 1)

    for number, (column, cell) in enumerate(
        [("ean13", ""), ("categories", "Home > Mugs"), ("images", "b.jpg"), ("name:en", "Cup")], start=3
    ):
        run(tmp_path, f"sku,quantity,{column}\nMUG-1,{number + 10},{cell}\n")
        mug = product("MUG-1")
        assert (mug.revision, mug.fields_revision) == (number, number)


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        ("ABC-100", "abc-100"),
        ("Żółw-1", "ŻÓŁW-1"),
        ("CAFÉ-1", "cafe-1"),
        ("ABC-100", "Abc-100\u200b"),
        ("STRAẞE", "straße"),
    ],
)
def test_a_sku_in_another_spelling_is_told_with_both_and_no_second_product(
    tmp_path: Path, kept: str, written: str
) -> None:
    run(tmp_path, HEADER + f"{kept},1,23,Mug\n")

    result = run(tmp_path, HEADER + f"OTHER,1,23,Mug\n{written},2,23,Mug\n")

    assert bad(result) == [(3, "sku")]
    assert repr(kept) in result.bad[0].reason
    assert repr(written.strip("\u200b")) in result.bad[0].reason
    assert skus() == sorted(["OTHER", kept])
    assert product(kept).price_net == 1


def test_a_sku_in_two_spellings_of_one_file_is_told_with_both(tmp_path: Path) -> None:
    result = run(tmp_path, HEADER + "MUG-1,1,23,Mug\nmug-1,2,23,Mug\n")

    assert bad(result) == [(3, "sku")]
    assert result.bad[0].reason == "'mug-1' is in line 2 already, written 'MUG-1'"


@pytest.mark.parametrize(
    "written", ["\ufeffSPC-1", "SPC-1\u200b", " SPC-1 ", "\u00a0SPC-1\u2060", "\u2003\u200eSPC-1\u00ad"]
)
def test_what_nobody_sees_around_a_sku_is_no_part_of_it(tmp_path: Path, written: str) -> None:
    run(tmp_path, HEADER + "SPC-1,1,23,Mug\n")

    assert figures(run(tmp_path, HEADER + f'"{written}",2,23,Mug\n')) == (0, 1, 0, 0)
    assert skus() == ["SPC-1"]


def test_products_that_were_kept_in_two_spellings_are_each_found_by_their_own(tmp_path: Path) -> None:
    for sku in ("abc", "ABC"):
        db.session.add(Product(sku=sku, price_net=Decimal(1), tax_rate=Decimal(23)))
    db.session.commit()

    assert figures(run(tmp_path, HEADER + "ABC,2,23,Mug\n")) == (0, 1, 0, 0)
    assert [product(sku).price_net for sku in ("ABC", "abc")] == [2, 1]


def test_products_are_looked_up_in_one_query_for_a_chunk(tmp_path: Path, statements: Statements) -> None:
    content = HEADER + "".join(f"SKU-{number},1,23,Mug\n" for number in range(200))
    run(tmp_path, content)

    with statements() as seen:
        assert figures(run(tmp_path, content)) == (0, 0, 200, 0)
    assert sum("FROM product " in statement for statement in seen) == 1


def test_a_product_on_sale_for_nothing_is_taken_and_told(tmp_path: Path) -> None:
    header = "sku,price_net,tax_rate,name:en,active\n"
    lines = "A,0,23,Mug,1\nB,0,23,Mug,0\nC,1,23,Mug,1\n"

    result = run(tmp_path, header + lines)

    assert figures(result) == (3, 0, 0, 0)
    assert [(cell.line, cell.column) for cell in result.warnings] == [(2, "price_net")]
    assert "give it away" in result.warnings[0].reason
    switched_on = run(tmp_path, "sku,active\nB,1\n")
    assert [(cell.line, cell.column) for cell in switched_on.warnings] == [(2, "price_net")]
    assert run(tmp_path, "sku,name:en\nA,Cup\n").warnings == []
    assert len(run(tmp_path, HEADER + "D,0.00,23,Mug\n").warnings) == 1


@pytest.mark.parametrize("mark", ["->", "-->", "→", "»", ">"])
def test_arrows_part_the_names_of_a_path(tmp_path: Path, mark: str) -> None:
    header = "sku,price_net,tax_rate,name:en,categories\n"

    run(tmp_path, f"{header}A,1,23,A,Elektronika {mark} Audio{mark}Hi-Fi\n")

    [link] = product("A").category_links
    assert category_path(link.category) == "Home > Elektronika > Audio > Hi-Fi"


def test_a_semicolon_file_with_a_dot_before_three_digits_is_told(tmp_path: Path) -> None:
    header = "sku;price_net;tax_rate;name:pl;weight\n"
    lines = (
        "A;12,50;23;Kubek;1,5\nB;1.234;23;Kubek;1\nC;2.500;23;Kubek;1\nD;1;23;Kubek;1.250\nE;1.5;23;K;2.25\n"
    )

    result = run(tmp_path, header + lines)

    assert bad(result) == [(3, "price_net"), (4, "price_net"), (5, "weight")]
    assert result.bad[0].reason == "'1.234' can be read in two ways: write 1234 or 1.2340"
    assert result.bad[1].reason == "'2.500' can be read in two ways: write 2500 or 2.5"
    assert skus() == ["A", "E"]
    assert (product("A").price_net, product("E").weight) == (Decimal("12.5"), Decimal("2.25"))


def test_in_a_file_with_commas_between_its_cells_a_dot_begins_the_decimal_places(tmp_path: Path) -> None:
    run(tmp_path, "sku,price_net,tax_rate,name:en,weight\nA,1.234,23,Mug,2.500\n")

    assert (product("A").price_net, product("A").weight) == (Decimal("1.234"), Decimal("2.5"))


def test_columns_that_are_missing_are_left_alone(tmp_path: Path) -> None:
    run(tmp_path, FULL)

    assert figures(run(tmp_path, "price_net,sku\n13,MUG-1\n")) == (0, 1, 0, 0)

    mug = product("MUG-1")
    assert (mug.price_net, mug.revision) == (Decimal(13), 2)
    assert mug.ean13 == "5901234123457"
    assert names("MUG-1") == {"en": 'Mug, "Aurora" 🌈', "pl": "Kubek „Zorza”"}
    assert len(mug.category_links) == 2


def test_empty_cells_clear_what_can_be_empty(tmp_path: Path) -> None:
    run(tmp_path, FULL)
    header = "sku,ean13,manufacturer,weight,categories,images,description:en,name:pl\n"

    assert figures(run(tmp_path, header + "MUG-1,,,,,,,\n")) == (0, 1, 0, 0)

    mug = product("MUG-1")
    assert (mug.ean13, mug.manufacturer_id, mug.images) == ("", None, [])
    assert [mug.weight, mug.width] == [0, 8]
    assert (mug.category_links, mug.categories_emptied, mug.manufacturer_emptied) == ([], True, True)
    assert names("MUG-1") == {"en": 'Mug, "Aurora" 🌈'}
    assert mug.texts[0].description == ""
    assert mug.revision == 2


@pytest.mark.parametrize("column", ["sku", "price_net", "tax_rate", "quantity", "active", "name:en"])
def test_empty_cells_that_clear_nothing_are_told(tmp_path: Path, column: str) -> None:
    run(tmp_path, HEADER + "MUG-1,12.50,23,Mug\n")
    cells = {
        "sku": "MUG-1",
        "price_net": "1",
        "tax_rate": "8",
        "quantity": "3",
        "active": "0",
        "name:en": "X",
    }
    cells[column] = ""

    result = run(tmp_path, f"{','.join(cells)}\n{','.join(cells.values())}\n")

    assert bad(result) == [(2, column)]
    assert product("MUG-1").revision == 1


@pytest.mark.parametrize("column", ["price_net", "tax_rate", "name:en"])
def test_a_new_product_is_not_made_without_price_tax_and_name(tmp_path: Path, column: str) -> None:
    cells = {"sku": "MUG-1", "price_net": "1", "tax_rate": "8", "name:en": "Mug"}
    del cells[column]

    result = run(tmp_path, f"{','.join(cells)}\n{','.join(cells.values())}\n")

    assert bad(result) == [(2, column)]
    assert counts() == (0, 0, 0)


def test_a_language_with_texts_but_no_name_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, "sku,price_net,tax_rate,name:en,name:pl,slug:pl\nMUG-1,1,8,Mug,,kubek\n")

    assert [(cell.line, cell.column) for cell in result.bad] == [(2, "name:pl")]
    assert "other texts" in result.bad[0].reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12.50", "12.5"),
        ("12,50", "12.5"),
        ("0", "0"),
        ("0,125", "0.125"),
        (" 7 ", "7"),
        ("1.123456", "1.123456"),
    ],
)
def test_prices_are_read_with_a_dot_or_one_comma(tmp_path: Path, text: str, value: str) -> None:
    run(tmp_path, f'sku,price_net,tax_rate,name:en\nMUG-1,"{text}",5,Mug\n')

    assert product("MUG-1").price_net == Decimal(value)


def test_encodings_delimiters_and_line_ends_of_spreadsheets_are_read(tmp_path: Path) -> None:
    rows = [["SKU", "price_net ", "tax_rate", "name:PL"], ["", "1.5", "23", "Zażółć gęślą 🌈"], []]
    kinds = itertools.product(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"], [",", ";", "\t"], ["\n", "\r\n"]
    )
    for number, (encoding, delimiter, line_end) in enumerate(kinds):
        rows[1][0] = f"KUB-{number}"
        mark = "\ufeff" if encoding.endswith("e") else ""
        content = mark + line_end.join(delimiter.join(row) for row in rows)

        assert figures(run(tmp_path, content.encode(encoding))) == (1, 0, 0, 0), (encoding, delimiter)
        assert names(f"KUB-{number}") == {"pl": "Zażółć gęślą 🌈"}


def test_any_language_may_come(tmp_path: Path) -> None:
    run(tmp_path, "sku,price_net,tax_rate,name:pt-br,name:uk\nMUG-1,1,5,Caneca,Чашка\n")

    assert names("MUG-1") == {"pt-BR": "Caneca", "uk": "Чашка"}


def test_empty_lines_and_nameless_columns_at_the_end_are_passed_over(tmp_path: Path) -> None:
    result = run(
        tmp_path, "\nsku,price_net,tax_rate,name:en,,\n\nMUG-1,1,5,Mug,,\n,,,,,\n \nMUG-2,x,5,Mug,,\n"
    )

    assert figures(result) == (1, 0, 0, 1)
    assert bad(result) == [(7, "price_net")]


def test_names_that_differ_in_case_only_are_one_category_and_one_manufacturer(tmp_path: Path) -> None:
    lines = "A,1,5,A,Świt,Home > Kubki > Duże\nB,1,5,B,ŚWIT,kubki >  duże|Home > KUBKI\n"
    run(tmp_path, "sku,price_net,tax_rate,name:en,manufacturer,categories\n" + lines)

    assert counts() == (2, 2, 1)
    assert [link.category.name for link in product("B").category_links] == ["Duże", "Kubki"]


def test_a_new_order_of_categories_and_images_is_one_update(tmp_path: Path) -> None:
    header = "sku,price_net,tax_rate,name:en,categories,images\n"
    run(tmp_path, header + "A,1,5,A,X|Y|Z,a.jpg|b.jpg|c.jpg\nB,1,5,B,X,\n")

    assert figures(run(tmp_path, header + "A,1,5,A,Z|X,c.jpg|a.jpg\nB,1,5,B,X,\n")) == (0, 1, 1, 0)

    assert [link.category.name for link in product("A").category_links] == ["Z", "X"]
    assert [image.source for image in product("A").images] == ["c.jpg", "a.jpg"]
    assert (product("A").revision, product("B").revision) == (2, 1)


def test_a_dry_run_finds_the_same_figures_and_writes_nothing(tmp_path: Path) -> None:
    header = "sku,price_net,tax_rate,name:en,manufacturer,categories\n"
    run(tmp_path, header + "A,1,5,A,,\nB,1,5,B,,\n")
    content = (
        header
        + "A,1,5,A,,\nB,2,5,B,New maker,Home > New\nC,1,5,C,New maker,Home > New\nD,x,5,D,,\nE,1,5,,,\n"
    )

    dry = run(tmp_path, content, dry_run=True)

    assert figures(dry) == (1, 1, 1, 2)
    assert counts() == (2, 0, 0)
    assert product("B").revision == 1
    assert run(tmp_path, content) == dry
    assert counts() == (3, 1, 1)


def test_chunks_are_committed_one_by_one_and_a_second_run_ends_what_a_crash_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "CHUNK", 10)
    path = write(tmp_path, HEADER + "".join(f"SKU-{n:02},1,5,Mug\n" for n in range(35)))

    def crash(_done: int, _total: int) -> None:
        if len(skus()) == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_catalog(path, progress=crash)
    db.session.rollback()
    assert len(skus()) == 20

    assert figures(import_catalog(path)) == (15, 0, 20, 0)
    assert len(skus()) == 35


def test_progress_goes_up_to_the_size_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_run, "CHUNK", 10)
    path = write(tmp_path, HEADER + "".join(f"SKU-{n:02},1,5,Mug\n" for n in range(35)))
    seen: list[tuple[int, int]] = []

    import_catalog(path, progress=lambda done, total: seen.append((done, total)))

    size = path.stat().st_size
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (size, size)


def test_no_transaction_is_open_while_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_run, "CHUNK", 2)
    db.session.commit()
    open_while_reading: list[bool] = []

    import_catalog(
        write(tmp_path, HEADER + "".join(f"SKU-{n},1,5,Mug\n" for n in range(6))),
        progress=lambda _done, _total: open_while_reading.append(db.session().in_transaction()),
    )

    assert open_while_reading == [False, False, False]


def test_two_imports_of_one_file_at_once_make_each_product_once(app: Flask, tmp_path: Path) -> None:
    header = "sku,price_net,tax_rate,name:en,manufacturer,categories\n"
    lines = [f"SKU-{n:03},1,5,Mug,Maker {n % 5},Home > A{n % 7} > B\n" for n in range(300)]
    paths = [
        write(tmp_path, header + "".join(lines), "forwards.csv"),
        write(tmp_path, header + "".join(reversed(lines)), "backwards.csv"),
    ]
    start = threading.Barrier(2)
    added: list[int] = []

    def work(path: Path) -> None:
        with app.app_context():
            start.wait()
            added.append(import_catalog(path).added)
            db.session.remove()

    threads = [threading.Thread(target=work, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(added) == 300
    assert counts() == (300, 14, 5)
