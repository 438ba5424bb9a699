"""The deeds of the back office by name, with parameters as JSON has them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import cast, get_args, get_origin, get_type_hints

from .back_office import BackOffice
from .errors import DeedError

# Pictures are no JSON: they come by the Webservice, or in Python; in_store is a parameter here.
NO_JSON = frozenset({"in_store", "add_image", "replace_image"})
DEEDS = tuple(
    name
    for name, method in vars(BackOffice).items()
    if inspect.isfunction(method) and not name.startswith("_") and name not in NO_JSON
)


def do_deed(back_office: BackOffice, name: str, sent: Mapping[str, object]) -> object:
    """Do a deed and return what it returns. Raises DeedError, also for another name or wrong parameters.

    "store", beside its parameters, is the one store of several that it is done in.
    """
    if name not in DEEDS:
        raise DeedError(f"there is no deed {name}")
    store = sent.get("store")
    if store is not None:
        if not _fits(store, int):
            raise DeedError(f"{name}: {store!r} will not do for store")
        back_office = back_office.in_store(cast(int, store))
        sent = {parameter: value for parameter, value in sent.items() if parameter != "store"}
    deed: Callable[..., object] = getattr(back_office, name)
    signature = inspect.signature(deed)
    try:
        signature.bind(**sent)
    except TypeError as error:
        raise DeedError(f"{name}: {error}; it takes {', '.join(signature.parameters)}") from error
    types = get_type_hints(deed)
    for parameter, value in sent.items():
        if not _fits(value, types[parameter]):
            raise DeedError(f"{name}: {value!r} will not do for {parameter}")
    return deed(**sent)


def _fits(value: object, wanted: object) -> bool:
    """Whether JSON's value is of a declared type: int, str, None, unions, Sequence[…], Mapping[str, …]."""
    parts = get_args(wanted)
    match getattr(get_origin(wanted), "__name__", ""):
        case "UnionType" | "Union":
            return any(_fits(value, part) for part in parts)
        case "Sequence":
            return isinstance(value, list) and all(_fits(item, parts[0]) for item in value)
        case "Mapping":
            return isinstance(value, dict) and all(_fits(item, parts[1]) for item in value.values())
    return type(value) is wanted
