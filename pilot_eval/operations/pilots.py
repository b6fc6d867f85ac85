"""Pilots: planned, given their branches and arms, followed from wave to wave."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, EditConflict, NotFound, Problem, WrongState
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm, Dates, Design, Period, Status, WaveState, status_of
from pilot_eval.domain.problems import N_
from pilot_eval.operations import forms
from pilot_eval.operations.policy import Action, Scope, scope_of
from pilot_eval.records import audit
from pilot_eval.records.base import now
from pilot_eval.records.measurements import ImportedFile
from pilot_eval.records.network import Branch, Region
from pilot_eval.records.pilots import Pilot, PilotBranch, PilotOutcome, Wave
from pilot_eval.records.visits import Timing, Visit
from pilot_eval.stats import allocation

SHORTEST_LEVEL, LONGEST_LEVEL = 0.5, 1.0
FEWEST_DRAWS = 99
LONGEST_SLUG = 64
# Pages of their own.
RESERVED = {"new", "import"}


def quality_and_speed(
    pilot_id: int, smallest_quality: float | None, smallest_speed: float | None
) -> list[PilotOutcome]:
    """The outcomes of a pilot of visits: quality and speed are its two claims, waiting stands beside."""
    quality = PilotOutcome(
        pilot_id=pilot_id,
        code="quality",
        position=0,
        kind="score",
        better="higher",
        smallest_effect=smallest_quality,
        source="visit_score",
        label_en="Service quality",
        label_ru="Качество обслуживания",
        unit="points",
    )
    speed = PilotOutcome(
        pilot_id=pilot_id,
        code="speed",
        position=1,
        kind="duration",
        better="lower",
        smallest_effect=smallest_speed,
        source="timing_service",
        label_en="Service time",
        label_ru="Время обслуживания",
        unit="seconds",
    )
    wait = PilotOutcome(
        pilot_id=pilot_id,
        code="wait",
        position=2,
        kind="duration",
        better="lower",
        primary=False,
        source="timing_wait",
        label_en="Waiting time",
        label_ru="Время ожидания",
        unit="seconds",
    )
    return [quality, speed, wait]


def create_pilot(
    session: Session,
    actor: Actor,
    *,
    title_en: str,
    title_ru: str = "",
    before: tuple[date, date],
    training: tuple[date, date],
    after: tuple[date, date],
    design: Design = Design.DIFFERENCE_IN_DIFFERENCES,
    slug: str = "",
    level: float = 0.95,
    seed: int = 1,
    draws: int = 9999,
    smallest_quality: float | None = None,
    smallest_speed: float | None = None,
    made_up: bool = False,
    planned_at: datetime | None = None,
) -> Pilot:
    """Plan a pilot of visits before and after a training.

    Its address (`slug`) is made from the English title unless given; two waves of visits are
    made from the dates. The newest published checklist and timing form are pinned to it.

    Parameters
    ----------
    before, training, after : (date, date)
        First and last day of each span.
    smallest_quality : float, optional
        Smallest effect of interest in points.
    smallest_speed : float, optional
        Smallest effect of interest in percent of speed.
    planned_at : datetime, optional
        When the plan was settled; now unless given.

    Raises
    ------
    BadInput
        Naming every field that is wrong.
    """
    scope_of(actor, Action.PLAN_PILOT)
    title_en, title_ru = title_en.strip(), title_ru.strip()
    problems = _problems_of_plan(title_en, level, seed, draws)
    problems += _problems_of_effects(smallest_quality=smallest_quality, smallest_speed=smallest_speed)
    try:
        dates = Dates(before, training, after)
    except ValueError as error:
        problems.append(Problem("before_from", str(error)))
    slug, slug_problems = new_slug(session, slug, title_en)
    if problems := problems + slug_problems:
        raise BadInput(problems)
    checklist, timing_form = forms.newest_forms(session, actor)
    pilot = Pilot(
        slug=slug,
        title_en=title_en,
        title_ru=title_ru or title_en,
        design=design,
        before_from=dates.before[0],
        before_to=dates.before[1],
        training_from=dates.training[0],
        training_to=dates.training[1],
        after_from=dates.after[0],
        after_to=dates.after[1],
        checklist_id=checklist.id,
        timing_form_id=timing_form.id,
        level=level,
        seed=seed,
        draws=draws,
        made_up=made_up,
        created_at=planned_at or now(),
        created_by=actor.user_id,
    )
    flush_new(session, pilot)
    session.add_all(quality_and_speed(stored_id(pilot), smallest_quality, smallest_speed))
    for period, (opens_on, closes_on) in ((Period.BEFORE, dates.before), (Period.AFTER, dates.after)):
        session.add(Wave(pilot_id=stored_id(pilot), period=period, opens_on=opens_on, closes_on=closes_on))
    audit.append(session, actor, "pilot.create", "pilot", pilot.id, design=design)
    session.commit()
    return pilot


def _problems_of_plan(title: str, level: float, seed: int, draws: int) -> list[Problem]:
    problems = []
    if not title:
        problems.append(Problem("title_en", N_("Enter a title")))
    if not SHORTEST_LEVEL < level < LONGEST_LEVEL:
        problems.append(Problem("level", N_("The level must lie between 0.5 and 1, such as 0.95")))
    if seed < 0:
        problems.append(Problem("seed", N_("The seed must not be negative")))
    if draws < FEWEST_DRAWS:
        problems.append(Problem("draws", N_("At least 99 draws are needed")))
    return problems


def _problems_of_effects(**smallest: float | None) -> list[Problem]:
    return [
        Problem(name, N_("The smallest effect must be above zero; leave it empty if there is none"))
        for name, value in smallest.items()
        if value is not None and not value > 0
    ]


def new_slug(session: Session, given: str, title: str) -> tuple[str, list[Problem]]:
    """The address of a new pilot, and what is wrong with it.

    A given address must be free; one made from the title is counted up until it is.
    """
    slug = given.strip().lower() or slug_of(title)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > LONGEST_SLUG or slug in RESERVED:
        return slug, [
            Problem("slug", N_("Use small Latin letters, digits and single hyphens, such as vladimir-2014"))
        ]
    taken = set(session.exec(select(Pilot.slug).where(col(Pilot.slug).startswith(slug))))
    if slug not in taken:
        return slug, []
    if given.strip():
        return slug, [Problem("slug", N_("This address is taken"))]
    count = 2
    while f"{slug}-{count}" in taken:
        count += 1
    return f"{slug}-{count}", []


def flush_new(session: Session, pilot: Pilot) -> None:
    """Give a new pilot its key.

    Raises
    ------
    BadInput
        If somebody has just taken its address.
    """
    session.add(pilot)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise BadInput([Problem("slug", N_("This address is taken"))]) from error


_LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziiklmnoprstufye", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "iu", "я": "ia"}
    | {"ъ": "", "ь": ""}
)


def slug_of(title: str) -> str:
    """A title as part of an address: "Владимир, 2014" gives "vladimir-2014"."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(_LATIN)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LONGEST_SLUG - 4].strip("-") or "pilot"


