"""Fills an empty database with the made-up world, through the operations that real input takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlmodel import Session, col, select

from pilot_eval.demo import reviews
from pilot_eval.demo.reviews import Oddities
from pilot_eval.demo.world import TOWNS, Contact, World, places
from pilot_eval.domain.errors import DatabaseProblem
from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.people import Actor, Role
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.domain.timings import Entry
from pilot_eval.operations import allocation, assignments, forms, network, people, pilots, timings, visits
from pilot_eval.operations.assignments import VisitPlan
from pilot_eval.operations.branch_events import Happening, record_event
from pilot_eval.operations.planning import create_pilot
from pilot_eval.operations.plans import freeze_plan
from pilot_eval.operations.quotas import set_quotas
from pilot_eval.operations.timings import TimingSubmission
from pilot_eval.operations.visits import VisitSubmission
from pilot_eval.operations.waves import close_wave
from pilot_eval.records import audit
from pilot_eval.records.audit import AuditEvent
from pilot_eval.records.network import Region
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot

SLUG = "vladimir-2014"
RUNNING = "running-now"
FILLED = "demo.filled"
SEED = 8
TRAINED, COMPARISON = 24, 20
AUDITORS = 8
VISITS_PER_BRANCH = 6
TIMINGS_PER_BRANCH = 30
ZONE = ZoneInfo("Europe/Moscow")
OPENS, CLOSES = 9, 18  # o'clock
WINDOW = timedelta(days=6)
DOUBLE_EVERY = 11
# Parts of the day in which visits are made by turns, with their o'clock; and how many a branch is to have.
PARTS = {"morning": (OPENS, 11), "midday": (11, 14), "afternoon": (14, CLOSES - 2)}
QUOTA = {"morning": 2, "midday": 2, "afternoon": 1}
STAY, WAY = timedelta(minutes=75), timedelta(minutes=30)
DOMAIN = "vladimir.example"

BEFORE = (date(2014, 8, 1), date(2014, 8, 31))
TRAINING = (date(2014, 9, 1), date(2014, 10, 12))
AFTER = (date(2014, 10, 20), date(2014, 11, 30))

REMARK = "Вымышленная запись для демонстрации."

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is recorded; the default is the demonstration's, tests take less."""

    visits: int = VISITS_PER_BRANCH
    spread: int = 2
    timings: int = TIMINGS_PER_BRANCH


def is_filled(session: Session) -> bool:
    """Whether the demonstration is in this database.

    Raises
    ------
    DatabaseProblem
        If the database holds something else, or the filling was interrupted: made-up records never mix
        with real ones.
    """
    if session.exec(select(AuditEvent.sequence).where(AuditEvent.action == FILLED)).first():
        return True
    if session.exec(select(User.id)).first() or session.exec(select(Region.id)).first():
        raise DatabaseProblem(
            "this database already holds records, and made-up ones must not mix with them. Point "
            "PILOT_EVAL_DATABASE or PILOT_EVAL_DATA at another place for the demonstration; or, if filling "
            "the demonstration was interrupted here, remove the database and start again"
        )
    return False


class Diary:
    """When auditors are in a branch: nobody is in two at once."""

    def __init__(self) -> None:
        self._busy: dict[tuple[int, date], list[datetime]] = {}

    def free_from(self, auditor_id: int, wanted: datetime) -> datetime:
        """The first moment from the wanted one on at which the auditor can begin a visit; now taken."""
        begun = self._busy.setdefault((auditor_id, wanted.astimezone(ZONE).date()), [])
        while clash := next((other for other in begun if abs(other - wanted) < STAY + WAY), None):
            wanted = clash + STAY + WAY
        begun.append(wanted)
        return wanted


@dataclass(frozen=True, slots=True)
class Round:
    """One pilot to play through: its branches, its plan and how far it has come."""

    slug: str
    titles: tuple[str, str]
    codes: tuple[str, ...]
    spans: tuple[tuple[date, date], tuple[date, date], tuple[date, date]]
    trained: int
    seed: int


