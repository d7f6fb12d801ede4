"""Tokens for programs, cancelled tasks, and cursors that tell their database."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
    )
    op.create_index(op.f("ix_tokens_user_id"), "tokens", ["user_id"])
    # Plain ADD COLUMN: a batch would copy the whole table, and the default makes it needless.
    op.add_column(
        "feed", sa.Column("first_seq", sa.BigInteger(), nullable=False, server_default="1")
    )
    op.add_column("tasks", sa.Column("cancelled_at", sa.BigInteger(), nullable=True))
    cancelled = sa.text("cancelled_at IS NOT NULL AND removed_at IS NULL")
    op.create_index(
        op.f("ix_tasks_cancelled_at"),
        "tasks",
        ["cancelled_at"],
        sqlite_where=cancelled,
        postgresql_where=cancelled,
    )
    op.drop_index("ix_tasks_status", "tasks")
    present = sa.text("removed_at IS NULL")
    op.create_index(
        op.f("ix_tasks_status_position"),
        "tasks",
        ["status", "position", "id", "images_done", "images_per_prompt", "cost"],
        sqlite_where=present,
        postgresql_where=present,
    )
