"""Alembic's entry: it runs on the connection that the database opened, inside its transaction."""

from alembic import context

from app.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    render_as_batch=True,
)
context.run_migrations()
