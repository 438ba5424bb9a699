"""The demo's first contents: somebody to sign in, the sample catalogue, two shops, and troubles to look at.

A first publication to each shop runs as a batch. Some of it fails on purpose, each for a reason that
happens in real life: the sample has a product with a tax rate that no shop knows and one whose picture is
missing; in a younger shop somebody made a product twice by hand, and what is in LATER is not sent there yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import exists, select

from ppm_web.extensions import db
from ppm_web.models import PrestaShopShop, Product, ProductSyncStatus, Role, User
from ppm_web.services.accounts import users
from ppm_web.services.batches import control as batch_control
from ppm_web.services.catalog.selections import Selection
from ppm_web.services.imports.run import import_catalog
from ppm_web.services.pace import rate as pace_rate
from ppm_web.services.shops import changes as shop_changes
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import register as shop_register

TWICE: Final = "BACKPACK-CANVAS"
"""What somebody made twice in every shop but the first: PPM does not guess which one is meant."""

LATER: Final = frozenset(
    {"NOTEBOOK-DOT", "NOTEBOOK-PLAIN", "CALENDAR-2027", "CARDS-BIRDS-8", "WRAP-FERN", "BOOK-FOREST"}
)
"""What the first publication leaves out in every shop but the first."""

_TWIN: Final = {
    "reference": TWICE,
    "name": {"1": "Canvas backpack", "2": "Plecak płócienny"},
    "link_rewrite": {"1": "canvas-backpack", "2": "plecak-plocienny"},
    "price": "79.00",
    "state": "1",
    "active": "0",
}


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A practice shop that the demo publishes to."""

    name: str
    url: str
    key: str


def fill_demo(catalogue: Path, demo_shops: Sequence[DemoShop], email: str, password: str) -> int:
    """Put in what is not there yet, and return how many products were asked for.

    What a person changed in an earlier demo stays: the catalogue is imported when there is none,
    and a shop gets its first publication when nothing was ever asked for in it. The shops'
    addresses follow their ports. Raises ImportFileError, ShopError, UserError and PrestaShopError.
    """
    if db.session.scalar(select(User).where(User.email == email)) is None:
        users.add_user(email, password, Role.ADMIN)
    if not db.session.scalar(select(exists(select(Product.id)))):
        import_catalog(catalogue)
    asked = 0
    for number, shop in enumerate(demo_shops):
        row = _kept_shop(shop)
        if not db.session.scalar(select(exists().where(ProductSyncStatus.shop_id == row.id))):
            if number:
                _make_twins(row)
            asked += _publish(row.id, leave_out=LATER if number else frozenset())
    return asked


def _kept_shop(shop: DemoShop) -> PrestaShopShop:
    found = db.session.scalar(select(PrestaShopShop).where(PrestaShopShop.name == shop.name))
    if found is None:
        found = shop_register.add_shop(shop.name, shop.url, shop.key)
        pace_rate.set_limits(
            found, pace_rate.UNLIMITED, pace_rate.UNLIMITED
        )  # it is ours, and shows what PPM can do
    elif found.url != shop.url:
        shop_changes.set_shop(found, url=shop.url, key=shop.key)
    return found


def _make_twins(shop: PrestaShopShop) -> None:
    """Two products of one reference in the shop, as by hand in its back office; none if it has any."""
    with shop_client.client_for(shop) as client:
        if not client.find_products([TWICE])[TWICE].ids:
            client.create_products([_TWIN, _TWIN])


def _publish(shop_id: int, leave_out: frozenset[str]) -> int:
    skus = db.session.scalars(select(Product.sku).where(Product.sku.not_in(leave_out))).all()
    db.session.commit()
    chosen = Selection("skus", skus=skus) if leave_out else Selection("all")
    batch = batch_control.bulk_sync(shop_id, chosen, by="demo", name="First publication", confirmed=True)
    return batch.total if batch is not None else 0