def fill(
    session: Session,
    operator: Actor,
    passwords: dict[str, str],
    now: datetime,
    *,
    size: Size | None = None,
    progress: Progress = lambda _what, _done, _of: None,
) -> None:
    """Enter the made-up world.

    Parameters
    ----------
    operator : Actor
        Who runs the command.
    passwords : mapping of str to str
        Hash of the password by sign-in name, for those who can sign in.
    now : datetime
        The running pilot's baseline is open at this time.
    size : Size, optional
        How much is recorded.
    progress : callable
        Told what is being entered, how much of it is done, and of how much.
    """
    size = size or Size()
    _network(session, operator)
    auditors = _people(session, operator, passwords)
    head_office = _actor(session, Role.HEAD_OFFICE)
    checklist, _form = forms.forms_for_pilot(session, head_office)
    world = World(forms.checklist_of(checklist), SEED)
    every = [place.code for place in places()]
    _play(session, head_office, world, auditors, _finished(every), size, None, progress)
    _play(session, head_office, world, auditors, _running(every, now), size, now, progress)
    reviews.approve_all(session, head_office, SLUG, now)
    reviews.review_some(session, head_office, _actor(session, Role.AUDITOR), RUNNING, now)
    reviews.dispute_one(session, _actor(session, Role.MANAGER), SLUG, now)
    _happen(session, head_office, now)
    audit.append(session, operator, FILLED, "pilot", SLUG)
    session.commit()


def sign_in_names() -> dict[Role, str]:
    """One sign-in name per role."""
    return {role: f"{role.value.replace('_', '-')}@{DOMAIN}" for role in Role}


def _finished(codes: list[str]) -> Round:
    titles = ("Vladimir 2014: staff training", "Владимир, 2014: обучение сотрудников")
    return Round(SLUG, titles, tuple(codes), (BEFORE, TRAINING, AFTER), TRAINED, SEED)


def _running(codes: list[str], now: datetime) -> Round:
    today = now.astimezone(ZONE).date()
    days = [today + timedelta(days=offset) for offset in (-14, 21, 22, 63, 64, 105)]
    titles = ("Kovrov and Murom: second round", "Ковров и Муром: второй этап")
    spans = ((days[0], days[1]), (days[2], days[3]), (days[4], days[5]))
    return Round(RUNNING, titles, tuple(codes[14:34]), spans, 10, SEED + 1)


def _network(session: Session, operator: Actor) -> None:
    regions = {
        code: network.create_region(session, operator, code=code, name=name)
        for code, (name, *_rest) in TOWNS.items()
    }
    for place in places():
        region_id = regions[place.region].id
        assert region_id is not None  # noqa: S101 - stored just now
        network.create_branch(
            session, operator, code=place.code, name=place.name, region_id=region_id, stratum=place.stratum
        )


def _people(session: Session, operator: Actor, passwords: dict[str, str]) -> list[User]:
    """Everyone; the auditors, of whom the first can sign in."""
    region = session.exec(select(Region).where(Region.code == "vladimir")).one()
    for role, name in sign_in_names().items():
        people.create_person(
            session,
            operator,
            name=name,
            role=role,
            region_id=region.id if role is Role.MANAGER else None,
            password_hash=passwords.get(name),
        )
    for number in range(2, AUDITORS + 1):
        people.create_person(session, operator, name=f"auditor{number}@{DOMAIN}", role=Role.AUDITOR)
    return list(session.exec(select(User).where(User.role == Role.AUDITOR).order_by(col(User.pseudonym))))


def _actor(session: Session, role: Role) -> Actor:
    user = session.exec(select(User).where(User.role == role).order_by(col(User.pseudonym))).first()
    assert user is not None  # noqa: S101 - created just now
    return _acting(user)


def _acting(user: User) -> Actor:
    return Actor(user.email, user.role, user.id, user.region_id, fresh=True)


