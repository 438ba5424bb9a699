"""What a shop is like, in plain sentences: the good half of a shop check."""

from __future__ import annotations

from ppm_web.prestashop.values import ShopProfile


def facts(profile: ShopProfile) -> list[str]:
    """Version, languages, tax groups, currency, home category and way of writing, a sentence each."""
    languages = ", ".join(
        f"{language.iso_code} ({language.name}{'' if language.active else ', off'})"
        for language in profile.languages
    )
    groups = ", ".join(f"{group.name} = {group.rate.normalize():f} %" for group in profile.tax_groups)
    return [
        f"PrestaShop {profile.version}, called {profile.shop_name!r}.",
        f"Languages: {languages or 'none that the key may read'}.",
        f"Tax groups of its country: {groups or 'none that the key may read'}.",
        f"Currency: {profile.currency.iso_code if profile.currency else 'not known'}.",
        f"Home category: {profile.home_category or 'not known'}.",
        "Changes are sent by PATCH, only what changed."
        if profile.can_patch
        else "PATCH is not allowed: changes are sent by GET and PUT of whole products, which is slower.",
    ]
