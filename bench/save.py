"""A visit of 30 answers stored by our operation, beside the usual design: a row an answer, through the ORM.

The peer is what one would write first with SQLModel: an object for the visit and one for each answer,
checked, scored and committed together. Both are given the same answers and the same database: SQLite with a
write-ahead log, every commit synced. Ours stores what the peer leaves out: the digest that tells a repeat
from a conflict, the audit event sealed to the one before, the state of the wave, held still.

Usage: python -m bench.save [visits] [pairs]
"""
