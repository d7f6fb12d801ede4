"""The tables as they are today; `migrations/` holds how they came to be.

Times are integer microseconds since 1970, money integer micro-dollars, both because sums and
comparisons must be exact. `changed_seq` is the change feed: every transaction that changes a row
takes the next number of `feed` and writes it there, so "what changed since 41" is an index range.
"""

# The stubs of `Column("name", ForeignKey(...))` leave the type of the column open.
# pyright: reportUnknownArgumentType=false

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from app.store.metadata import metadata as metadata
from app.store.people_schema import audit as audit
from app.store.people_schema import login_failures as login_failures
from app.store.people_schema import login_tries as login_tries
from app.store.people_schema import sessions as sessions
from app.store.people_schema import spending as spending
from app.store.people_schema import tokens as tokens
from app.store.people_schema import turns as turns
from app.store.people_schema import users as users

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    # The first number of this database: a smaller cursor was given out by another one.
    Column("first_seq", BigInteger, nullable=False, server_default="1"),
)

projects = Table(
    "projects",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    # Empty for the one that every studio starts with: it is everybody's.
    Column("owner_id", String(32), nullable=False, server_default=""),
    # Only for its owner and for admins.
    Column("private", Boolean, nullable=False, server_default=false()),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

queue_state = Table(
    "queue_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("running", Boolean, nullable=False),
    Column("changed_seq", BigInteger, nullable=False),
)

provider_gates = Table(
    "provider_gates",
    metadata,
    Column("provider", String(64), primary_key=True),
    # A cool-down after "too many requests", shared by every worker.
    Column("blocked_until", BigInteger, nullable=False),
    # Error code of what a person must mend before the provider takes work; empty when it does.
    Column("paused_code", String(64), nullable=False),
    Column("blocked_code", String(64), nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("owner_id", ForeignKey("users.id"), nullable=False),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("client_request_id", String(64)),
    Column("task_name", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("negative_prompt", Text, nullable=False),
    Column("model", String(200), nullable=False),
    Column("aspect_ratio", String(16), nullable=False),
    Column("quality", String(16), nullable=False),
    Column("images_per_prompt", Integer, nullable=False),
    Column("seed", BigInteger),
    Column("filename_prefix", Text, nullable=False),
    # Derived from the slots in the transaction that changes them, so that a page need not count.
    Column("status", String(16), nullable=False),
    Column("images_done", Integer, nullable=False),
    Column("error_code", String(64), nullable=False),
    Column("error_params", JSON, nullable=False),
    Column("next_attempt_at", BigInteger),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    # A person gave up on what was missing then; asking again takes it away.
    Column("cancelled_at", BigInteger),
    # When it went out of other people's sight, as a number of the feed.
    Column("concealed_seq", BigInteger),
    Column("changed_seq", BigInteger, nullable=False),
    UniqueConstraint("owner_id", "client_request_id"),
)
Index("ix_tasks_changed_seq", tasks.c.changed_seq)
Index(
    "ix_tasks_position",
    tasks.c.position,
    tasks.c.id,
    sqlite_where=text("removed_at IS NULL"),
    postgresql_where=text("removed_at IS NULL"),
)
Index(
    # Pages of one status in queue order, and the sums of the queue's state without the table.
    "ix_tasks_status_position",
    tasks.c.status,
    tasks.c.position,
    tasks.c.id,
    tasks.c.images_done,
    tasks.c.images_per_prompt,
    tasks.c.cost,
    sqlite_where=text("removed_at IS NULL"),
    postgresql_where=text("removed_at IS NULL"),
)
Index(
    "ix_tasks_cancelled_at",
    tasks.c.cancelled_at,
    sqlite_where=text("cancelled_at IS NOT NULL AND removed_at IS NULL"),
    postgresql_where=text("cancelled_at IS NOT NULL AND removed_at IS NULL"),
)
Index(
    # How much of a person is in the queue: a handful of rows among a hundred thousand.
    "ix_tasks_unfinished",
    tasks.c.owner_id,
    sqlite_where=text("status IN ('pending', 'running') AND removed_at IS NULL"),
    postgresql_where=text("status IN ('pending', 'running') AND removed_at IS NULL"),
)
Index("ix_tasks_project_id", tasks.c.project_id)

reference_images = Table(
    "reference_images",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("owner_id", ForeignKey("users.id"), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("stored_name", Text, nullable=False),
    Column("mime_type", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

reference_owners = Table(
    # Who uploaded a picture, and under which name: the same bytes are stored once.
    "reference_owners",
    metadata,
    Column("reference_id", ForeignKey("reference_images.id"), primary_key=True),
    Column("user_id", String(32), primary_key=True),
    Column("file_name", Text, nullable=False),
)

task_references = Table(
    "task_references",
    metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    # Empty for a reference without a category.
    Column("category", String(16), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("reference_id", ForeignKey("reference_images.id"), nullable=False, index=True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("task_id", ForeignKey("tasks.id"), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("provider", String(64), nullable=False),
    Column("model", String(200), nullable=False),
    Column("worker", String(64), nullable=False),
    Column("fence", BigInteger, nullable=False),
    # sent, saved, failed, uncertain, abandoned: see app/store/states.py
    Column("state", String(16), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("negative_prompt", Text, nullable=False),
    Column("aspect_ratio", String(16), nullable=False),
    Column("quality", String(16), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("references", JSON, nullable=False),
    Column("output_folder", Text, nullable=False),
    Column("file_stem", Text, nullable=False),
    Column("image_id", String(32), nullable=False),
    Column("operation_id", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("estimated_cost", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("usage", JSON, nullable=False),
    Column("error_code", String(64), nullable=False),
    Column("error_message", Text, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)
Index("ix_attempts_task_id_generation_slot", attempts.c.task_id, attempts.c.generation,
      attempts.c.slot)  # fmt: skip
Index(
    "ix_attempts_open",
    attempts.c.state,
    sqlite_where=text("state = 'sent'"),
    postgresql_where=text("state = 'sent'"),
)

slots = Table(
    "slots",
    metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("slot", Integer, primary_key=True),
    # Copied from the task so that the claim reads one index in each person's queue order.
    Column("provider", String(64), nullable=False),
    Column("owner_id", String(32), nullable=False, server_default=""),
    Column("position", BigInteger, nullable=False),
    # pending, running, done, error, uncertain, removed: see app/store/states.py
    Column("state", String(16), nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("takeovers", Integer, nullable=False),
    # Only grows; whoever holds an older number may finish nothing.
    Column("fence", BigInteger, nullable=False),
    Column("worker", String(64), nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    # What a running one will probably cost: it counts against the limit of the day already.
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("attempt_id", String(32)),
    Column("image_id", String(32)),
    Column("error_code", String(64), nullable=False),
    Column("error_params", JSON, nullable=False),
    Column("finished_at", BigInteger),
)
Index(
    "ix_slots_claim",
    slots.c.provider,
    slots.c.owner_id,
    slots.c.position,
    slots.c.slot,
    sqlite_where=text("state = 'pending'"),
    postgresql_where=text("state = 'pending'"),
)
Index(
    # When something that waits for its time may start.
    "ix_slots_due",
    slots.c.provider,
    slots.c.not_before,
    sqlite_where=text("state = 'pending' AND not_before > 0"),
    postgresql_where=text("state = 'pending' AND not_before > 0"),
)
Index(
    "ix_slots_running",
    slots.c.provider,
    slots.c.lease_until,
    sqlite_where=text("state = 'running'"),
    postgresql_where=text("state = 'running'"),
)
Index(
    "ix_slots_failed",
    slots.c.state,
    slots.c.task_id,
    sqlite_where=text("state IN ('error', 'uncertain')"),
    postgresql_where=text("state IN ('error', 'uncertain')"),
)

images = Table(
    "images",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("task_id", ForeignKey("tasks.id"), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("attempt_id", ForeignKey("attempts.id"), nullable=False),
    Column("output_folder", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mime_type", String(64), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("seed", BigInteger),
    Column("cost", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("task_id", "generation", "slot"),
)
