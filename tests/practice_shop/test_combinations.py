from __future__ import annotations

from tests.practice_shop.api import Api, codes, items, make, patch, texts, upload


def option(api: Api, *names: str) -> tuple[int, list[int]]:
    both = texts("name", "Colour") + texts("public_name", "Colour")
    made = make(
        api, "product_options", f"<product_option><group_type>select</group_type>{both}</product_option>"
    )
    owner = f"<id_attribute_group>{made}</id_attribute_group>"
    return made, [
        make(api, "product_option_values",
             f"<product_option_value>{owner}{texts('name', name)}</product_option_value>")
        for name in names
    ]  # fmt: skip


def combine(api: Api, product: int, *values: int, inside: str = "") -> int:
    linked = items("product_option_values", "product_option_value", *values)
    return make(
        api,
        "combinations",
        f"<combination><id_product>{product}</id_product><minimal_quantity>1</minimal_quantity>{inside}"
        f"{linked}</combination>",
    )


def of_product(api: Api, product: int) -> list[int]:
    return [row["id"] for row in api.shop.rows("combinations") if row["id_product"] == str(product)]


def quantities(api: Api, product: int) -> dict[str, str]:
    rows = api.shop.rows("stock_availables")
    return {r["id_product_attribute"]: r["quantity"] for r in rows if r["id_product"] == str(product)}


def write_stock(api: Api, product: int, combination: int, quantity: int) -> None:
    query = f"filter[id_product]=[{product}]&filter[id_product_attribute]=[{combination}]&display=[id]"
    row = int(api.get(f"/stock_availables?{query}")[0].findtext("id") or 0)
    assert patch(api, "stock_availables", "stock_available", row, f"<quantity>{quantity}</quantity>").ok


def default(api: Api, product: int) -> tuple[str | None, ...]:
    row = api.get(f"/products/{product}")
    return tuple(row.findtext(name) for name in ("id_default_combination", "cache_default_attribute"))


def test_a_combination_has_its_own_stock_which_the_products_follows(any_api: Api) -> None:
    identifier = any_api.make_product()
    combinations = [
        make(any_api, "combinations",
             f"<combination><id_product>{identifier}</id_product><minimal_quantity>1</minimal_quantity></combination>")
        for _ in range(2)
    ]  # fmt: skip
    product = any_api.shop.row("products", identifier)
    assert product is not None
    assert (product["product_type"], product["id_default_combination"]) == ("combinations", combinations[0])
    rows = any_api.shop.rows("stock_availables")
    for row, quantity in zip(rows[1:], (5, 2), strict=True):
        body = f"<stock_available><id>{row['id']}</id><quantity>{quantity}</quantity></stock_available>"
        assert any_api.call("PATCH", "/stock_availables", body).status_code == 200
    assert any_api.shop.stock_of(identifier, combinations[1]) == 2
    assert any_api.shop.stock_of(identifier) == 7
    assert any_api.call("DELETE", f"/combinations/{combinations[0]}").status_code == 200
    assert any_api.get(f"/products/{identifier}").findtext("id_default_combination") == str(combinations[1])


def test_row_0_takes_a_patch_and_is_wrong_until_a_combinations_row_is_written(any_api: Api) -> None:
    product = any_api.make_product()
    write_stock(any_api, product, 0, 9)
    a, b = combine(any_api, product), combine(any_api, product)
    assert quantities(any_api, product) == {"0": "9", str(a): "0", str(b): "0"}
    write_stock(any_api, product, a, 4)
    write_stock(any_api, product, b, 3)
    write_stock(any_api, product, 0, 100)
    assert quantities(any_api, product)["0"] == "100"
    write_stock(any_api, product, a, 4)
    assert quantities(any_api, product)["0"] == "7"
    any_api.call("DELETE", f"/combinations/{a}")
    assert quantities(any_api, product) == {"0": "3", str(b): "3"}


def test_a_second_default_is_refused_and_the_product_moves_it(any_api: Api) -> None:
    product = any_api.make_product()
    first = combine(any_api, product, inside="<default_on>1</default_on>")
    second = combine(any_api, product)
    refused = patch(any_api, "combinations", "combination", second, "<default_on>1</default_on>")
    assert (refused.status_code, codes(refused)) == (500, [46] if any_api.shop.version == "9.1.4" else [])
    assert default(any_api, product) == (str(first), str(first))
    patch(
        any_api, "products", "product", product, f"<id_default_combination>{second}</id_default_combination>"
    )
    assert default(any_api, product) == (str(second), str(second))
    assert any_api.get(f"/combinations/{first}").findtext("default_on") == ""
    assert any_api.get(f"/combinations/{second}").findtext("default_on") == "1"


