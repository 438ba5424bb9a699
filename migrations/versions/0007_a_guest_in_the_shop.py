"""a guest in the shop: what is not held, what is under way, what is in conflict; stores, currency, surveys

What stands at its default and was last sent as nothing else becomes "not held" (docs/adr/0017).

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from ppm_web.models import sku_key  # the keys must be those that PPM makes from now on

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
# Fields of what was sent that are numbers; the others are texts, lists and switches.
NUMBERS = frozenset({"quantity", "id_manufacturer", *MEASURES})
ROOT_CATEGORY_ID = 1
CHUNK = 500
Sent = dict[int, set[tuple[str, str]]]
"""Our id → fields, each with a language where it is a text in one that is mapped, else with ""."""


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
    with op.batch_alter_table("shop_mapping", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    _create_surveys()
    _let_go_of_defaults()


def downgrade() -> None:
    op.drop_table("shop_survey")
    with op.batch_alter_table("shop_mapping", schema=None) as batch_op:
        batch_op.drop_column("seen_at")
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
        sa.Column("batch_id", sa.String(length=36), nullable=False),
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
    """Nobody can tell a default from a choice, unless something else was sent last: then it was one."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE product SET fields_revision = revision"))
    connection.execute(
        sa.text(
            "UPDATE shop SET published_at = (SELECT max(last_success_at) FROM product_sync_status "
            "WHERE product_sync_status.shop_id = shop.id)"
        )
    )
    _write_sku_keys(connection)
    sent = _sent(connection, "product_sync_status", "product_id")
    for name, default in (("ean13", ""), ("quantity", 0), ("active", True), *((name, 0) for name in MEASURES)):
        _empty(connection, "product", "id", name, default, _held(sent, name))
    _let_go_of_texts(connection, "product_text", "product_id", TEXTS, sent)
    _let_go_of_manufacturers(connection, _held(sent, "id_manufacturer"))
    _let_go_of_categories(connection, _held(sent, "categories"))
    sent = _sent(connection, "category_sync_status", "category_id")
    _empty(connection, "category", "id", "active", True, _held(sent, "active"))
    _let_go_of_texts(connection, "category_text", "category_id", CATEGORY_TEXTS, sent)


def _write_sku_keys(connection: sa.Connection) -> None:
    product = sa.table("product", sa.column("id"), sa.column("sku"), sa.column("sku_key"))
    write = (
        sa.update(product)
        .where(product.c.id == sa.bindparam("number"))
        .values(sku_key=sa.bindparam("key", type_=sa.String()))
    )
    for rows in _pages(connection, sa.select(product.c.id, product.c.sku), product.c.id):
        connection.execute(write, [{"number": number, "key": sku_key(sku)} for number, sku in rows])


def _let_go_of_texts(
    connection: sa.Connection, table_name: str, key: str, fields: dict[str, str], sent: Sent
) -> None:
    """Names stay: where a category's is empty its working name stands in."""
    language = sa.column("language", sa.String())
    for code in connection.scalars(sa.select(language).select_from(sa.table(table_name)).distinct()).all():
        for name, field in fields.items():
            _empty(connection, table_name, key, name, "", _held(sent, field, code), language == code)


def _let_go_of_manufacturers(connection: sa.Connection, held: set[int]) -> None:
    """None was no choice, but where another was sent last: then somebody took it away."""
    names = ("id", "manufacturer_id", "manufacturer_emptied")
    product = sa.table("product", *(sa.column(name) for name in names))
    for numbers in _parts(held):
        mine = sa.and_(product.c.id.in_(numbers), product.c.manufacturer_id.is_(None))
        connection.execute(sa.update(product).where(mine).values(manufacturer_emptied=sa.true()))


def _let_go_of_categories(connection: sa.Connection, held: set[int]) -> None:
    """The root as the only category was the default."""
    link = sa.table("product_category", sa.column("product_id"), sa.column("category_id"))
    products = sa.select(link.c.product_id).group_by(link.c.product_id)
    alone = products.having(sa.func.min(link.c.category_id) == sa.func.max(link.c.category_id))
    loose = connection.scalars(alone.having(sa.func.min(link.c.category_id) == ROOT_CATEGORY_ID))
    for numbers in _parts(set(loose) - held):
        connection.execute(sa.delete(link).where(link.c.product_id.in_(numbers)))