def list_pilots(session: Session, actor: Actor) -> list[Pilot]:
    """Pilots that the actor may look at, the newest first."""
    scope = scope_of(actor, Action.COMPARE_BRANCHES)
    statement = select(Pilot).order_by(col(Pilot.created_at).desc(), col(Pilot.id).desc())
    if scope is Scope.REGION:
        statement = statement.where(col(Pilot.id).in_(_pilots_of_region(actor.region_id)))
    return list(session.exec(statement))


def get_pilot(session: Session, actor: Actor, slug: str, action: Action = Action.COMPARE_BRANCHES) -> Pilot:
    """A pilot that the actor may do this with.

    Raises
    ------
    NotAllowed
        If the role may not.
    NotFound
        If there is none, or the manager's region takes no part in it.
    """
    scope = scope_of(actor, action)
    pilot = session.exec(select(Pilot).where(col(Pilot.slug) == slug)).one_or_none()
    if pilot is None:
        raise NotFound
    if scope is Scope.REGION:
        mine = _pilots_of_region(actor.region_id).where(col(PilotBranch.pilot_id) == pilot.id)
        if session.exec(mine).first() is None:
            raise NotFound
    return pilot


def _pilots_of_region(region_id: int | None):  # type: ignore[no-untyped-def]  # SelectOfScalar is not public
    return (
        select(PilotBranch.pilot_id)
        .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
        .where(col(Branch.region_id) == region_id)
    )


