"""A program gone wild holds up nobody else: so many requests a minute for each person, in each process."""

from __future__ import annotations

import threading
from collections import deque

from flask import Blueprint, current_app
from flask_login import current_user

from pilot_eval.web.api.refusals import too_many
from pilot_eval.web.sessions import clock

MINUTE = 60.0
AT_MOST = 600  # a full outbox sends a few a second
PEOPLE_KEPT = 10_000


class Pace:
    """The moments of each person's requests of the last minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: dict[int, deque[float]] = {}

    def seconds_to_wait(self, person_id: int, now: float, at_most: int) -> int:
        """0 lets the request pass, and counts it."""
        with self._lock:
            if len(self._recent) >= PEOPLE_KEPT:
                self._recent = {key: kept for key, kept in self._recent.items() if kept[-1] > now - MINUTE}
            recent = self._recent.setdefault(person_id, deque())
            while recent and recent[0] <= now - MINUTE:
                recent.popleft()
            if len(recent) >= at_most:
                return int(recent[0] + MINUTE - now) + 1
            recent.append(now)
            return 0


def install(api: Blueprint) -> None:
    """Refuse with 429 and Retry-After whoever asks too often."""
    api.record_once(lambda state: state.app.extensions.setdefault("pace", Pace()))

    @api.before_request
    def _keep_pace() -> None:
        if not current_user.is_authenticated:
            return
        pace: Pace = current_app.extensions["pace"]
        at_most = current_app.config.get("API_REQUESTS_A_MINUTE", AT_MOST)
        if wait := pace.seconds_to_wait(current_user.id, clock().timestamp(), at_most):
            raise too_many(wait)
