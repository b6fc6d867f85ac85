"""What stored forms tell of a pilot's records: what each item of a visit earned, parts of the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from pilot_eval.domain import checklists, timings
from pilot_eval.domain.checklists import Checklist, earned_shares
from pilot_eval.domain.timings import TimingForm
from pilot_eval.records.forms import ChecklistVersion, TimingFormVersion
from pilot_eval.records.pilots import Pilot
from pilot_eval.records.visits import Visit


class ItemRow(NamedTuple):
    """A scored question of a pilot's checklist; `lever` tells whether training can move it."""

    code: str
    en: str
    ru: str
    section_en: str
    section_ru: str
    lever: str


class StoredForms:
    """The forms that a pilot's visits and timings were recorded with.

    Parameters
    ----------
    by_id : stored checklists by their key
    timing_form : None where the pilot has none
    """

    def __init__(self, by_id: Mapping[int, Checklist], timing_form: TimingForm | None) -> None:
        self._earned = {key: earned_shares(checklist) for key, checklist in by_id.items()}
        self._timing_form = timing_form
        found: dict[str, ItemRow] = {}
        for _key, checklist in sorted(by_id.items()):
            for item in _items(checklist):
                found[item.code] = item  # the newest words of a question stand
        self.items = tuple(found.values())

    def earned(self, checklist_id: int, document: Mapping[str, Any]) -> tuple[float | None, ...]:
        """What each of `items` earned; None where it did not apply, was left open or was not asked."""
        answers, shares = document.get("answers", {}), self._earned[checklist_id]
        nothing: dict[str, float] = {}
        return tuple(shares.get(item.code, nothing).get(answers.get(item.code)) for item in self.items)

    def daypart(self, moment: datetime, zone: ZoneInfo) -> str | None:
        """Code of the part of the day by the branch's own clock."""
        return None if self._timing_form is None else self._timing_form.daypart(moment, zone).code


def _items(checklist: Checklist) -> list[ItemRow]:
    return [
        ItemRow(item.code, item.text.en, item.text.ru, section.title.en, section.title.ru, item.lever)
        for section in checklist.sections
        for item in section.items
        if item.scored
    ]


def stored_forms(session: Session, pilot_id: int) -> StoredForms:
    """Read the checklists of a pilot's visits and its timing form.

    Parameters
    ----------
    session : Session
    pilot_id : int
    """
    used = select(Visit.checklist_id).where(col(Visit.pilot_id) == pilot_id).distinct()
    versions = session.exec(select(ChecklistVersion).where(col(ChecklistVersion.id).in_(used)))
    form = session.exec(
        select(TimingFormVersion)
        .join(Pilot, col(Pilot.timing_form_id) == col(TimingFormVersion.id))
        .where(col(Pilot.id) == pilot_id)
    ).one_or_none()
    by_id = {version.id: _checklist(_Stored(version.digest, version.document)) for version in versions}
    return StoredForms(
        {key: checklist for key, checklist in by_id.items() if key is not None},
        None if form is None else _timing_form(_Stored(form.digest, form.document)),
    )


class _Stored:
    """A published form never changes: its digest names what was once read from it."""

    def __init__(self, digest: str, document: Mapping[str, Any]) -> None:
        self.digest, self.document = digest, document

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Stored) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=64)
def _checklist(stored: _Stored) -> Checklist:
    return checklists.parse(stored.document)


@lru_cache(maxsize=64)
def _timing_form(stored: _Stored) -> TimingForm:
    return timings.parse(stored.document)
