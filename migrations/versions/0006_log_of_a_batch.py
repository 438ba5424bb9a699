"""log lines and failures of a batch, also for when the batch is deleted

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sync_log", schema=None) as batch_op:
        batch_op.create_index("ix_sync_log_batch_id_id", ["batch_id", "id"], unique=False)
    with op.batch_alter_table("failed_job", schema=None) as batch_op:
        batch_op.create_index("ix_failed_job_batch_id", ["batch_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("failed_job", schema=None) as batch_op:
        batch_op.drop_index("ix_failed_job_batch_id")
    with op.batch_alter_table("sync_log", schema=None) as batch_op:
        batch_op.drop_index("ix_sync_log_batch_id_id")
