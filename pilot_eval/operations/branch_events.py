"""What happens to branches while pilots run: closed, merged, renumbered, not treated as allocated.

The analysis stays as allocated. What happened is kept with its day, shown with the plan, and told with
results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, or_, select

from pilot_eval.domain.errors import BadInput, Message, NotFound, Problem, WrongState
from pilot_eval.domain.network import OF_PILOT, BranchChange
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Design
from pilot_eval.domain.problems import N_
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action
from pilot_eval.records import audit
from pilot_eval.records.branch_events import BranchEvent, branch_of, successors
from pilot_eval.records.network import Branch
from pilot_eval.records.pilots import Assignment, Pilot, PilotBranch
from pilot_eval.records.visits import Visit
from pilot_eval.reports.numbers import date_text
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.words import branch_events as words

LONGEST_CODE = 64
LONGEST_REASON = 500
_CLOSING = frozenset({BranchChange.CLOSED, BranchChange.MERGED})


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a branch of a pilot.

    Parameters
    ----------
    branch : str
        Its code.
    day : date
        Since when; a closing may be announced, everything else has happened.
    successor : str
        Code of the branch that it was merged into.
    new_code : str
        Of a renumbered branch.
    arm : Arm, optional
        As which it was treated.
    reason : str
        In words; no names.
    """

    branch: str
    change: BranchChange
    day: date
    successor: str = ""
    new_code: str = ""
    arm: Arm | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event with its branches; `code` is that under which the pilot knows the branch."""

    event: BranchEvent
    branch: Branch
    code: str
    allocated: Arm | None
    successor: Branch | None


def events_of(session: Session, pilot: Pilot) -> list[ToldEvent]:
    """What happened to the pilot's branches while it ran, in the order of days."""
    rows = session.exec(
        select(BranchEvent, Branch, PilotBranch)
        .join(Branch, col(Branch.id) == col(BranchEvent.branch_id))
        .join(PilotBranch, col(PilotBranch.branch_id) == col(BranchEvent.branch_id))
        .where(
            col(PilotBranch.pilot_id) == pilot.id,
            col(BranchEvent.withdrawn_at).is_(None),
            or_(col(BranchEvent.pilot_id).is_(None), col(BranchEvent.pilot_id) == pilot.id),
        )
        .order_by(col(BranchEvent.happened_on), col(Branch.code), col(BranchEvent.id))
    ).all()
    heirs = {event.successor_id for event, *_more in rows if event.successor_id is not None}
    named = {branch.id: branch for branch in session.exec(select(Branch).where(col(Branch.id).in_(heirs)))}
    return [
        ToldEvent(event, branch, member.code or branch.code, member.arm, named.get(event.successor_id))
        for event, branch, member in rows
        if _concerns(pilot, event)
    ]


def _concerns(pilot: Pilot, event: BranchEvent) -> bool:
    """Whether it happened while the pilot ran; an imported one has no days."""
    if pilot.before_from is None or pilot.after_to is None:
        return True
    return pilot.before_from <= event.happened_on <= pilot.after_to


def limits_of(events: Sequence[ToldEvent], region_id: int | None = None) -> list[dict[str, Any]]:
    """What must be said with results of a pilot to whose branches something happened.

    Parameters
    ----------
    region_id : int, optional
        Name branches of this region alone; all of them unless given.
    """
    limits = []
    for change, sentence in words.EVENTS.items():
        mine = [one for one in events if one.event.change is change]
        named = [_named(one) for one in mine if region_id in (None, one.branch.region_id)]
        if named:
            text = sentence.filled(branches=_listed(named))
            limits.append({"code": f"branches_{change}", "text": text.to_dict()})
    if events:
        limits.append({"code": "as_allocated", "text": words.AS_ALLOCATED.to_dict()})
    return limits


def happened(one: ToldEvent) -> Sentence:
    """What happened, as a sentence of its own."""
    return _filled(words.HAPPENED, one)


def _named(one: ToldEvent) -> Sentence:
    return _filled(words.ONE, one)


