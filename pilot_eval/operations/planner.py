"""How large a pilot must be: from an earlier pilot's data, from a baseline alone, or from assumptions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from pilot_eval.domain.errors import BadInput, Message, NotFound, Problem
from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Arm
from pilot_eval.engines.records import Snapshot, read_snapshot, records_of
from pilot_eval.operations import pilots
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.sizing import plan
from pilot_eval.operations.summaries import is_withheld, plain_observations
from pilot_eval.records.pilots import Pilot, PilotOutcome
from pilot_eval.reports import wording
from pilot_eval.reports.numbers import counted
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.sizing import SizePlan
from pilot_eval.reports.sizing import Source as PlanSource
from pilot_eval.reports.words import planner as words
from pilot_eval.reports.words.counted import BRANCHES
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.one_period import OnePeriod, one_period
from pilot_eval.stats.results import NotEstimable

KINDS = ("score", "proportion", "duration")


@dataclass(frozen=True, slots=True)
class Source:
    """An outcome of a pilot whose data can tell how branches vary."""

    key: str
    title_en: str
    title_ru: str


@dataclass(frozen=True, slots=True)
class SizeWish:
    """What is asked of the planner.

    Parameters
    ----------
    source : key of a `Source`; empty where the spread is typed in
    kind : score, proportion or duration; of a source its own
    within : standard deviation of single visits, in points; of times in per cent of their mean
    mean : level before; a share in per cent, seconds of a time
    icc : correlation of two visits to a branch in one period
    correlation : of a branch's true levels before and after
    trained, comparison, visits : size; None: as in the source
    """

    source: str = ""
    kind: str = "score"
    design: str = "difference_in_differences"
    within: float | None = None
    mean: float | None = None
    icc: float | None = None
    correlation: float | None = None
    trained: int | None = None
    comparison: int | None = None
    visits: float | None = None
    power: float | None = 0.8
    level: float | None = 0.95
    smallest_effect: float | None = None
    primary: int | None = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan of size, what it rests on, and whether those data are invented."""

    plan: SizePlan
    basis: tuple[Sentence, ...]
    made_up: bool = False


def sources(session: Session, actor: Actor) -> list[Source]:
    """Outcomes of pilots that have begun, the newest pilot first.

    Raises
    ------
    NotAllowed
        For anyone but head office.
    """
    scope_of(actor, Action.PLAN_SIZE)
    statement = (
        select(Pilot, PilotOutcome)
        .join(PilotOutcome, col(PilotOutcome.pilot_id) == col(Pilot.id))
        .where(col(PilotOutcome.kind).in_(KINDS))
        .order_by(col(Pilot.created_at).desc(), col(Pilot.id).desc(), col(PilotOutcome.position))
    )
    return [
        Source(
            f"{pilot.slug}:{outcome.code}",
            f"{pilot.title_en}: {outcome.label_en}",
            f"{pilot.title_ru}: {outcome.label_ru}",
        )
        for pilot, outcome in session.exec(statement)
    ]


def plan_size(session: Session, actor: Actor, wish: SizeWish, now: datetime) -> Planned:
    """Say which effect a pilot of the wanted size finds, and which size finds the smallest effect.

    Of a pilot that still runs only the baseline is looked at.

    Raises
    ------
    NotAllowed
        For anyone but head office.
    NotFound
        If there is no such source.
    BadInput
        Sizes, assumptions or levels that cannot be used, by the names of the wish's fields.
    """
    scope_of(actor, Action.PLAN_SIZE)
    try:
        if not wish.source:
            made = _plan(wish, wish.kind, assumptions=_typed(wish))
            return Planned(made, (words.FROM_TYPED, *words.ALWAYS))
        return _from_pilot(session, actor, wish)
    except BadInput as refused:
        raise BadInput([_of_field(problem, wish) for problem in refused.problems]) from refused


def _from_pilot(session: Session, actor: Actor, wish: SizeWish) -> Planned:
    slug, _colon, code = wish.source.partition(":")
    pilot = pilots.get_pilot(session, actor, slug, Action.PLAN_SIZE)
    outcome = next((o for o in pilots.outcomes_of(session, pilot) if o.code == code), None)
    if outcome is None or outcome.kind not in KINDS:
        raise NotFound
    snapshot = read_snapshot(session, pilots.stored_id(pilot))
    observations = plain_observations(snapshot, outcome)
    if not is_withheld(session, pilot):
        made = _plan(wish, outcome.kind, better=outcome.better, data=observations, outcome=outcome.code)
        rows = words.FROM_BOTH.filled(rows=_rows(outcome, observations.rows))
        return Planned(made, (rows, *words.ALWAYS), pilot.made_up)
    return replace(_from_baseline(wish, outcome, snapshot, observations), made_up=pilot.made_up)


