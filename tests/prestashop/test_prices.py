from __future__ import annotations

from decimal import Decimal

import pytest

from ppm_web.prestashop.prices import priced
from ppm_web.prestashop.values import ProductSnapshot


@pytest.mark.parametrize(
    ("factor", "price"),
    [(None, "12.90"), ("1", "12.900000"), ("0.2345675", "3.025921"), ("0.0000001", "0.000001")],
)
def test_a_price_is_multiplied_to_six_places_halves_up(factor: str | None, price: str) -> None:
    product = ProductSnapshot("A", Decimal("12.90"), {})
    found = priced(product, Decimal(factor) if factor else None)
    assert str(found.price_net) == price