def dates_of(pilot: Pilot) -> Dates | None:
    """The three spans; None for a pilot imported whole."""
    spans = (
        (pilot.before_from, pilot.before_to),
        (pilot.training_from, pilot.training_to),
        (pilot.after_from, pilot.after_to),
    )
    whole = [(first, last) for first, last in spans if first is not None and last is not None]
    return Dates(*whole) if len(whole) == len(spans) else None


def waves_of(session: Session, pilot: Pilot) -> list[Wave]:
    """The waves in the order of time."""
    return list(session.exec(select(Wave).where(col(Wave.pilot_id) == pilot.id).order_by(col(Wave.opens_on))))


def outcomes_of(session: Session, pilot: Pilot) -> list[PilotOutcome]:
    """What the pilot is judged by, in the order of reading."""
    return list(
        session.exec(
            select(PilotOutcome)
            .where(col(PilotOutcome.pilot_id) == pilot.id)
            .order_by(col(PilotOutcome.position), col(PilotOutcome.code))
        )
    )


def members_of(session: Session, pilot: Pilot) -> list[tuple[PilotBranch, Branch]]:
    """The pilot's branches by code."""
    return list(
        session.exec(
            select(PilotBranch, Branch)
            .join(Branch, col(Branch.id) == col(PilotBranch.branch_id))
            .where(col(PilotBranch.pilot_id) == pilot.id)
            .order_by(col(Branch.code))
        )
    )


def pilot_status(session: Session, pilot: Pilot, today: date) -> Status:
    """Where the pilot stands today."""
    arms = list(session.exec(select(PilotBranch.arm).where(col(PilotBranch.pilot_id) == pilot.id)))
    return status_of(
        dates_of(pilot),
        today,
        drawn=bool(arms) and None not in arms,
        after_closed=any(
            wave.period is Period.AFTER and wave.state is not WaveState.OPEN
            for wave in waves_of(session, pilot)
        ),
        decided=False,
    )


def anything_recorded(session: Session, pilot: Pilot) -> bool:
    """Whether a visit, a timing or a file has come in."""
    return any(
        session.exec(select(col(table.pilot_id)).where(col(table.pilot_id) == pilot.id).limit(1)).first()
        for table in (Visit, Timing, ImportedFile)
    )


