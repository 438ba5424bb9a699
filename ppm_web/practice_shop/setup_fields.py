"""What a shop is set up with: languages, taxes, groups, shops … (recordings 8.2.0, list_*_full_xml)."""

from __future__ import annotations

from .fields import Field, Resource, i18n, link

SETUP_RESOURCES = (
    Resource(
        "languages",
        "language",
        "Language",
        (
            Field("name", "isGenericName", size=32, required=True),
            Field("iso_code", "isLanguageIsoCode", size=2, required=True),
            Field("locale", "isLocale", size=5),
            Field("language_code", "isLanguageCode", size=5),
            Field("active", "isBool"),
            Field("is_rtl", "isBool"),
            Field("date_format_lite", "isPhpDateFormat", size=32, required=True),
            Field("date_format_full", "isPhpDateFormat", size=32, required=True),
        ),
    ),
    Resource(
        "currencies",
        "currency",
        "Currency",
        (
            i18n("names", ""),
            Field("name", "isGenericName", size=255, required=True, computed=True),
            i18n("symbol", "", 255),
            Field("iso_code", "isLanguageIsoCode", size=3, required=True),
            Field("numeric_iso_code", "isNumericIsoCode", size=3),
            Field("precision", "isInt"),
            Field("conversion_rate", "isUnsignedFloat", required=True),
            Field("deleted", "isBool"),
            Field("active", "isBool"),
            Field("unofficial", "isBool"),
            Field("modified", "isBool"),
            i18n("pattern", "", 255),
        ),
    ),
    Resource(
        "tax_rule_groups",
        "tax_rule_group",
        "TaxRulesGroup",
        (
            Field("name", "isGenericName", size=64, required=True),
            Field("active", "isBool"),
            Field("deleted", "isBool"),
            Field("date_add", "isDate"),
            Field("date_upd", "isDate"),
        ),
    ),
    Resource(
        "tax_rules",
        "tax_rule",
        "TaxRule",
        (
            link("id_tax_rules_group", "tax_rule_groups", required=True),
            link("id_state"),
            link("id_country", "countries", required=True),
            Field("zipcode_from", "isPostCode"),
            Field("zipcode_to", "isPostCode"),
            link("id_tax", required=True),
            Field("behavior", "isUnsignedInt"),
            Field("description", "isString"),
        ),
    ),
    Resource(
        "taxes",
        "tax",
        "Tax",
        (
            Field("rate", "isFloat", required=True, scale=3),
            Field("active", "bool"),
            Field("deleted", "bool"),
            i18n("name", "isGenericName", 32, required=True),
        ),
    ),
    Resource(
        "shops",
        "shop",
        "Shop",
        (
            Field("id_shop_group", "integer", required=True, link="shop_groups"),
            Field("id_category", "integer", required=True),
            Field("active", "isBool"),
            Field("deleted", "isBool"),
            Field("name", "isGenericName", size=64, required=True),
            Field("color", "isColor"),
            Field("theme_name", "isThemeName"),
        ),
    ),
    Resource(
        "shop_groups",
        "shop_group",
        "ShopGroup",
        (
            Field("name", "isGenericName", size=64, required=True),
            Field("color", "isColor"),
            Field("share_customer", "isBool"),
            Field("share_order", "isBool"),
            Field("share_stock", "isBool"),
            Field("active", "isBool"),
            Field("deleted", "isBool"),
        ),
    ),
    Resource(
        "shop_urls",
        "shop_url",
        "ShopUrl",
        (
            Field("id_shop", "integer", required=True, link="shops"),
            Field("active", "isBool"),
            Field("main", "isBool"),
            Field("domain", "isCleanHtml", size=255, required=True),
            Field("domain_ssl", "isCleanHtml", size=255),
            Field("physical_uri", "isString", size=64),
            Field("virtual_uri", "isString", size=64),
        ),
    ),
    Resource(
        "groups",
        "group",
        "Group",
        (
            Field("reduction", "isFloat", scale=2),
            Field("price_display_method", "integer", required=True),
            Field("show_prices", "isBool"),
            Field("date_add", "isDate"),
            Field("date_upd", "isDate"),
            i18n("name", "isGenericName", 32, required=True),
        ),
    ),
    Resource(
        "configurations",
        "configuration",
        "Configuration",
        (
            Field("value"),
            Field("name", "isConfigName", size=254, required=True),
            Field("id_shop_group"),
            Field("id_shop"),
            Field("date_add", "isDate"),
            Field("date_upd", "isDate"),
        ),
        indexed=("name",),
    ),
    Resource(
        "countries",
        "country",
        "Country",
        (
            link("id_zone", "zones", required=True),
            link("id_currency", "currencies"),
            Field("iso_code", "isLanguageIsoCode", size=3, required=True),
            Field("active", "isBool"),
            i18n("name", "isGenericName", 64, required=True),
        ),
    ),
    Resource(
        "zones",
        "zone",
        "Zone",
        (Field("name", "isGenericName", size=64, required=True), Field("active", "isBool")),
    ),
    Resource(
        "image_types",
        "image_type",
        "ImageType",
        (
            Field("name", "isImageTypeName", size=64, required=True),
            Field("width", "isUnsignedInt", required=True),
            Field("height", "isUnsignedInt", required=True),
            *(
                Field(of, "isBool")
                for of in ("categories", "products", "manufacturers", "suppliers", "stores")
            ),
        ),
    ),
)
