"""batches schedules images pace

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_file",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_image_file")),
    )
    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("catch_up", sa.Boolean(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("name", name=op.f("uq_schedule_name")),
    )
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedule_next_due_at"), ["next_due_at"], unique=False)

    op.create_table(
        "job_batch",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "paused",
                "finished",
                "cancelled",
                name="batchstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("selection", sa.String(length=255), nullable=False),
        sa.Column("requested_by", sa.String(length=255), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("conflict", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("then_run", sa.Integer(), nullable=False),
        sa.Column("catch_run", sa.Integer(), nullable=False),
        sa.Column("finally_run", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "total = waiting + running + created + updated + unchanged + failed + conflict + skipped + cancelled",
            name=op.f("ck_job_batch_outcomes_add_up"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shop.id"], name=op.f("fk_job_batch_shop_id_shop"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_batch")),
    )
    with op.batch_alter_table("job_batch", schema=None) as batch_op:
        batch_op.create_index("ix_job_batch_created_at", ["created_at"], unique=False)
        batch_op.create_index("ix_job_batch_shop_id_created_at", ["shop_id", "created_at"], unique=False)
        batch_op.create_index("ix_job_batch_state", ["state"], unique=False)

    op.create_table(
        "schedule_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "finished",
                "failed",
                "missed",
                name="schedulerunstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("requested_by", sa.String(length=255), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["schedule.id"],
            name=op.f("fk_schedule_run_schedule_id_schedule"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_run")),
        sa.UniqueConstraint("schedule_id", "due_at", name=op.f("uq_schedule_run_schedule_id_due_at")),
    )
    with op.batch_alter_table("schedule_run", schema=None) as batch_op:
        batch_op.create_index("ix_schedule_run_due_at", ["due_at"], unique=False)

    op.create_table(
        "batch_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("status_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("requested_revision", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "waiting",
                "running",
                "created",
                "updated",
                "unchanged",
                "failed",
                "conflict",
                "skipped",
                "cancelled",
                name="itemoutcome",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["job_batch.id"], name=op.f("fk_batch_item_batch_id_job_batch"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["status_id"],
            ["product_sync_status.id"],
            name=op.f("fk_batch_item_status_id_product_sync_status"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_item")),
    )
    with op.batch_alter_table("batch_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_batch_item_batch_id_outcome_band_position",
            ["batch_id", "outcome", "band", "position"],
            unique=False,
        )
        batch_op.create_index("ix_batch_item_status_id", ["status_id"], unique=False)

    op.create_table(
        "remote_image",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("status_id", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("remote_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["status_id"],
            ["product_sync_status.id"],
            name=op.f("fk_remote_image_status_id_product_sync_status"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_image")),
        sa.UniqueConstraint("status_id", "content_hash", name=op.f("uq_remote_image_status_id_content_hash")),
        sa.UniqueConstraint("status_id", "remote_id", name=op.f("uq_remote_image_status_id_remote_id")),
    )
    with op.batch_alter_table("failed_job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.String(length=36), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_failed_job_batch_id_job_batch"),
            "job_batch",
            ["batch_id"],
            ["id"],
            ondelete="SET NULL",
        )

    with op.batch_alter_table("product_image", schema=None) as batch_op:
        batch_op.add_column(sa.Column("content_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("problem", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.create_index(batch_op.f("ix_product_image_content_hash"), ["content_hash"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_product_image_content_hash_image_file"),
            "image_file",
            ["content_hash"],
            ["content_hash"],
        )

    with op.batch_alter_table("product_sync_status", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pushed_settings", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("shop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failure_streak", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("settings_revision", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("pace_min", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pace_max", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pace_rate", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("pace_reason", sa.String(length=255), server_default=sa.text("''"), nullable=False)
        )
        batch_op.add_column(sa.Column("pace_since", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("sync_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.String(length=36), nullable=True))
        batch_op.create_index("ix_sync_log_created_at", ["created_at"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_sync_log_batch_id_job_batch"),
            "job_batch",
            ["batch_id"],
            ["id"],
            ondelete="SET NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table("sync_log", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_sync_log_batch_id_job_batch"), type_="foreignkey")
        batch_op.drop_index("ix_sync_log_created_at")
        batch_op.drop_column("batch_id")

    with op.batch_alter_table("shop", schema=None) as batch_op:
        batch_op.drop_column("pace_since")
        batch_op.drop_column("pace_reason")
        batch_op.drop_column("pace_rate")
        batch_op.drop_column("pace_max")
        batch_op.drop_column("pace_min")
        batch_op.drop_column("settings_revision")
        batch_op.drop_column("failure_streak")
        batch_op.drop_column("probe_at")

    with op.batch_alter_table("product_sync_status", schema=None) as batch_op:
        batch_op.drop_column("pushed_settings")

    with op.batch_alter_table("product_image", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_product_image_content_hash_image_file"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_product_image_content_hash"))
        batch_op.drop_column("problem")
        batch_op.drop_column("content_hash")

    with op.batch_alter_table("failed_job", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_failed_job_batch_id_job_batch"), type_="foreignkey")
        batch_op.drop_column("batch_id")

    op.drop_table("remote_image")
    with op.batch_alter_table("batch_item", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_item_status_id")
        batch_op.drop_index("ix_batch_item_batch_id_outcome_band_position")

    op.drop_table("batch_item")
    with op.batch_alter_table("schedule_run", schema=None) as batch_op:
        batch_op.drop_index("ix_schedule_run_due_at")

    op.drop_table("schedule_run")
    with op.batch_alter_table("job_batch", schema=None) as batch_op:
        batch_op.drop_index("ix_job_batch_state")
        batch_op.drop_index("ix_job_batch_shop_id_created_at")
        batch_op.drop_index("ix_job_batch_created_at")

    op.drop_table("job_batch")
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedule_next_due_at"))

    op.drop_table("schedule")
    op.drop_table("image_file")