def choose_branches(
    session: Session, actor: Actor, slug: str, codes: Collection[str], version: int | None = None
) -> list[PilotBranch]:
    """Make these the pilot's branches; those that stay keep their arm.

    Parameters
    ----------
    version : int, optional
        The pilot's `row_version` when the chooser saw it.

    Raises
    ------
    BadInput
        If a branch is unknown or none is chosen.
    WrongState
        If something was recorded already.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = _changeable(session, actor, slug, version)
    wanted = {code.strip() for code in codes}
    found = list(session.exec(select(Branch).where(col(Branch.code).in_(wanted))))
    problems = [
        Problem(code, N_("There is no such branch"))
        for code in sorted(wanted - {branch.code for branch in found})
    ]
    if not wanted:
        problems.append(Problem("branches", N_("Choose at least one branch")))
    if problems:
        raise BadInput(problems)
    present = {member.branch_id: member for member, _branch in members_of(session, pilot)}
    kept = {branch.id for branch in found}
    for branch_id, member in present.items():
        if branch_id not in kept:
            session.delete(member)
    for branch in found:
        if branch.id not in present:
            session.add(
                PilotBranch(pilot_id=stored_id(pilot), branch_id=stored_id(branch), stratum=branch.stratum)
            )
    _touch(session, pilot)
    audit.append(session, actor, "pilot.branches", "pilot", pilot.id, branches=len(found))
    _commit(session)
    return [member for member, _branch in members_of(session, pilot)]


def set_arms(
    session: Session,
    actor: Actor,
    slug: str,
    arms: Mapping[str, Arm],
    now: datetime,
    version: int | None = None,
) -> Pilot:
    """Put every branch of the pilot into an arm, by hand.

    Raises
    ------
    BadInput
        If a branch has no arm, is not in the pilot, or an arm has fewer than two branches.
    WrongState
        If something was recorded already.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = _changeable(session, actor, slug, version)
    members = members_of(session, pilot)
    codes = {branch.code for _member, branch in members}
    problems = [
        Problem(code, N_("This branch is not in the pilot")) for code in sorted(arms) if code not in codes
    ]
    problems += [Problem(code, N_("Choose an arm")) for code in sorted(codes - set(arms))]
    if problems := problems or _problems_of_arms(pilot.design, arms):
        raise BadInput(problems)
    plan: dict[str, object] = {"method": "by_hand", "seed": None, "strata": [], "share": None}
    return _store_arms(session, actor, pilot, members, arms, plan, now)


def draw_arms(
    session: Session,
    actor: Actor,
    slug: str,
    *,
    seed: int,
    now: datetime,
    share: float = 0.5,
    stratified: bool = True,
    version: int | None = None,
) -> Pilot:
    """Draw the branches to be trained at random, within strata where wanted.

    The plan keeps the seed, the strata, the share and the time, so that anybody can repeat the draw
    (`stats.allocation.draw` of the branches' codes).

    Raises
    ------
    BadInput
        If the share or seed is unusable, or an arm would get fewer than two branches.
    WrongState
        If something was recorded already, or the design has no comparison group.
    EditConflict
        If somebody changed the pilot in the meantime.
    """
    pilot = _changeable(session, actor, slug, version)
    if pilot.design is Design.BEFORE_AFTER:
        raise WrongState(
            "no_comparison", N_("This design has no comparison group, so there is nothing to draw")
        )
    problems = (
        [] if 0 < share < 1 else [Problem("share", N_("The share must lie between 0 and 1, such as 0.5"))]
    )
    if seed < 0:
        problems.append(Problem("seed", N_("The seed must not be negative")))
    if problems:
        raise BadInput(problems)
    members = members_of(session, pilot)
    strata = {branch.code: member.stratum if stratified else "" for member, branch in members}
    drawn = allocation.draw(strata, share, seed)
    arms = {code: Arm.TRAINED if code in drawn else Arm.COMPARISON for code in strata}
    if problems := _problems_of_arms(pilot.design, arms):
        raise BadInput(problems)
    plan: dict[str, object] = {
        "method": "random",
        "seed": seed,
        "strata": sorted(set(strata.values()) - {""}),
        "share": share,
    }
    return _store_arms(session, actor, pilot, members, arms, plan, now)


def _problems_of_arms(design: Design, arms: Mapping[str, Arm]) -> list[Problem]:
    counts = {arm: sum(given is arm for given in arms.values()) for arm in Arm}
    if design is Design.BEFORE_AFTER and counts[Arm.COMPARISON]:
        return [Problem("arms", N_("This design has no comparison group: every branch is trained"))]
    needed = [Arm.TRAINED] if design is Design.BEFORE_AFTER else list(Arm)
    if any(counts[arm] < 2 for arm in needed):
        return [Problem("arms", N_("Each arm needs at least two branches"))]
    return []


