"""How manufacturers get into a shop: found by their names, made where the shop has none (R27)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ppm_web.models import MappingKind, PrestaShopShop
from ppm_web.prestashop.client import PrestaShopClient
from ppm_web.prestashop.errors import PrestaShopError
from ppm_web.services.shops import making as remote_making
from ppm_web.services.shops import remote_ids
from ppm_web.services.shops.making import Made, Making, RemoteThing


@dataclass(frozen=True, slots=True)
class ManufacturerStrategy:
    """Puts manufacturers into one shop, over one client."""

    shop: PrestaShopShop
    client: PrestaShopClient

    def ensure_all(self, names: Mapping[int, str], *, look: bool = True) -> dict[int, Made]:
        """The shop's ids of manufacturers (our id → name), made where it lacks them.

        One request lists what the shop has, one makes all that are missing. ``look``: ids that were not
        seen for PPM_FACTS_SECONDS are looked at again; without, what is known is taken as it is. Of one
        that cannot be had ``Made.error`` says why.
        """
        things = [RemoteThing(str(ours), name, f"the manufacturer '{name}'") for ours, name in names.items()]
        gone: dict[str, int] = {}
        if look and things:
            try:
                gone = remote_ids.still_there(
                    self.shop.id,
                    MappingKind.MANUFACTURER,
                    [thing.ours for thing in things],
                    self.client.manufacturers_there,
                )
            except PrestaShopError as error:
                return {number: Made(error=error) for number in names}
        made = {
            thing.ours: Made(
                error=remote_making.gone_by_hand(
                    MappingKind.MANUFACTURER, self.shop.name, thing, gone[thing.ours]
                )
            )
            for thing in things
            if thing.ours in gone
        }
        made |= remote_making.ensure(self._making(), [thing for thing in things if thing.ours not in gone])
        return {int(ours): result for ours, result in made.items()}

    def _making(self) -> Making:
        def find(things: Sequence[RemoteThing]) -> dict[str, list[int]]:
            found = self.client.find_manufacturers([thing.name for thing in things])
            return {thing.ours: found[thing.name] for thing in things}

        def create(things: Sequence[RemoteThing]) -> list[int]:
            return self.client.create_manufacturers([thing.name for thing in things])

        return Making(self.shop.id, self.shop.name, MappingKind.MANUFACTURER, find, create)
