"""Prices in a shop's own currency (R31), and tax rates as keys."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from ppm_web.prestashop.values import ProductSnapshot

_SIX_PLACES = Decimal("0.000001")


def priced(product: ProductSnapshot, factor: Decimal | None) -> ProductSnapshot:
    """The product with its net price times the factor, 6 places, halves up; None = the same price."""
    if factor is None:
        return product
    return replace(product, price_net=(product.price_net * factor).quantize(_SIX_PLACES, ROUND_HALF_UP))


def catalogue_price(price: Decimal, factor: Decimal | None) -> Decimal:
    """The catalogue's net price of what a shop with that factor asks for, 6 places, halves up."""
    return price if factor is None else (price / factor).quantize(_SIX_PLACES, ROUND_HALF_UP)


def tax_key(rate: Decimal) -> str:
    """A tax rate in per cent as a mapping's key: "23", "5.5", "0"."""
    return format(rate.normalize(), "f") if rate else "0"
