"""Alembic migrations; `records.database` runs them."""
