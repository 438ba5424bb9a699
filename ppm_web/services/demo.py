"""The demo's first contents: somebody to sign in, the sample catalogue, two shops, and syncs to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import exists, select

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, ProductSyncStatus, Role, User
from ppm_web.services import pacing, shops, users
from ppm_web.services.catalog_import import import_catalog
from ppm_web.services.sync import request_product_sync


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A practice shop that the demo publishes to."""

    name: str
    url: str
    key: str


def fill_demo(catalogue: Path, demo_shops: Sequence[DemoShop], email: str, password: str) -> int:
    """Put in what is not there yet, and return how many syncs were asked for.

    What a person changed in an earlier demo stays: the catalogue is imported when there is none,
    and a product is synced when it was never asked for in that shop. The shops' addresses follow
    their ports. Raises ImportFileError, ShopError and UserError.
    """
    if db.session.scalar(select(User).where(User.email == email)) is None:
        users.add_user(email, password, Role.ADMIN)
    if not db.session.scalar(select(exists(select(Product.id)))):
        import_catalog(catalogue)
    kept = [_kept_shop(shop) for shop in demo_shops]
    return sum(_request_first_syncs(shop_id) for shop_id in kept)


def _kept_shop(shop: DemoShop) -> int:
    found = db.session.scalar(select(PrestaShopShop).where(PrestaShopShop.name == shop.name))
    if found is None:
        found = shops.add_shop(shop.name, shop.url, shop.key)
        pacing.set_limits(found, pacing.UNLIMITED, pacing.UNLIMITED)  # it is ours, and shows what PPM can do
        return found.id
    if found.url != shop.url:
        shops.set_shop(found, url=shop.url, key=None)
    return found.id


def _request_first_syncs(shop_id: int) -> int:
    asked_for = exists().where(
        ProductSyncStatus.product_id == Product.id, ProductSyncStatus.shop_id == shop_id
    )
    product_ids = db.session.scalars(select(Product.id).where(~asked_for).order_by(Product.id)).all()
    db.session.commit()
    for product_id in product_ids:
        request_product_sync(product_id, shop_id, by="demo")
    return len(product_ids)
