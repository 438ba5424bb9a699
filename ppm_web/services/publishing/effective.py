"""What a product is to be in one shop: what PPM holds of it, in the currency of the shop (R31), and nothing
that another of PPM's shops owns, as all stores share it (R28). Runs and previews ask here alike."""

from __future__ import annotations

from ppm_web.models import PrestaShopShop
from ppm_web.prestashop.prices import priced
from ppm_web.prestashop.transformers import product_payload
from ppm_web.prestashop.values import Payload, ProductSnapshot, RemoteIds
from ppm_web.services.shops import stores


def whole_payload(shop: PrestaShopShop, product: ProductSnapshot, ids: RemoteIds) -> Payload:
    """All that PPM holds: what a product is made with. Raises InvalidProduct."""
    return product_payload(priced(product, shop.currency_factor), ids)


def owned_payload(shop: PrestaShopShop, whole: Payload) -> Payload:
    """What of it this shop writes into a product that is there."""
    shared = stores.shared_fields(shop)
    return {name: value for name, value in whole.items() if name not in shared}