def _store_arms(
    session: Session,
    actor: Actor,
    pilot: Pilot,
    members: Sequence[tuple[PilotBranch, Branch]],
    arms: Mapping[str, Arm],
    plan: dict[str, object],
    now: datetime,
) -> Pilot:
    for member, branch in members:
        member.arm = arms[branch.code]
    pilot.allocation = {
        **plan,
        "drawn_at": now.isoformat(),
        "arms": {branch.code: arms[branch.code].value for _member, branch in members},
    }
    _touch(session, pilot)
    audit.append(session, actor, "pilot.arms", "pilot", pilot.id, method=plan["method"], seed=plan["seed"])
    _commit(session)
    return pilot


def close_wave(session: Session, actor: Actor, slug: str, period: Period, now: datetime) -> Wave:
    """Close a wave for good: it still takes visits that began inside its window, flagged late.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    WrongState
        If it is closed already, its last day is still to come, or an earlier wave is open.
    """
    pilot = get_pilot(session, actor, slug, Action.CLOSE_WAVE)
    wave = _wave(session, pilot, period)
    if wave.state is not WaveState.OPEN:
        raise WrongState("wave_closed", N_("This wave is closed already"))
    # Whoever closes a wave may read its results: closing early would be a look that the plan does not name.
    if now.date() < wave.closes_on:
        raise WrongState("wave_running", N_("This wave still runs; it can be closed on its last day"))
    if any(
        other.opens_on < wave.opens_on and other.state is WaveState.OPEN for other in waves_of(session, pilot)
    ):
        raise WrongState("earlier_wave_open", N_("Close the earlier wave first"))
    return _move_wave(session, actor, pilot, wave, WaveState.CLOSED)


def lock_wave(session: Session, actor: Actor, slug: str, period: Period) -> Wave:
    """Lock a closed wave: from now on it takes nothing.

    Raises
    ------
    NeedsFreshSignIn
        If the password was given too long ago.
    WrongState
        If it is open, or locked already.
    """
    pilot = get_pilot(session, actor, slug, Action.CLOSE_WAVE)
    wave = _wave(session, pilot, period)
    if wave.state is not WaveState.CLOSED:
        raise WrongState("wave_not_closed", N_("Only a closed wave can be locked"))
    return _move_wave(session, actor, pilot, wave, WaveState.LOCKED)


def _wave(session: Session, pilot: Pilot, period: Period) -> Wave:
    for wave in waves_of(session, pilot):
        if wave.period is period:
            return wave
    raise NotFound


def _move_wave(session: Session, actor: Actor, pilot: Pilot, wave: Wave, state: WaveState) -> Wave:
    wave.state = state
    _touch(session, pilot)
    audit.append(session, actor, f"wave.{state}", "pilot", pilot.id, wave=wave.id, period=wave.period)
    _commit(session)
    return wave


def _changeable(session: Session, actor: Actor, slug: str, version: int | None) -> Pilot:
    """The pilot, if its branches and arms may still be changed by someone who saw this version."""
    pilot = get_pilot(session, actor, slug, Action.PLAN_PILOT)
    if version is not None and pilot.row_version != version:
        raise EditConflict
    if anything_recorded(session, pilot):
        raise WrongState(
            "already_recorded", N_("Observations have come in; branches and arms can no longer be changed")
        )
    return pilot


def _touch(session: Session, pilot: Pilot) -> None:
    """Count the pilot's version up although only rows that belong to it have changed."""
    flag_modified(pilot, "design")
    try:
        session.flush()
    except StaleDataError as error:
        session.rollback()
        raise EditConflict from error


def _commit(session: Session) -> None:
    try:
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise EditConflict from error


def stored_id(row: Pilot | Branch | Region | Wave) -> int:
    """The row's key, once it has one."""
    assert row.id is not None  # noqa: S101 - the row has been stored
    return row.id
