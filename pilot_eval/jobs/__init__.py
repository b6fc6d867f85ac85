"""Long work in the background: a queue in a file of its own beside the database, and whoever works it off."""

from pilot_eval.jobs.background import Background

__all__ = ["Background"]
