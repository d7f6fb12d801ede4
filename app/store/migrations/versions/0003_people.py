"""Whose rows, whose turn, whose money: projects with owners, limits, the audit, throttling."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REFUSED = """
CREATE TRIGGER audit_no_{event} BEFORE {event} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END
"""


def upgrade() -> None:
    # Plain ADD COLUMN throughout: a batch would copy the tables, and the defaults make it needless.
    op.add_column("users", sa.Column("max_queued", sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("daily_limit", sa.BigInteger(), nullable=True))
    op.add_column(
        "projects", sa.Column("owner_id", sa.String(32), nullable=False, server_default="")
    )
    op.add_column(
        "projects", sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("tasks", sa.Column("concealed_seq", sa.BigInteger(), nullable=True))
    op.add_column("slots", sa.Column("owner_id", sa.String(32), nullable=False, server_default=""))
    op.add_column(
        "slots", sa.Column("reserved", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute(
        "UPDATE slots SET owner_id = (SELECT owner_id FROM tasks WHERE tasks.id = slots.task_id)"
    )
    _indexes()
    _tables()
    op.execute(
        "INSERT INTO reference_owners (reference_id, user_id, file_name)"
        " SELECT id, owner_id, file_name FROM reference_images"
    )
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(_REFUSED.format(event=event))


def _indexes() -> None:
    op.drop_index("ix_slots_claim", "slots")
    _partial("ix_slots_claim", "slots", ["provider", "owner_id", "position", "slot"],
             "state = 'pending'")  # fmt: skip
    _partial("ix_slots_due", "slots", ["provider", "not_before"],
             "state = 'pending' AND not_before > 0")  # fmt: skip
    _partial("ix_tasks_unfinished", "tasks", ["owner_id"],
             "status IN ('pending', 'running') AND removed_at IS NULL")  # fmt: skip
    op.create_index(op.f("ix_tasks_project_id"), "tasks", ["project_id"])


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(op.f(name), table, columns, sqlite_where=where, postgresql_where=where)


def _tables() -> None:
    op.create_table(
        "reference_owners",
        sa.Column("reference_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["reference_images.id"],
            name=op.f("fk_reference_owners_reference_id"),
        ),
        sa.PrimaryKeyConstraint("reference_id", "user_id", name=op.f("pk_reference_owners")),
    )
    op.create_table(
        "spending",
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "day", name=op.f("pk_spending")),
    )
    op.create_table(
        "turns",
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "owner_id", name=op.f("pk_turns")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("object_kind", sa.String(16), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "login_tries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_tries")),
    )
    op.create_index(op.f("ix_login_tries_at"), "login_tries", ["at"])
    op.create_index(op.f("ix_login_tries_address_at"), "login_tries", ["address", "at"])
