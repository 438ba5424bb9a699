"""What a person does with the flask command, and a product as the shop's own people keep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskCliRunner

from ppm_web.extensions import db
from ppm_web.models import ProductSyncStatus
from ppm_web.practice_shop import Change, Picture, PracticeShop, difference


@dataclass(frozen=True, slots=True)
class Desk:
    """A person with the flask command, in a folder of catalogue files."""

    cli: FlaskCliRunner
    folder: Path
    work: Callable[[], None]

    def say(self, *arguments: str, status: int = 0) -> str:
        """Run a command; what it said, with this exit status."""
        done = self.cli.invoke(args=list(arguments))
        assert done.exit_code == status, done.output
        return done.output

    def load(self, content: str, status: int = 0) -> str:
        """Import a file of this content."""
        file = self.folder / "catalogue.csv"
        file.write_text(content, encoding="utf-8")
        return self.say("catalog", "import", str(file), status=status)

    def sync(self, sku: str, *options: str, shop: str = "Shop A") -> ProductSyncStatus:
        """Sync a product and work on the queue until it is empty; its row afterwards."""
        self.say("sync", "product", sku, "--shop", shop, *options)
        self.work()
        return self.row(sku)

    def row(self, sku: str) -> ProductSyncStatus:
        """The product's row, as it is now; there is one shop."""
        db.session.expire_all()
        found = db.session.query(ProductSyncStatus).join(ProductSyncStatus.product).filter_by(sku=sku).one()
        db.session.commit()
        return found


def by_hand(practice: PracticeShop, reference: str, **fields: str | dict[str, str]) -> int:
    """A product that the shop's people made: the id."""
    names = {"1": f"Old {reference}", "2": f"Stary {reference}"}
    slugs = {"1": "old", "2": "stary"}
    return practice.create(
        "products",
        {"reference": reference, "price": "20", "name": names, "link_rewrite": slugs, "state": "1", **fields},
    )


def row(practice: PracticeShop, resource: str, identifier: int) -> dict[str, Any]:
    """A row of the shop."""
    found = practice.row(resource, identifier)
    assert found is not None
    return found


def changed(before: Picture, practice: PracticeShop) -> list[Change]:
    """What is another in the shop than before, but for the times."""
    return [change for change in difference(before, practice.picture()) if change.field != "date_upd"]
