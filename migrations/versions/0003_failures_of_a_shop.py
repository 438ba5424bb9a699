"""failures of a shop, newest first, without sorting all of them

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("failed_job", schema=None) as batch_op:
        batch_op.create_index("ix_failed_job_shop_id_id", ["shop_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("failed_job", schema=None) as batch_op:
        batch_op.drop_index("ix_failed_job_shop_id_id")
