"""A pilot of visits is planned: its dates, its outcomes, its two waves."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session

from pilot_eval.domain.errors import BadInput, Problem
from pilot_eval.domain.people import Actor
from pilot_eval.domain.pilots import Dates, Design, Period
from pilot_eval.domain.problems import N_
from pilot_eval.operations import forms
from pilot_eval.operations.addresses import flush_new, new_slug
from pilot_eval.operations.pilots import stored_id
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.records import audit
from pilot_eval.records.base import now
from pilot_eval.records.pilots import Pilot, PilotOutcome, Wave

SHORTEST_LEVEL, LONGEST_LEVEL = 0.5, 1.0
FEWEST_DRAWS = 99


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
    checklist_id: int | None = None,
) -> Pilot:
    """Plan a pilot of visits before and after a training.

    Its address (`slug`) is made from the English title unless given; two waves of visits are
    made from the dates. A published checklist and the newest timing form are pinned to it.

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
    checklist_id : int, optional
        Of a published checklist that is in use; the last published one unless given.

    Raises
    ------
    BadInput
        Naming every field that is wrong.
    """
    scope_of(actor, Action.PLAN_PILOT)
    title_en, title_ru = title_en.strip(), title_ru.strip()
    problems = [] if title_en else [Problem("title_en", N_("Enter a title"))]
    problems += problems_of_settings(level, seed, draws)
    problems += _problems_of_effects(smallest_quality=smallest_quality, smallest_speed=smallest_speed)
    try:
        dates = Dates(before, training, after)
    except ValueError as error:
        problems.append(Problem("before_from", str(error)))
    slug, slug_problems = new_slug(session, slug, title_en)
    if problems := problems + slug_problems:
        raise BadInput(problems)
    checklist, timing_form = forms.forms_for_pilot(session, actor, checklist_id)
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


def problems_of_settings(level: float, seed: int, draws: int) -> list[Problem]:
    """What is wrong with the numbers that every plan has."""
    problems = []
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
