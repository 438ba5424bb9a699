"""GET, change, PUT: how an entity is changed where PATCH is not there (PrestaShop 1.7, or the key lacks it).

PUT empties every field that it leaves out (README "Writing"), so all that the shop gave is sent back with the
changes in it. Associations are the exception: what a PUT leaves out of them is kept (recording
combo_put_full_without_associations), so only changed ones are sent, and nobody's edit of the others is
undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppm_web.prestashop.errors import Rejected
from ppm_web.prestashop.payloads import Entity
from ppm_web.prestashop.versions import Dialect


def merged(resource: str, present: Entity, changes: Mapping[str, Any], dialect: Dialect) -> Entity:
    """The whole entity to PUT: the shop's present fields (from GET) under the changes, all languages kept.

    Raises Rejected for a stock row that does not say its shop: a PUT without id_shop moves the row to shop 0,
    and the product has no stock any more (recording stock_put_without_id_shop).
    """
    refused = dialect.not_put.get(resource, frozenset())
    whole: Entity = {
        name: value for name, value in present.items() if name not in refused and name != "associations"
    }
    for name, value in changes.items():
        before = whole.get(name)
        whole[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    if resource == "stock_availables" and not whole.get("id_shop"):
        raise Rejected(
            f"The shop does not say to which shop stock row {whole.get('id')} belongs: "
            "without that the stock would be lost, so it was not changed",
            code="no_id_shop",
        )
    return whole
