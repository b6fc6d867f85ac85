"""What phones send: visits and timings, by the API and by the pages, each until it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

from bench import crowd

KINDS = ("visits", "timings")
PAGES = {"visits": "visit", "timings": "timing"}
TYPED = {"visits": crowd.typed_visit, "timings": crowd.typed_timing}
BODIES = {"visits": crowd.visit, "timings": crowd.timing}


@dataclass(frozen=True)
class Record:
    """A visit or a timing, and whether it goes to the API or is posted by its page."""

    kind: str
    by_page: bool
    assignment: int
    id: UUID


class Busy(Exception):
    """The server asks to come again."""


class Outbox:
    """One phone's records: each is kept until it was acknowledged, and sent again under its own identity.

    Attributes
    ----------
    acknowledged : dict
        The record by its identity.
    digests : dict of UUID to str
        As the API told them.
    waiting_is_stored : bool
        The server had stored what waits, though its answer never came: to be told when looked up.
    """

    def __init__(self, phone: crowd.Phone, assignments: list[int]) -> None:
        self.phone = phone
        self._records = self._make(assignments)
        self._pages: dict[str, dict[str, str]] = {}
        self.acknowledged: dict[UUID, Record] = {}
        self.digests: dict[UUID, str] = {}
        self.waiting: Record | None = None
        self.sent_again = 0
        self.waiting_is_stored = False

    @staticmethod
    def _make(assignments: list[int]) -> Iterator[Record]:
        """A visit and a timing of each assignment, by API and page in turn."""
        for assignment, by_page in zip(assignments, cycle((False, True)), strict=False):
            for kind in KINDS:
                yield Record(kind, by_page, assignment, uuid4())

    def send(self) -> None:
        """Send one record, an earlier one first; OSError where nobody answers, Busy where it is put off."""
        again = self.waiting is not None
        record = self.waiting or next(self._records)
        self.waiting = record
        if record.by_page:
            self._by_page(record)
        else:
            self._by_api(record)
        self.sent_again += again
        self.acknowledged[record.id] = record
        self.waiting, self.waiting_is_stored = None, False

    def _by_api(self, record: Record) -> None:
        body = BODIES[record.kind](record.assignment)
        status, headers, told = self.phone.put(record.kind, record.id, body)
        _put_off(status, headers)
        expected = 200 if self.waiting_is_stored else 201
        assert (status, told["uuid"]) == (expected, str(record.id)), f"{status} {told}"
        self.digests[record.id] = told["digest"]

    def _by_page(self, record: Record) -> None:
        path = f"/assignments/{record.assignment}/{PAGES[record.kind]}"
        if record.kind not in self._pages:
            status, headers, page = self.phone.ask("GET", path)
            _put_off(status, headers)
            assert status == 200, page
            self._pages[record.kind] = self.phone.hidden(page)
        fields: dict[str, Any] = self._pages[record.kind] | TYPED[record.kind]() | {"id": str(record.id)}
        status, headers, text = self.phone.post(path, fields)
        _put_off(status, headers)
        assert (status, headers.get("Location")) == (303, f"/{record.kind}/{record.id}"), f"{status} {text}"


def _put_off(status: int, headers: Mapping[str, str]) -> None:
    if status == 503:
        assert int(headers["Retry-After"]) > 0
        raise Busy
