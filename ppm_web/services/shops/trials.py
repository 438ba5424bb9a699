"""Trying a shop before it is kept: is it there, does it take the key, what may the key do (R21)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ppm_web.models import PrestaShopShop, now
from ppm_web.prestashop.errors import KeyRefused, PrestaShopError, Rejected
from ppm_web.prestashop.shop_check import problems as problems_of
from ppm_web.prestashop.values import ShopProfile
from ppm_web.services.addresses import AddressError
from ppm_web.services.errors import WhichStoreError
from ppm_web.services.shops import checks, register
from ppm_web.services.shops.entries import ShopError, refuse_doubles
from ppm_web.services.shops.problems import store_label, store_problem
from ppm_web.services.shops.settings import Option


@dataclass(frozen=True, slots=True)
class Trial:
    """A shop that is not kept yet, and what it answered. ``field`` (url, key) is where ``fault`` belongs.

    ``fault`` is empty for a shop that can be kept as it is; ``problems`` are what a person should see to.
    ``stores``: those that may be chosen, where it has to be said which one is meant.
    """

    shop: PrestaShopShop
    profile: ShopProfile | None
    problems: list[str]
    fault: str = ""
    field: str = "url"
    stores: Sequence[Option] = ()


def try_shop(name: str, url: str, key: str, store: int | None = None) -> Trial:
    """Ask the shop at an address what it is like, with a key; nothing is kept.

    Raises ShopError, with the field, for a name or an address that another shop has, and for what
    ``register.add_shop`` refuses. A shop's own trouble is in the trial, never raised.
    """
    shop = register.drafted(name, url, key, store)
    doubled = _doubled(shop)
    try:
        profile = checks.describe(shop)
    except WhichStoreError as error:
        stores = [Option(number, "") for number in error.stores]
        return Trial(shop, None, [error.message], error.message, "store", stores)
    except (PrestaShopError, AddressError) as error:
        return Trial(shop, None, [str(error)], str(error), _field(error))
    if not (problem := store_problem(shop, profile)):
        if doubled is not None:
            raise doubled
        return Trial(shop, profile, problems_of(profile))
    stores = [Option(store.id, store_label(store)) for store in profile.stores]
    return Trial(shop, profile, [problem], problem, "store", stores)


def _doubled(shop: PrestaShopShop) -> ShopError | None:
    """What is wrong only as long as nobody has said which store it is: the shop tells which there are."""
    try:
        refuse_doubles(shop.name, shop.url, shop.store_id)
    except ShopError as error:
        if error.field != "store" or shop.store_id is not None:
            raise
        return error
    return None


def _field(error: Exception) -> str:
    if isinstance(error, Rejected) and error.code == "no_store":
        return "store"
    return "key" if isinstance(error, KeyRefused) else "url"


def keep(trial: Trial) -> PrestaShopShop:
    """Keep the shop of a trial with what it answered, also one that did not, and commit.

    Raises ShopError for what another shop has, also since it was tried.
    """
    shop = trial.shop
    refuse_doubles(shop.name, shop.url, shop.store_id)
    shop.problems, shop.checked_at = trial.problems, now()
    register.insert(shop)
    if trial.profile is not None:
        checks.keep_profile(shop, trial.profile)
    return shop
