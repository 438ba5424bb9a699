"""a guest in the shop: what is not held, what is under way, what is in conflict; stores, currency, surveys

What stands at its default and was never sent as anything else becomes "not held" (docs/adr/0017).

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DECIMAL = sa.BigInteger().with_variant(sa.Numeric(20, 6), "postgresql")
MEASURES = ("weight", "width", "height", "depth")
# Column of a text → PrestaShop's field, as it stands in what was sent.
TEXTS = {
    "short_description": "description_short",
    "description": "description",
    "slug": "link_rewrite",
    "meta_title": "meta_title",
    "meta_description": "meta_description",
}
CATEGORY_TEXTS = {column: field for column, field in TEXTS.items() if column != "short_description"}
LENGTHS = {"name": 128, "slug": 128, "meta_title": 255, "meta_description": 512}
CHUNK = 500


def upgrade() -> None:
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("manufacturer_emptied", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("categories_emptied", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("fields_revision", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(
            sa.Column("sku_key", sa.String(length=255), server_default=sa.text("''"), nullable=False)
        )
        batch_op.create_index("ix_product_sku_key", ["sku_key"], unique=False)
        batch_op.alter_column("ean13", existing_type=sa.String(14), nullable=True)
        batch_op.alter_column("quantity", existing_type=sa.Integer(), nullable=True)
        batch_op.alter_column("active", existing_type=sa.Boolean(), nullable=True)
        for name in MEASURES:
            batch_op.alter_column(name, existing_type=DECIMAL, nullable=True)
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.alter_column("active", existing_type=sa.Boolean(), nullable=True)
    for table, texts in (("product_text", TEXTS), ("category_text", CATEGORY_TEXTS)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in ("name", *texts):
                batch_op.alter_column(name, existing_type=_text_type(name), nullable=True)
    for table in ("product_sync_status", "category_sync_status"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column("force_stock", sa.Boolean(), server_default=sa.false(), nullable=False)
            )
            batch_op.add_column(sa.Column("sending", sa.JSON(), nullable=True))
            batch_op.add_column(sa.Column("conflicts", sa.JSON(), nullable=True))
    with op.batch_alter_table("shop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("store_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("owns_shared", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("currency_factor", DECIMAL, nullable=True))
        batch_op.add_column(sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("check_links", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("links_report", sa.JSON(), nullable=True))
    _create_surveys()
    _let_go_of_defaults()


def downgrade() -> None:
    op.drop_table("shop_survey")
    with op.batch_alter_table("shop", schema=None) as batch_op:
        for name in (
            *("links_report", "check_links", "published_at", "currency_factor", "owns_shared", "store_id"),
        ):
            batch_op.drop_column(name)
    for table in ("product_sync_status", "category_sync_status"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in ("conflicts", "sending", "force_stock"):
                batch_op.drop_column(name)
    _take_defaults_again()
    for table, texts in (("product_text", TEXTS), ("category_text", CATEGORY_TEXTS)):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in ("name", *texts):
                batch_op.alter_column(name, existing_type=_text_type(name), nullable=False)
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.alter_column("active", existing_type=sa.Boolean(), nullable=False)
    with op.batch_alter_table("product", schema=None) as batch_op:
        for name in MEASURES:
            batch_op.alter_column(name, existing_type=DECIMAL, nullable=False)
        batch_op.alter_column("active", existing_type=sa.Boolean(), nullable=False)
        batch_op.alter_column("quantity", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("ean13", existing_type=sa.String(14), nullable=False)
        batch_op.drop_index("ix_product_sku_key")
        for name in ("sku_key", "fields_revision", "categories_emptied", "manufacturer_emptied"):
            batch_op.drop_column(name)


def _text_type(name: str) -> sa.types.TypeEngine[str]:
    return sa.String(LENGTHS[name]) if name in LENGTHS else sa.Text()


def _create_surveys() -> None:
    op.create_table(
        "shop_survey",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "finished",
                "failed",
                name="surveystate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("words", sa.String(length=255), nullable=False),
        sa.Column("requested_by", sa.String(length=255), nullable=False),
        sa.Column("starts", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shop.id"], name=op.f("fk_shop_survey_shop_id_shop"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_survey")),
    )
    with op.batch_alter_table("shop_survey", schema=None) as batch_op:
        batch_op.create_index("ix_shop_survey_shop_id_created_at", ["shop_id", "created_at"], unique=False)


def _let_go_of_defaults() -> None:
    """Nobody can tell a default from a choice, unless something else was sent once: then it was one."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE product SET fields_revision = revision"))
    connection.execute(
        sa.text(
            "UPDATE shop SET published_at = (SELECT max(last_success_at) FROM product_sync_status "
            "WHERE product_sync_status.shop_id = shop.id)"
        )
    )
    sent = _ever_sent(connection, "product_sync_status", "product_id")
    product = sa.table("product", sa.column("id"), sa.column("active"), sa.column("quantity"))
    for name in ("ean13", *MEASURES):
        product.append_column(sa.column(name))
    for name, field, default in (
        ("ean13", "ean13", ""),
        ("quantity", "quantity", 0),
        ("active", "active", True),
        *((name, name, 0) for name in MEASURES),
    ):
        typed = sa.cast(sa.literal(default), sa.Boolean()) if default is True else default
        held = {product_id for product_id, fields in sent.items() if field in fields}
        _empty(connection, product, product.c.id, name, product.c[name] == typed, held)
    for table_name, key, texts, rows in (
        ("product_text", "product_id", TEXTS, sent),
        (
            "category_text",
            "category_id",
            CATEGORY_TEXTS,
            _ever_sent(connection, "category_sync_status", "category_id"),
        ),
    ):
        table = sa.table(table_name, sa.column(key), *(sa.column(name) for name in ("name", *texts)))
        for name, field in {"name": "name", **texts}.items():
            held = {number for number, fields in rows.items() if field in fields and name != "name"}
            _empty(connection, table, table.c[key], name, table.c[name] == "", held)
    categories = _ever_sent(connection, "category_sync_status", "category_id")
    category = sa.table("category", sa.column("id"), sa.column("active", sa.Boolean()))
    held = {number for number, fields in categories.items() if "active" in fields}
    _empty(connection, category, category.c.id, "active", category.c.active.is_(True), held)


