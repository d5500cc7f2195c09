"""What Alembic runs: the migrations, over a connection that `catalog.migrations` has opened.

The transaction and its lock are the caller's, so that a failed migration leaves nothing behind.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,  # SQLite changes a table by copying it
)
context.run_migrations()
