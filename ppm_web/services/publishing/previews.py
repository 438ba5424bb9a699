"""What a sync of a product would do in a shop now (R19): the shop is read, and nothing is written."""

from __future__ import annotations

from ppm_web.extensions import db, reading
from ppm_web.models import PrestaShopShop
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.errors import SyncError
from ppm_web.services.ownership import snapshots
from ppm_web.services.publishing.looking import look
from ppm_web.services.publishing.outlooks import Outlook, Preview
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops import problems as shop_problems


def preview(product_id: int, shop_id: int) -> Preview:
    """What a sync of the product to the shop would do now; a few GETs.

    Raises NoResultFound when there is no such shop, KeyError when there is no such product.
    """
    with reading():
        shop = db.session.get_one(PrestaShopShop, shop_id)
    product = snapshots.product_data([product_id])[product_id]
    try:
        with shop_client.client_for(shop) as client:
            profile = shop_client.profile_of(shop)
            if profile is None:
                raise SyncError(
                    f"Shop '{shop.name}' was not checked yet: PPM does not know its languages and taxes"
                )
            shop_problems.check_publishable(shop, profile)
            return look(shop, client, profile, [product])[product_id]
    except (PrestaShopError, SyncError) as error:
        return Preview(Outlook.REFUSED, problems=[str(error)])
