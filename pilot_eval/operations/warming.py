"""The newest pilots' results, found before anybody asks for them."""

from __future__ import annotations

from datetime import datetime

from pilot_eval.domain.people import Actor
from pilot_eval.operations.pilots import list_pilots
from pilot_eval.operations.summaries import summarise
from pilot_eval.records.database import Engine, reading_only, session_of

MOST = 4


def warm_overviews(engine: Engine, actor: Actor, now: datetime) -> int:
    """Evaluate the newest pilots, so that their first readers need not wait.

    It only reads, and so keeps nobody from writing.

    Returns
    -------
    int
        Number of pilots that were looked at.
    """
    token = reading_only.set(True)
    try:
        with session_of(engine) as session:
            slugs = [pilot.slug for pilot in list_pilots(session, actor)[:MOST]]
        for slug in slugs:
            with session_of(engine) as session:
                summarise(session, actor, slug, now)
    finally:
        reading_only.reset(token)
    return len(slugs)
