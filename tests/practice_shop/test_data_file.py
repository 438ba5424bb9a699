from __future__ import annotations

from pathlib import Path

import pytest

from ppm_web.practice_shop import PracticeShop
from tests.practice_shop.api import JPEG
from tests.practice_shop.conftest import Served


def test_what_is_in_the_file_is_there_again(served: Served, tmp_path: Path) -> None:
    api = served(data_file=tmp_path / "shop.db")
    associations = "<associations><categories><category><id>2</id></category></categories></associations>"
    kept, gone = api.make_product("MUG-1", associations), api.make_product("MUG-2")
    api.call("POST", f"/images/products/{kept}", image=JPEG)
    api.call("DELETE", f"/products/{gone}")
    before = api.shop.products()
    api.shop.close()
    again = served(data_file=tmp_path / "shop.db")
    assert again.shop.products() == before
    assert again.shop.images(kept)[0]["content"] == JPEG
    assert again.get("/categories/2").findtext("nb_products_recursive") == "1"
    assert again.make_product("MUG-3") == gone + 1, "ids are not given twice"


def test_a_file_that_is_in_use_is_refused(tmp_path: Path) -> None:
    first = PracticeShop(data_file=tmp_path / "shop.db")
    with pytest.raises(Exception, match="locked"):
        PracticeShop(data_file=tmp_path / "shop.db")
    first.close()