def _filled(sentences: Mapping[BranchChange, Sentence], one: ToldEvent) -> Sentence:
    event = one.event
    return sentences[event.change].filled(
        code=one.code,
        day=told(lambda language: date_text(event.happened_on, language)),
        successor=one.successor.code if one.successor else "",
        new=one.branch.code,
        old=event.old_code,
        new_code=event.new_code,
        arm=words.AS_ARM[event.arm] if event.arm else "",
    )


def _listed(named: Sequence[Sentence]) -> Sentence:
    shown = told(lambda language: ", ".join(getattr(one, language) for one in named[: words.MOST_NAMED]))
    more = len(named) - words.MOST_NAMED
    return words.MORE.filled(branches=shown, n=str(more)) if more > 0 else shown


def record_event(
    session: Session, actor: Actor, slug: str, happening: Happening, now: datetime
) -> BranchEvent:
    """Note what happened to a branch of the pilot.

    A closed or merged branch takes no visit from its day on; a renumbered one is found by its old number too,
    and pilots that have it keep to the old one.

    Raises
    ------
    BadInput
        Naming every field that is wrong.
    WrongState
        If it has closed already.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    branch = branch_of(session, happening.branch.strip())
    member = session.get(PilotBranch, (pilot.id, branch.id)) if branch else None
    if branch is None or member is None:
        raise BadInput([Problem("branch", N_("This branch is not in the pilot"))])
    heir = branch_of(session, happening.successor.strip()) if happening.successor.strip() else None
    problems = [*_problems(session, pilot, member, branch, heir, happening, now)]
    if problems:
        raise BadInput(problems)
    if happening.change in _CLOSING and branch.closed_on is not None:
        raise WrongState("branch_closed", N_("This branch is closed already"))
    event = BranchEvent(
        branch_id=pilots.stored_id(branch),
        change=happening.change,
        happened_on=happening.day,
        pilot_id=pilot.id if happening.change in OF_PILOT else None,
        successor_id=heir.id if heir and happening.change is BranchChange.MERGED else None,
        arm=happening.arm if happening.change is BranchChange.ARM_CHANGED else None,
        reason=happening.reason.strip(),
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    if happening.change is BranchChange.RENUMBERED:
        event.old_code, event.new_code = branch.code, happening.new_code.strip()
        _renumber(session, branch, event.new_code)
    elif happening.change in _CLOSING:
        branch.closed_on = happening.day
        session.add(branch)
    session.add(event)
    session.flush()
    _log(session, actor, pilot, event)
    session.commit()
    return event


def withdraw_event(session: Session, actor: Actor, slug: str, event_id: int, now: datetime) -> BranchEvent:
    """Take back what was noted by mistake; a closed branch is open again.

    Raises
    ------
    NotFound
        If the pilot's branches have no such event.
    WrongState
        If it was taken back already, or is a renumbering: that is undone by another one.
    """
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_PILOT)
    event = session.get(BranchEvent, event_id)
    if event is None or session.get(PilotBranch, (pilot.id, event.branch_id)) is None:
        raise NotFound
    if event.pilot_id not in (None, pilot.id):
        raise NotFound
    if event.withdrawn_at is not None:
        raise WrongState("withdrawn", N_("This was taken back already"))
    if event.change is BranchChange.RENUMBERED:
        raise WrongState("renumbered", N_("A renumbering is undone by renumbering once more"))
    event.withdrawn_at = now
    session.add(event)
    if event.change in _CLOSING:
        branch = session.get_one(Branch, event.branch_id)
        branch.closed_on = None
        session.add(branch)
    audit.append(session, actor, "branch.taken_back", "branch", event.branch_id, event=event.id)
    session.commit()
    return event


def visits_after(session: Session, event: BranchEvent) -> int:
    """Standing assignments of a closed branch that could still be made from its day on."""
    if event.change not in _CLOSING:
        return 0
    made = select(Visit.assignment_id).where(col(Visit.branch_id) == event.branch_id)
    return session.exec(
        select(func.count()).where(
            col(Assignment.branch_id) == event.branch_id,
            col(Assignment.withdrawn_at).is_(None),
            col(Assignment.window_to) >= event.happened_on,
            col(Assignment.id).not_in(made.where(col(Visit.assignment_id).is_not(None))),
        )
    ).one()


def _problems(
    session: Session,
    pilot: Pilot,
    member: PilotBranch,
    branch: Branch,
    heir: Branch | None,
    happening: Happening,
    now: datetime,
) -> Iterator[Problem]:
    today = now.astimezone(ZoneInfo(branch.time_zone)).date()
    if happening.day > today and happening.change not in _CLOSING:
        yield Problem("day", N_("This day has not come yet"))
    if len(happening.reason.strip()) > LONGEST_REASON:
        yield Problem("reason", N_("At most 500 characters"))
    if happening.change is BranchChange.MERGED:
        yield from _problems_of_merger(session, branch, heir, happening)
    elif happening.change is BranchChange.RENUMBERED:
        yield from _problems_of_code(session, branch, happening.new_code.strip())
    elif member.arm is None:
        yield Problem("branch", N_("The branch has no arm yet"))
    elif happening.change is BranchChange.ARM_CHANGED:
        if pilot.design is Design.BEFORE_AFTER or happening.arm is None:
            yield Problem("arm", N_("Choose an arm"))
        elif happening.arm is member.arm:
            yield Problem("arm", N_("The branch was allocated to this arm"))
    elif happening.change is BranchChange.TRAINED_LATE:
        if member.arm is not Arm.TRAINED:
            yield Problem("branch", N_("Only a branch that was allocated to training can be trained late"))
        if pilot.training_to is not None and happening.day <= pilot.training_to:
            message = Message("The training lasts until %(day)s: this is not late", day=pilot.training_to)
            yield Problem("day", message)


def _problems_of_merger(
    session: Session, branch: Branch, heir: Branch | None, happening: Happening
) -> Iterator[Problem]:
    if heir is None:
        yield Problem("successor", N_("Enter the code of the branch that it was merged into"))
        return
    further, place = successors(session), heir.id
    while place is not None and place != branch.id:
        place = further.get(place)
    if place == branch.id:
        yield Problem("successor", N_("A branch cannot be merged into itself"))
    elif heir.closed_on is not None and heir.closed_on <= happening.day:
        message = Message("%(branch)s closed on %(day)s itself", branch=heir.code, day=heir.closed_on)
        yield Problem("successor", message)


def _problems_of_code(session: Session, branch: Branch, code: str) -> Iterator[Problem]:
    if not code:
        yield Problem("new_code", N_("Enter the new code"))
        return
    if len(code) > LONGEST_CODE:
        yield Problem("new_code", N_("At most 64 characters"))
        return
    other = branch_of(session, code)
    if code == branch.code or (other is not None and other.id != branch.id):
        yield Problem("new_code", N_("This code is taken"))


def _renumber(session: Session, branch: Branch, code: str) -> None:
    for member in session.exec(select(PilotBranch).where(col(PilotBranch.branch_id) == branch.id)):
        member.code = member.code or branch.code
        session.add(member)
    had = [old for old in branch.former_codes.split(" ") if old and old != code]
    branch.former_codes = " ".join([*had, branch.code])[-300:]
    branch.code = code
    session.add(branch)


def _log(session: Session, actor: Actor, pilot: Pilot, event: BranchEvent) -> None:
    details: dict[str, object] = {"event": event.id, "day": event.happened_on}
    if event.change in OF_PILOT:
        action, details = f"pilot.{event.change}", {**details, "branch": event.branch_id}
        audit.append(session, actor, action, "pilot", pilot.id, **details)
        return
    if event.successor_id is not None:
        details["successor"] = event.successor_id
    if event.new_code:
        details |= {"old_code": event.old_code, "new_code": event.new_code}
    audit.append(session, actor, f"branch.{event.change}", "branch", event.branch_id, **details)
