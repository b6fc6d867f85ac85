"""SQLModel tables, their queries, the audit log and the database itself; no statistics."""
