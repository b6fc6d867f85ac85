"""Many auditors send at the same time: nobody is refused, all is there once. How fast: `bench.load`."""

from __future__ import annotations

import os

from bench import crowd, load
from tests.durability.conftest import Ground

AUDITORS, VISITS = (50, 6) if os.environ.get("PILOT_EVAL_LONG") else (8, 4)


def test_auditors_who_send_at_once_meet_no_error(ground: Ground) -> None:
    more = AUDITORS - len(ground.assignments)
    ground.assignments |= crowd.more_auditors(ground.url, more, VISITS)
    with ground.served():
        senders = load.senders_of(ground.assignments, ground.port)
        seen = load.together(senders, VISITS, 0.0)
        for sender in senders:
            sender.phone.close()
    assert seen.errors == []
    assert len(seen.sent) == AUDITORS * VISITS
    assert load.is_whole(ground.url, seen)
