"""What stands in the way in a shop, in plain words, from its profile alone (R21: test a connection)."""

from __future__ import annotations

import re

from ppm_web.prestashop.values import ShopProfile
from ppm_web.prestashop.versions import is_supported

_WHERE = "Advanced Parameters > Webservice"
# Resource → methods, and what fails without them. PATCH is looked at apart: PUT can stand in for it.
_NEEDED = (
    ("products", ("GET", "POST"), "products cannot be published"),
    ("categories", ("GET", "POST"), "categories cannot be published"),
    ("stock_availables", ("GET",), "stock cannot be published"),
    ("manufacturers", ("GET", "POST"), "manufacturers cannot be set"),
    ("images", ("GET", "POST", "DELETE"), "pictures cannot be published"),
    ("languages", ("GET",), "PPM cannot tell which languages the shop has"),
    ("configurations", ("GET",), "PPM cannot tell the shop's country and default language"),
    ("currencies", ("GET",), "PPM cannot tell the shop's currency"),
    ("shops", ("GET",), "PPM cannot tell whether the PrestaShop has several stores"),
    ("tax_rules", ("GET",), "PPM cannot tell the shop's tax rates"),
    ("taxes", ("GET",), "PPM cannot tell the shop's tax rates"),
    ("tax_rule_groups", ("GET",), "PPM cannot tell the shop's tax rates"),
)
PRINTING = "The shop prints text around its answers"
_CHANGED = ("products", "categories", "stock_availables")
# What the columns of the key's page are called.
_COLUMNS = {
    "GET": "View (GET)",
    "POST": "Add (POST)",
    "PUT": "Modify (PUT)",
    "PATCH": "Patch (PATCH)",
    "DELETE": "Delete (DELETE)",
}


def problems(profile: ShopProfile) -> list[str]:
    """Sentences that say what is missing, what follows from it and where to mend it; [] when all is well."""
    return [
        *_version(profile),
        *_missing_rights(profile),
        *_changing(profile),
        *_contents(profile),
        *_printed(profile),
    ]


def _version(profile: ShopProfile) -> list[str]:
    if is_supported(profile.version):
        return []
    return [
        f"PrestaShop {profile.version or 'of an unknown version'} is not supported: PPM needs 1.7, 8 or 9"
    ]


def _missing_rights(profile: ShopProfile) -> list[str]:
    found = []
    for resource, methods, consequence in _NEEDED:
        allowed = profile.rights.get(resource, frozenset())
        missing = [_COLUMNS[method] for method in methods if method not in allowed]
        if missing:
            found.append(_tick(resource, " and ".join(missing), consequence))
    return found


def _changing(profile: ShopProfile) -> list[str]:
    found = []
    for resource in _CHANGED:
        allowed = profile.rights.get(resource, frozenset())
        if not allowed & {"PATCH", "PUT"}:
            found.append(_tick(resource, _COLUMNS["PATCH"], "what is there already cannot be changed"))
        elif "PATCH" not in allowed:
            found.append(
                _tick(resource, _COLUMNS["PATCH"], "a slower way is used (read, change, write all back)")
                + ". PrestaShop before 8.0 does not have it"
            )
    return found


def _contents(profile: ShopProfile) -> list[str]:
    found = []
    if not profile.languages and "GET" in profile.rights.get("languages", frozenset()):
        found.append("The shop has no languages: add one under International > Localization")
    if not profile.tax_groups:
        found.append(
            "No tax groups were found for the shop's default country: products can only be sent without tax. "
            "Look at International > Taxes > Tax Rules in the shop"
        )
    if not profile.home_category:
        found.append(
            "The shop's home category could not be found: let the key View (GET) configurations or shops "
            f"under {_WHERE}"
        )
    return found


def _printed(profile: ShopProfile) -> list[str]:
    return [printing(profile.printed)] if profile.printed else []


def printing(printed: str) -> str:
    """The problem of a shop that prints something around its answers, as PHP notices."""
    start = " ".join(re.sub(r"<[^>]*>", " ", printed).split())[:200]
    return (
        f"{PRINTING}, which were read all the same: '{start}'. "
        "Ask who looks after the shop's server to switch off display_errors in PHP"
    )


def _tick(resource: str, columns: str, consequence: str) -> str:
    return f"The key may not use {columns} of '{resource}', so {consequence}: tick it under {_WHERE}"