def _play(
    session: Session,
    head_office: Actor,
    world: World,
    auditors: list[User],
    played: Round,
    size: Size,
    until: datetime | None,
    progress: Progress,
) -> None:
    """Plan a pilot and record what its auditors see, up to a moment."""
    before, training, after = played.spans
    planned = datetime.combine(before[0] - timedelta(days=14), time(12), ZONE).astimezone(UTC)
    create_pilot(
        session,
        head_office,
        title_en=played.titles[0],
        title_ru=played.titles[1],
        slug=played.slug,
        before=before,
        training=training,
        after=after,
        seed=played.seed,
        smallest_quality=3.0,
        smallest_speed=3.0,
        made_up=True,
        planned_at=planned,
    )
    allocation.choose_branches(session, head_office, played.slug, played.codes)
    allocation.draw_arms(
        session,
        head_office,
        played.slug,
        seed=played.seed,
        share=played.trained / len(played.codes),
        now=planned,
    )
    freeze_plan(session, head_office, played.slug, planned)
    pilot = session.exec(select(Pilot).where(Pilot.slug == played.slug)).one()
    arms = {branch.code: member.arm for member, branch in pilots.members_of(session, pilot)}
    waves = [Period.BEFORE] if until else [Period.BEFORE, Period.AFTER]
    set_quotas(session, head_office, played.slug, dict.fromkeys((Period.BEFORE, Period.AFTER), QUOTA))
    plans = _plans(world, auditors, played, waves, size)
    doubles = _double_visits(plans)
    stored = assignments.assign_visits(session, head_office, played.slug, plans)
    for again, first in doubles.items():
        stored[again].double_of_id = stored[first].id
    people_by_id = {user.id: user for user in auditors}
    odd, diary = Oddities() if until else None, Diary()
    for done, (plan, assignment) in enumerate(zip(plans, stored, strict=True), 1):
        arm = arms[plan.branch]
        assert arm is not None  # noqa: S101 - drawn just now
        _visit(session, world, plan, assignment, people_by_id[plan.auditor_id], arm, size, until, odd, diary)
        if done % 24 == 0 or done == len(plans):
            session.commit()
            progress(played.slug, done, len(plans))
    for period, (_first, last) in zip(waves, (before, after), strict=False):
        if until is None:
            closing = datetime.combine(last + timedelta(days=2), time(12), ZONE).astimezone(UTC)
            close_wave(session, head_office, played.slug, period, now=closing)


def _plans(
    world: World, auditors: list[User], played: Round, waves: list[Period], size: Size
) -> list[VisitPlan]:
    """Each branch is visited by different auditors on different days, spread over the wave."""
    spans = dict(zip((Period.BEFORE, Period.DURING, Period.AFTER), played.spans, strict=True))
    scenarios = [option.code for option in world.checklist.scenarios]
    # Busy branches are visited more often: that is what gives a funnel its shape.
    counts = {
        code: size.visits + int(world.random.integers(-size.spread, size.spread + 1)) for code in played.codes
    }
    plans = []
    for period in waves:
        first, last = spans[period]
        days = (last - first).days + 1
        for code in played.codes:
            visits_here = counts[code]
            chosen = world.random.permutation(len(auditors))[:visits_here]
            offsets = np.sort(world.random.choice(days, size=visits_here, replace=False))
            for auditor, offset, part in zip(chosen, offsets, cycle(PARTS), strict=False):
                day = first + timedelta(days=int(offset))
                scenario = scenarios[world.random.integers(len(scenarios))]
                window = (day, min(day + WINDOW, last))
                plans.append(VisitPlan(code, period, auditors[auditor].id, scenario, window, part))
    return plans


def _double_visits(plans: list[VisitPlan]) -> dict[int, int]:
    """Some visits repeat the one before them in the same branch: place of the double to that of the first."""
    found = {}
    for place in range(DOUBLE_EVERY, len(plans), DOUBLE_EVERY):
        first, again = plans[place - 1], plans[place]
        if (first.branch, first.period) == (again.branch, again.period) and place - 1 not in found:
            plans[place] = replace(again, scenario=first.scenario, window=first.window, daypart=first.daypart)
            found[place] = place - 1
    return found


