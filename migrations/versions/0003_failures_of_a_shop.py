"""failures of a shop, newest first, without sorting all of them; their ids are never given twice

Revision ID: 0003
Revises: 0002
"""

from contextlib import AbstractContextManager

from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _failed_job(*, sqlite_autoincrement: bool) -> AbstractContextManager[BatchOperations]:
    """SQLite makes the table anew for this, PostgreSQL never gives an id twice."""
    return op.batch_alter_table(
        "failed_job",
        recreate="always" if op.get_bind().dialect.name == "sqlite" else "never",
        table_kwargs={"sqlite_autoincrement": sqlite_autoincrement},
    )


def upgrade() -> None:
    with _failed_job(sqlite_autoincrement=True) as batch_op:
        batch_op.create_index("ix_failed_job_shop_id_id", ["shop_id", "id"], unique=False)


def downgrade() -> None:
    with _failed_job(sqlite_autoincrement=False) as batch_op:
        batch_op.drop_index("ix_failed_job_shop_id_id")
