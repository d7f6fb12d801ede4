"""The tables about people: who may come in, what they spent, whose turn it is, what was done.

See `app/store/schema.py` for the units of time and money.
"""

# pyright: reportUnknownArgumentType=false

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from app.store.metadata import metadata

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("username", String(200), nullable=False, unique=True),
    Column("display_name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(255)),
    Column("preferences", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    # Pending and running tasks that the person may have; none set means no limit.
    Column("max_queued", Integer),
    # What the person may spend on one day, micro-dollars.
    Column("daily_limit", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the token: whoever steals the database cannot sign in with it.
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(300), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    # SHA-256, as for sessions.
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", BigInteger, nullable=False),
)

login_tries = Table(
    # Passwords that are checked, for minutes only: by address, and all together.
    "login_tries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String(64), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)
Index("ix_login_tries_address_at", login_tries.c.address, login_tries.c.at)

spending = Table(
    # What a person's requests cost, by the day on which they ended.
    "spending",
    metadata,
    Column("owner_id", String(32), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("spent", BigInteger, nullable=False),
)

turns = Table(
    # Who was served when at which provider; the larger, the later.
    "turns",
    metadata,
    Column("provider", String(64), primary_key=True),
    Column("owner_id", String(32), primary_key=True),
    Column("turn", BigInteger, nullable=False),
    # Until when the limit of the day holds this person's work back; 0 while it does not.
    Column("held_until", BigInteger, nullable=False),
)

audit = Table(
    # Only ever added to; triggers of the database refuse everything else.
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("user_id", String(32), nullable=False),
    Column("action", String(32), nullable=False),
    Column("object_kind", String(16), nullable=False),
    Column("object_id", Text, nullable=False),
    Column("details", JSON, nullable=False),
    # Where the request came from; empty where it was made on the machine itself.
    Column("address", String(64), nullable=False),
)
