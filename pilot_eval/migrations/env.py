"""Alembic's environment: the caller hands over the connection and commits."""

from alembic import context
from sqlmodel import SQLModel

from pilot_eval.records import database as database  # loads every table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