def _empty(
    connection: sa.Connection,
    table_name: str,
    key: str,
    name: str,
    default: Any,
    held: set[int],
    *within: sa.ColumnElement[bool],
) -> None:
    """NULL where it stands at its default, but for the rows ``held``; those get their default back."""
    table = sa.table(table_name, sa.column(key), sa.column(name, sa.Boolean() if default is True else None))
    at_default = table.c[name].is_(sa.true()) if default is True else table.c[name] == default
    marked = {
        number
        for numbers in _parts(held)
        for number in connection.scalars(
            sa.select(table.c[key]).where(table.c[key].in_(numbers), at_default, *within)
        )
    }
    connection.execute(sa.update(table).where(at_default, *within).values({name: sa.null()}))
    for numbers in _parts(marked):
        connection.execute(
            sa.update(table).where(table.c[key].in_(numbers), *within).values({name: default})
        )


def _held(sent: Sent, field: str, language: str = "") -> set[int]:
    """The rows of which something else than the default was sent; in any language where none is known."""
    asked = {(field, language), (field, "")}
    return {number for number, fields in sent.items() if asked & fields}


def _sent(connection: sa.Connection, table_name: str, key: str) -> Sent:
    """Our id → the fields of which something else than the default was sent last to some shop."""
    shop = sa.table("shop", sa.column("id"), sa.column("profile", sa.JSON()))
    homes = {
        number: profile.get("home_category", 0) if isinstance(profile, dict) else 0
        for number, profile in connection.execute(sa.select(shop.c.id, shop.c.profile))
    }
    mapping = sa.table("shop_mapping", *(sa.column(name) for name in ("shop_id", "kind", "ours", "remote_id")))
    languages = {
        (row.shop_id, str(row.remote_id)): row.ours
        for row in connection.execute(sa.select(mapping).where(mapping.c.kind == "language"))
    }
    names = ("id", key, "shop_id")
    table = sa.table(table_name, *(sa.column(name) for name in names), sa.column("pushed", sa.JSON()))
    sent: Sent = {}
    for rows in _pages(connection, sa.select(table), table.c.id):
        for _, number, shop_id, payload in rows:
            for field, value in payload.items() if isinstance(payload, dict) else ():
                texts = value if isinstance(value, dict) else {"": value}
                sent.setdefault(number, set()).update(
                    (field, languages.get((shop_id, code), ""))
                    for code, text in texts.items()
                    if _is_choice(field, text, homes.get(shop_id, 0))
                )
    return sent


def _is_choice(field: str, value: Any, home: int) -> bool:
    if field == "active":
        return str(value) == "0"
    if field == "categories":
        return not isinstance(value, list) or value != [home or 2]  # 2 is where PrestaShop has it
    if field in NUMBERS:
        return str(value).strip("0.") != ""
    return value not in ("", None)


def _pages(
    connection: sa.Connection, query: sa.Select[Any], key: sa.ColumnElement[Any]
) -> Iterator[list[sa.Row[Any]]]:
    last = 0
    while rows := connection.execute(query.where(key > last).order_by(key).limit(CHUNK)).all():
        last = rows[-1][0]
        yield list(rows)


def _parts(numbers: set[int]) -> Iterator[list[int]]:
    ordered = sorted(numbers)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


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
    connection.execute(
        sa.text(
            "INSERT INTO product_category (product_id, category_id, position) SELECT id, 1, 0 FROM product "
            "WHERE NOT EXISTS (SELECT 1 FROM product_category WHERE product_category.product_id = product.id)"
        )
    )
    for table, texts in (("product_text", TEXTS), ("category_text", CATEGORY_TEXTS)):
        values = ", ".join(f"{name} = coalesce({name}, '')" for name in ("name", *texts))
        connection.execute(sa.text(f"UPDATE {table} SET {values}"))  # noqa: S608  (names of our own)
