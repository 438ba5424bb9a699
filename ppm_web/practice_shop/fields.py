"""The vocabulary in which the shop's resources are declared: fields, associations, resources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

TextValue = dict[str, str]
Value = str | TextValue | None

INTEGERS = frozenset({"isUnsignedId", "isUnsignedInt", "isInt", "isPositiveInt", "integer"})
DECIMALS = frozenset({"isPrice", "isNegativePrice", "isUnsignedFloat", "isFloat", "decimal"})
DATES = frozenset({"isDate", "isDateFormat"})


@dataclass(frozen=True)
class Field:
    """A field of a resource, as ?schema=synopsis shows it.

    format is the name of PrestaShop's rule ("isPrice"); "integer", "bool" and "decimal" are for fields that
    have a type but no rule. link names the resource that the id points to. computed fields cannot be
    filtered on (code 34); read_only ones cannot be sent (code 93). missing is what an empty value is stored
    as; None where the database keeps a null.
    """

    name: str
    format: str = ""
    size: int = 0
    required: bool = False
    i18n: bool = False
    read_only: bool = False
    computed: bool = False
    link: str = ""
    values: tuple[str, ...] = ()
    default: str = ""
    nullable: bool = False
    scale: int = 6

    @cached_property
    def is_integer(self) -> bool:
        return self.format in INTEGERS

    @cached_property
    def is_decimal(self) -> bool:
        return self.format in DECIMALS

    @cached_property
    def is_bool(self) -> bool:
        return self.format in {"isBool", "bool"}

    @cached_property
    def is_number(self) -> bool:
        return self.is_integer or self.is_decimal or self.is_bool

    @cached_property
    def rule(self) -> str:
        """The rule's name for the synopsis; empty where there is none."""
        return self.format if self.format.lower().startswith("is") else ""

    @cached_property
    def missing(self) -> str | None:
        if self.nullable:
            return None
        if self.is_decimal:
            return f"{0:.{self.scale}f}"
        if self.is_integer or self.is_bool:
            return "0"
        if self.format == "isDateFormat":
            return "0000-00-00"
        return ""


@dataclass(frozen=True, slots=True)
class Association:
    """A list of ids below a resource.

    kept associations are stored as they are sent; the others are computed, and passed over when sent.
    extra are the fields of an item beside its id, each with the resource it points to ("" for none).
    """

    name: str
    node: str
    api: str
    kept: bool = False
    extra: tuple[tuple[str, str], ...] = ()
    required_id: bool = True


@dataclass(frozen=True)
class Resource:
    """A resource of the Webservice: its plural name, its node, and what it holds.

    is_unordered: without sort its lists are not in the order of ids (WHOLE, "Combinations": 10, 11, 12, 9).
    """

    name: str
    node: str
    object_name: str
    fields: tuple[Field, ...] = ()
    associations: tuple[Association, ...] = ()
    indexed: tuple[str, ...] = ()
    forbidden_methods: tuple[str, ...] = ()
    is_unordered: bool = False

    @cached_property
    def field_by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def association_by_name(self) -> dict[str, Association]:
        return {association.name: association for association in self.associations}


def i18n(name: str, rule: str, size: int = 0, *, required: bool = False) -> Field:
    """A text in several languages."""
    return Field(name, rule, size=size, required=required, i18n=True)


def link(name: str, resource: str = "", *, required: bool = False) -> Field:
    """An id of another row."""
    return Field(name, "isUnsignedId", link=resource, required=required)


def seo_fields() -> tuple[Field, ...]:
    """The texts for search engines that categories, manufacturers and suppliers end with."""
    return (
        i18n("meta_title", "isGenericName", 255),
        i18n("meta_description", "isGenericName", 512),
        i18n("meta_keywords", "isGenericName", 255),
    )