def test_the_products_list_of_combinations_deletes_what_it_leaves_out(any_api: Api) -> None:
    mug, cup = any_api.make_product(), any_api.make_product("CUP-1")
    a, b = combine(any_api, mug), combine(any_api, mug)
    patch(any_api, "products", "product", mug, items("combinations", "combination", b))
    assert of_product(any_api, mug) == [b]
    patch(any_api, "products", "product", cup, items("combinations", "combination", b))
    assert (of_product(any_api, mug), of_product(any_api, cup)) == ([], [b])
    assert set(quantities(any_api, mug)) == {"0", str(b)}, "the stock row stays behind"
    assert any_api.call("GET", f"/combinations/{a}").status_code == 404


def test_a_deleted_value_takes_its_combinations_a_deleted_option_only_its_values(any_api: Api) -> None:
    product = any_api.make_product()
    _, (red, blue) = option(any_api, "Red", "Blue")
    size, (small,) = option(any_api, "S")
    combine(any_api, product, red, small)
    kept = combine(any_api, product, blue, small)
    assert any_api.call("DELETE", f"/product_option_values/{red}").status_code == 200
    assert of_product(any_api, product) == [kept]
    assert any_api.call("DELETE", f"/product_options/{size}").status_code == 200
    linked = any_api.get(f"/combinations/{kept}").find("associations/product_option_values")
    assert linked is not None
    assert [value.findtext("id") for value in linked] == [str(blue)]


def test_sent_values_drop_the_images_that_do_not_follow_them(any_api: Api) -> None:
    product = any_api.make_product()
    _, (red, blue) = option(any_api, "Red", "Blue")
    image = upload(any_api, product)
    made = combine(any_api, product, red)
    patch(any_api, "combinations", "combination", made, items("images", "image", image))
    values = items("product_option_values", "product_option_value", blue)
    patch(any_api, "combinations", "combination", made, values)
    row = any_api.shop.row("combinations", made)
    assert row is not None
    assert (row["associations"]["images"], row["associations"]["product_option_values"]) == (
        [],
        [{"id": str(blue)}],
    )


def test_combinations_are_found_by_reference_and_product(any_api: Api) -> None:
    mug, cup = any_api.make_product(), any_api.make_product("CUP-1")
    combine(any_api, mug, inside="<reference>MUG-1-RED</reference>")
    wanted = combine(any_api, cup, inside="<reference>CUP-1-RED</reference>")
    for query in ("filter[reference]=[cup-1-red]", f"filter[id_product]=[{cup}]"):
        found = any_api.get(f"/combinations?{query}&display=[id,reference]")
        assert (found.findtext("*/id"), found.findtext("*/reference")) == (str(wanted), "CUP-1-RED")


def test_without_sort_combinations_are_not_in_the_order_of_their_ids(any_api: Api) -> None:
    product = any_api.make_product()
    made = [combine(any_api, product) for _ in range(11)]

    def listed(query: str) -> list[int]:
        return [int(row.findtext("id") or 0) for row in any_api.get(f"/combinations?display=[id]{query}")]

    assert listed("") == [1, 10, 11, *range(2, 10)]
    assert listed("&sort=[id_ASC]") == made


def test_a_product_deleted_with_combinations_leaves_a_stock_row(any_api: Api) -> None:
    product = any_api.make_product()
    combine(any_api, product)
    assert any_api.call("DELETE", f"/products/{product}").status_code == 200
    assert (of_product(any_api, product), quantities(any_api, product)) == ([], {"0": "0"})


def test_options_values_and_the_products_own_lists_are_read(any_api: Api) -> None:
    product = any_api.make_product()
    colour, (red, blue) = option(any_api, "Red", "Blue")
    made = combine(any_api, product, blue)
    row = any_api.get(f"/products/{product}")
    assert [node.findtext("id") for node in row.findall("associations/combinations/*")] == [str(made)]
    assert [node.findtext("id") for node in row.findall("associations/product_option_values/*")] == [
        str(blue)
    ]
    listed = any_api.get(f"/product_options/{colour}").findall("associations/product_option_values/*")
    assert [node.findtext("id") for node in listed] == [str(red), str(blue)]
    query = f"/product_option_values?filter[id_attribute_group]=[{colour}]&filter[name]=[red]&display=[id]"
    assert any_api.get(query).findtext("*/id") == str(red)
