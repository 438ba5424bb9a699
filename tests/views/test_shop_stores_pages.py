"""The pages of shops that are stores of one PrestaShop, in another currency and in doubt, in Polish."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from ppm_web.models import PrestaShopShop
from ppm_web.practice_shop import DEFAULT_KEY, PracticeShop, serve
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.shops import register as shop_register
from tests.views.conftest import Browser
from tests.views.polish import in_polish
from tests.views.rows import make_product
from tests.views.test_words import left_in_english, shown


@pytest.fixture
def both(client: Browser) -> Iterator[tuple[PrestaShopShop, PrestaShopShop]]:
    in_polish(client)
    make_product("A")
    make_product("B", tax_rate=Decimal(0))
    practice = PracticeShop(stores=True, currency="EUR")
    practice.create("tax_rules", {"id_tax_rules_group": "5", "id_country": "14", "id_tax": "1"})
    with serve(practice) as served:
        first = shop_register.add_shop("Alfa", served.url, DEFAULT_KEY, 1)
        yield first, shop_register.add_shop("Beta", served.url, DEFAULT_KEY, 2)


def test_what_has_to_be_said_is_said_in_polish(
    client: Browser, both: tuple[PrestaShopShop, PrestaShopShop]
) -> None:
    first, second = both
    shop_changes.set_shop(first, store=3)
    shop_changes.set_currency_factor(first, Decimal("0.25"))
    pages = [client.get(f"/shops/{shop.id}{part}").text for shop in both for part in ("", "/settings")]
    pages.append(client.send("/shops", {"name": "C", "url": second.url, "key": DEFAULT_KEY}).text)
    assert [left_in_english(page) for page in pages] == [[]] * 5
    said = [
        "jest zapisywane stąd, a nie przez 'Beta'",
        "Są zapisywane stąd, a nie przez Beta.",
        "Walutą sklepu 'Beta' jest EUR, a ceny w katalogu są w PLN",
        "Od teraz zapisuj je stąd",
        "ma kilka sklepów (4) i nic nie zostanie opublikowane",
    ]
    for page, words in zip(pages, said, strict=True):
        assert words in shown(page)
