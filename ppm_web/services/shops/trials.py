"""Trying a shop before it is kept: is it there, does it take the key, what may the key do (R21)."""

from __future__ import annotations

from dataclasses import dataclass

from ppm_web.models import PrestaShopShop, now
from ppm_web.prestashop.errors import KeyRefused, PrestaShopError
from ppm_web.prestashop.shop_check import problems as problems_of
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.addresses import AddressError
from ppm_web.services.shops import checks, register
from ppm_web.services.shops import client as shop_client
from ppm_web.services.shops.entries import refuse_doubles


@dataclass(frozen=True, slots=True)
class Trial:
    """A shop that is not kept yet, and what it answered. ``field`` (url, key) is where ``fault`` belongs.

    ``fault`` is empty for a shop that answered; ``problems`` are what the key may not do there.
    """

    shop: PrestaShopShop
    profile: ShopProfile | None
    problems: list[str]
    fault: str = ""
    field: str = "url"


def try_shop(name: str, url: str, key: str) -> Trial:
    """Ask the shop at an address what it is like, with a key; nothing is kept.

    Raises ShopError, with the field, for a name or an address that another shop has, and for what
    ``register.add_shop`` refuses. A shop's own trouble is in the trial, never raised.
    """
    shop = register.drafted(name, url, key)
    refuse_doubles(shop.name, shop.url)
    try:
        with shop_client.client_for(shop) as client:
            profile = client.describe()
    except (PrestaShopError, AddressError) as error:
        return Trial(shop, None, [str(error)], str(error), "key" if isinstance(error, KeyRefused) else "url")
    return Trial(shop, profile, problems_of(profile))


def keep(trial: Trial) -> PrestaShopShop:
    """Keep the shop of a trial with what it answered, also one that did not, and commit.

    Raises ShopError for a name that was taken in the meantime.
    """
    shop = trial.shop
    shop.problems, shop.checked_at = trial.problems, now()
    register.insert(shop)
    if trial.profile is not None:
        checks.keep_profile(shop, trial.profile, trial.problems)
    return shop