def _empty(
    connection: sa.Connection,
    table: sa.TableClause,
    key: sa.ColumnElement[Any],
    name: str,
    at_default: sa.ColumnElement[bool],
    held: set[int],
) -> None:
    """NULL where it stands at its default, but for the rows ``held``; those get their default back."""
    kept = sorted(held)
    marked = [
        number
        for start in range(0, len(kept), CHUNK)
        for number in connection.scalars(
            sa.select(key).where(key.in_(kept[start : start + CHUNK]), at_default)
        )
    ]
    defaults = connection.execute(sa.select(table.c[name]).where(at_default).limit(1)).scalar()
    connection.execute(sa.update(table).where(at_default).values({name: None}))
    for start in range(0, len(marked), CHUNK):
        connection.execute(
            sa.update(table)
            .where(key.in_(marked[start : start + CHUNK]), table.c[name].is_(None))
            .values({name: defaults})
        )


def _ever_sent(connection: sa.Connection, table_name: str, key: str) -> dict[int, set[str]]:
    """Our id → the fields of which something else than the default was sent to some shop."""
    sent: dict[int, set[str]] = {}
    for number, payload in _payloads(connection, table_name, key):
        fields = sent.setdefault(number, set())
        for field, value in payload.items():
            texts = value.values() if isinstance(value, dict) else [value]
            if any(_is_choice(field, text) for text in texts):
                fields.add(field)
    return sent


def _is_choice(field: str, value: Any) -> bool:
    if field == "active":
        return str(value) == "0"
    return str(value).strip("0.") != "" if not isinstance(value, list) else bool(value)


def _payloads(connection: sa.Connection, table_name: str, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    table = sa.table(table_name, sa.column("id"), sa.column(key), sa.column("pushed", sa.JSON()))
    last = 0
    while rows := connection.execute(
        sa.select(table.c.id, table.c[key], table.c.pushed)
        .where(table.c.id > last)
        .order_by(table.c.id)
        .limit(CHUNK)
    ).all():
        last = rows[-1][0]
        yield from ((row[1], row[2]) for row in rows if isinstance(row[2], dict))


def _take_defaults_again() -> None:
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "UPDATE product SET ean13 = coalesce(ean13, ''), quantity = coalesce(quantity, 0), "
            "active = coalesce(active, true), "
            + ", ".join(f"{name} = coalesce({name}, 0)" for name in MEASURES)
        )
    )
    connection.execute(sa.text("UPDATE category SET active = coalesce(active, true)"))
    for table, texts in (("product_text", TEXTS), ("category_text", CATEGORY_TEXTS)):
        values = ", ".join(f"{name} = coalesce({name}, '')" for name in ("name", *texts))
        connection.execute(sa.text(f"UPDATE {table} SET {values}"))  # noqa: S608  (names of our own)