def _visit(
    session: Session,
    world: World,
    plan: VisitPlan,
    assignment: Assignment,
    auditor: User,
    arm: Arm,
    size: Size,
    until: datetime | None,
    odd: Oddities | None,
    diary: Diary,
) -> None:
    """Record one visit and the customers timed during it, unless its days are not over."""
    assert plan.window is not None  # noqa: S101 - `_plans` gives each visit its window
    assert assignment.id is not None  # noqa: S101 - stored
    begins, ends = PARTS[plan.daypart]
    minutes = int(world.random.integers(0, (ends - begins) * 60))
    started = datetime.combine(plan.window[0], time(begins), ZONE).astimezone(UTC) + timedelta(
        minutes=minutes
    )
    answers = world.answers(plan.branch, arm, plan.period)
    contacts = [
        world.contact(plan.branch, arm, plan.period) for _ in range(max(1, size.timings // size.visits))
    ]
    started = diary.free_from(auditor.id, started)
    left = started + STAY
    sent = left + timedelta(minutes=int(world.random.integers(5, 300)))
    if until is not None and plan.window[1] >= until.astimezone(ZONE).date():
        return
    actor = _acting(auditor)
    failed = [code for code, answer in answers.items() if world.checklist.items[code].fails(answer)]
    items = world.checklist.items
    submission = VisitSubmission(
        id=_uuid(world),
        assignment_id=assignment.id,
        outcome="done",
        started_at=started,
        left_at=left,
        answers=answers,
        comments={code: REMARK for code, answer in answers.items() if answer == items[code].comment_on != ""},
        narrative=f"{REMARK} {plan.branch}, {started.astimezone(ZONE):%d.%m, %H:%M}" if failed else "",
        confirmed=True,
    )
    if odd is not None:
        submission, sent = odd.twist(auditor.id, submission, sent)
    visits.store_visit(session, actor, submission, sent)
    if odd is not None:
        odd.send_again(session, actor, submission, sent)
    for number, contact in enumerate(contacts):
        joined = started + timedelta(minutes=2 * number, seconds=int(world.random.integers(0, 60)))
        entry = _entry(world, contact, joined, own=number == 0)
        timed = TimingSubmission(_uuid(world), assignment.id, entry, confirmed=True)
        timings.store_timing(session, actor, timed, max(sent, joined + timedelta(hours=3)))


def _entry(world: World, contact: Contact, joined: datetime, *, own: bool) -> Entry:
    gave_up = contact.gave_up and not own
    called = joined + timedelta(seconds=contact.wait_seconds)
    started = called + timedelta(seconds=contact.handover_seconds)
    ended = started + timedelta(seconds=contact.service_seconds)
    events = {"joined": joined, "called": called, "started": started, "ended": ended}
    windows = int(world.random.integers(2, 7))
    context = {
        "windows_total": windows,
        "windows_open": int(world.random.integers(1, windows + 1)),
        "ahead": int(world.random.poisson(3)),
        "queue_kind": "single_line",
    }
    return Entry(
        mode="own_visit" if own else "observed",
        outcome="abandoned" if gave_up else "served",
        operation=contact.operation,
        entry_method="stopwatch",
        events={"joined": joined, "left": called} if gave_up else events,
        context=context,
    )


def _happen(session: Session, head_office: Actor, now: datetime) -> None:
    """What happened to branches: one was trained late, one is to close before the second round ends."""
    pilot = session.exec(select(Pilot).where(Pilot.slug == SLUG)).one()
    trained = next(
        branch.code for member, branch in pilots.members_of(session, pilot) if member.arm is Arm.TRAINED
    )
    late = TRAINING[1] + timedelta(days=3)
    happenings = [(SLUG, Happening(trained, BranchChange.TRAINED_LATE, late, reason="ремонт"))]
    running = session.exec(select(Pilot).where(Pilot.slug == RUNNING)).one()
    last = pilots.members_of(session, running)[-1][1].code
    assert running.after_from is not None  # noqa: S101 - it has its days
    happenings.append((RUNNING, Happening(last, BranchChange.CLOSED, running.after_from)))
    for slug, happening in happenings:
        record_event(session, head_office, slug, happening, now)


def _uuid(world: World) -> UUID:
    return UUID(bytes=world.random.bytes(16), version=4)
