"""Assignments out of a file: who visits which branch when; what was assigned before is never added again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import Message, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Period
from pilot_eval.domain.problems import N_
from pilot_eval.domain.progress import told
from pilot_eval.domain.timings import Daypart
from pilot_eval.operations.lists.sheets import CHECKING, Column, Effect, Row, Rows, Storing
from pilot_eval.operations.visit_plans import (
    Key,
    Place,
    VisitPlan,
    dayparts_of,
    key_of,
    place_for,
    scenarios_of,
)
from pilot_eval.records.pilots import Assignment, Pilot

TOLD = 20  # oddities that are told one by one
# As they are written in files, in both languages.
WAVES: Mapping[str, Period] = {
    "before": Period.BEFORE,
    "after": Period.AFTER,
    "до": Period.BEFORE,
    "после": Period.AFTER,
}
_COLUMNS = {"period": "wave", "window": "from"}  # by the field of a plan


def columns(session: Session, pilot: Pilot | None) -> Sequence[Column]:
    assert pilot is not None  # noqa: S101 - this kind belongs to a pilot
    scenarios, dayparts = scenarios_of(session, pilot), dayparts_of(session, pilot)
    return (
        Column("branch", N_("code of the branch"), needed=True),
        Column("wave", N_("the wave of the visit"), needed=True, codes="before, after"),
        Column("auditor", N_("sign-in name or pseudonym of the auditor"), needed=True),
        Column(
            "scenario", N_("what the auditor asks for"), needed=bool(scenarios), codes=", ".join(scenarios)
        ),
        Column("from", N_("first day of the visit; that of the wave unless given")),
        Column("to", N_("last day of the visit; that of the wave unless given")),
        Column(
            "daypart",
            N_("part of the day; any unless given"),
            codes=", ".join(part.code for part in dayparts),
        ),
    )


def check(session: Session, actor: Actor, pilot: Pilot | None, rows: Rows) -> Effect:
    """What a file of assignments would do; see `Kind.check`.

    What is odd, such as an auditor who would be in a branch twice within thirty days, is told in the notes:
    storing the file says that it is meant.
    """
    assert pilot is not None  # noqa: S101 - this kind belongs to a pilot
    place = place_for(session, actor, pilot.slug)
    auditors = {
        word.casefold(): who.id for who in place.auditors.values() for word in (who.email, who.pseudonym)
    }
    withdrawn = _withdrawn(session, pilot)
    first: dict[Key, int] = {}
    new: list[VisitPlan] = []
    there = taken_back = 0
    odd: list[Message] = []
    for count, row in enumerate(rows, 1):
        told(CHECKING, count, len(rows))
        plan = _plan(row, place, auditors)
        if plan is None:
            continue
        key = place.key(plan)
        if key in first:
            row.wrong("", Message("is row %(row)s once more", row=first[key]))
            continue
        first[key] = row.number
        if key in place.known:
            there += 1
        elif key in withdrawn:
            taken_back += 1
        elif not _refused(row, place, plan):
            odd += [
                Message("Row %(row)s: %(what)s", row=row.number, what=one.sentence)
                for one in place.oddities(plan)
            ]
            new.append(plan)
            place.take(plan)
    rows.problems.refuse()
    return Effect(len(new), there + taken_back, 0, _storing(pilot, new), _notes(taken_back, odd))


def _plan(row: Row, place: Place, auditors: Mapping[str, int]) -> VisitPlan | None:
    """The visit that a row asks for; what is not known is noted."""
    branch, name = row.needed("branch"), row.needed("auditor")
    period = row.one_of("wave", WAVES) if row.needed("wave") else None
    scenario = row.one_of("scenario", {code.casefold(): code for code in place.scenarios}) or ""
    if place.scenarios and not row.text("scenario"):
        row.needed("scenario")
    parts = {word.casefold(): code for code, part in place.dayparts.items() for word in _words(code, part)}
    daypart = row.one_of("daypart", parts) or ""
    first, last = row.day("from"), row.day("to")
    found = place.find(branch)
    if branch and found is None:
        row.wrong("branch", Message("%(code)s is no branch of this pilot", code=branch))
    if name and name.casefold() not in auditors:
        row.wrong("auditor", Message("%(name)s is no auditor who may sign in", name=name))
    wave = place.waves.get(period) if period else None
    if period and wave is None:
        row.wrong("wave", Message("This pilot has no such wave"))
    known = found is not None and name.casefold() in auditors and (scenario or not place.scenarios)
    if not known or wave is None or (row.text("from") and not first) or (row.text("to") and not last):
        return None
    window = (first or wave.opens_on, last or wave.closes_on)
    return VisitPlan(branch, wave.period, auditors[name.casefold()], scenario, window, daypart)


def _words(code: str, part: Daypart) -> tuple[str, ...]:
    return code, part.text.en, part.text.ru


def _refused(row: Row, place: Place, plan: VisitPlan) -> bool:
    """Note what forbids the visit; whether anything does."""
    problems = place.problems(plan)
    for problem in problems:
        row.wrong(_COLUMNS.get(problem.field, problem.field), problem.sentence)
    if not place.wave_is_open(plan):
        row.wrong("wave", Message("This wave is closed; nothing more can be assigned in it"))
    return bool(problems) or not place.wave_is_open(plan)


def _withdrawn(session: Session, pilot: Pilot) -> set[Key]:
    """Assignments that were taken back: a file that had them once does not bring them again."""
    rows = session.exec(
        select(Assignment).where(
            col(Assignment.pilot_id) == pilot.id, col(Assignment.withdrawn_at).is_not(None)
        )
    )
    return {key_of(row) for row in rows}


def _notes(taken_back: int, odd: Sequence[Message]) -> list[str]:
    notes: list[str] = []
    if taken_back:
        what = N_(
            "Rows that were assigned once and withdrawn since: %(rows)s. They stay withdrawn; "
            "assign them by hand where they are meant again."
        )
        notes.append(Message(what, rows=taken_back))
    notes += odd[:TOLD]
    if len(odd) > TOLD:
        notes.append(Message("The same in %(rows)s more rows.", rows=len(odd) - TOLD))
    return notes


def _storing(pilot: Pilot, plans: Sequence[VisitPlan]) -> Storing:
    """What assigns the visits, unless something forbids one of them by now."""
    slug = pilot.slug

    def store(session: Session, actor: Actor) -> Mapping[str, object]:
        place = place_for(session, actor, slug)
        rows = []
        for plan in plans:
            if not place.wave_is_open(plan) or place.problems(plan) or place.key(plan) in place.known:
                message = N_("Something has changed since the file was looked through: check it once more")
                raise WrongState("changed", message)
            rows.append(place.take(plan))
        session.add_all(rows)
        session.flush()
        return {"assignments": [row.id for row in rows]}

    return store
