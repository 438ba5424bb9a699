"""pages of the product list in every order, without sorting all of it

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index("ix_product_updated_at")
        batch_op.create_index("ix_product_updated_at_id", ["updated_at", "id"], unique=False)
        batch_op.create_index("ix_product_price_net_id", ["price_net", "id"], unique=False)
        batch_op.create_index("ix_product_quantity_id", ["quantity", "id"], unique=False)
    with op.batch_alter_table("product_text", schema=None) as batch_op:
        batch_op.drop_index("ix_product_text_name")
        batch_op.create_index(
            "ix_product_text_language_name", ["language", "name", "product_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("product_text", schema=None) as batch_op:
        batch_op.drop_index("ix_product_text_language_name")
        batch_op.create_index("ix_product_text_name", ["name"], unique=False)
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index("ix_product_quantity_id")
        batch_op.drop_index("ix_product_price_net_id")
        batch_op.drop_index("ix_product_updated_at_id")
        batch_op.create_index("ix_product_updated_at", ["updated_at"], unique=False)