def _from_baseline(
    wish: SizeWish, outcome: PilotOutcome, snapshot: Snapshot, observations: Observations
) -> Planned:
    """Of a pilot that still runs nothing after training is looked at."""
    measure = OUTCOMES[outcome.kind]
    cells = observed_cells(observations, measure.values)
    found = one_period(cells.n[:, 0], cells.mean[:, 0], cells.squares[:, 0])
    if isinstance(found, NotEstimable):
        return Planned(SizePlan(outcome.kind, wish.design, PlanSource(), found), ())
    arms = {arm: sum(branch.arm is arm for branch in snapshot.branches) or None for arm in Arm}
    sizes = {
        "trained": wish.trained or arms[Arm.TRAINED],
        "comparison": wish.comparison or arms[Arm.COMPARISON],
        "visits": wish.visits or found.size,
    }
    known = _known(found, outcome.kind) | {"correlation": _needed(wish.correlation, "correlation")}
    made = _plan(wish, outcome.kind, better=outcome.better, assumptions=known, **sizes)
    rows = int(cells.n[:, 0].sum())
    basis = words.FROM_BASELINE.filled(
        branches=wording.counted_in(BRANCHES, found.branches), rows=_rows(outcome, rows)
    )
    return Planned(made, (basis, *words.ALWAYS))


def _known(found: OnePeriod, kind: str) -> dict[str, float]:
    """The baseline's spread by the names of assumptions."""
    spread = {"between_sd": found.between_sd, "visits_cv": found.size_cv}
    if kind == "proportion":
        return spread | {"mean": found.mean / 100.0}
    mean = math.exp(found.mean) if kind == "duration" else found.mean
    return spread | {"within_sd": found.within_sd} | ({"mean": mean} if mean > 0.0 else {})


def _typed(wish: SizeWish) -> dict[str, float]:
    """The spread that was typed in, by the names of assumptions."""
    given = {"icc": _needed(wish.icc, "icc"), "correlation": _needed(wish.correlation, "correlation")}
    if wish.kind == "proportion":
        return given | {"mean": _needed(wish.mean, "mean") / 100.0}
    within = _needed(wish.within, "within")
    given |= {"within_cv": within / 100.0} if wish.kind == "duration" else {"within_sd": within}
    return given if wish.mean is None else given | {"mean": wish.mean}


def _needed(value: float | None, field: str) -> float:
    if value is None:
        raise BadInput([Problem(field, Message("Enter a number"))])
    return value


def _plan(wish: SizeWish, kind: str, *, better: str | None = None, **more: Any) -> SizePlan:
    without = wish.design == "before_after"
    sizes = {"trained": wish.trained, "comparison": wish.comparison, "visits": wish.visits} | {
        name: more.pop(name) for name in ("trained", "comparison", "visits") if name in more
    }
    return plan(
        kind=kind,
        design=wish.design,
        better=None if better == OUTCOMES[kind].better.value else better,
        trained=sizes["trained"],
        comparison=None if without else sizes["comparison"],
        visits=sizes["visits"],
        power=0.8 if wish.power is None else wish.power,
        level=0.95 if wish.level is None else wish.level,
        smallest_effect=wish.smallest_effect,
        primary=wish.primary or 1,
        **more,
    )


def _rows(outcome: PilotOutcome, rows: int) -> Sentence:
    nouns = wording.RECORDS[records_of(outcome.source)]
    return told(lambda language: counted(rows, nouns[language], language))


# Names of options and assumptions, where the page's field is called otherwise.
_FIELDS = {"within_sd": "within", "within_cv": "within", "within_sd or within_cv": "within"}


def _of_field(problem: Problem, wish: SizeWish) -> Problem:
    where = str(problem.where).removeprefix("--").replace("-", "_")
    if where in ("kind", "assumptions"):
        where = ""
    return Problem(_FIELDS.get(where, where), problem.what)
