"""What was settled about a pilot, as parts of `pilot-summary/1`: plan, looks, decision, next step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlmodel import Session, col, func, select

from pilot_eval.domain.pilots import Period, Status, WaveState
from pilot_eval.operations import pilots
from pilot_eval.operations.plans import canonical, plan_document, results_open, sha256, versions
from pilot_eval.records import plans
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Assignment, Pilot, PilotOutcome, Wave
from pilot_eval.records.plans import Decision, Look, PlanVersion
from pilot_eval.records.visits import Visit, VisitOutcome, VisitState
from pilot_eval.reports.numbers import level_percent, number, percent
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.words import plans as words
from pilot_eval.stats.families import interval_level
from pilot_eval.stats.looks import looks_of

_SET_ASIDE = (VisitState.RETURNED, VisitState.EXCLUDED)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _pseudonyms(session: Session, ids: set[int | None]) -> dict[int | None, str]:
    """Pseudonyms by id; a command at the server has none."""
    rows = session.exec(select(User.id, User.pseudonym).where(col(User.id).in_(ids - {None})))
    return dict(rows.all())


# The plan ---------------------------------------------------------------------------------------------------


def plan_part(
    session: Session, pilot: Pilot, outcomes: Sequence[PilotOutcome], now: datetime
) -> dict[str, Any]:
    """The plan that counts now, its versions, and what each changed."""
    document = plan_document(session, pilot, outcomes)
    known = versions(session, pilot, now)
    names = _pseudonyms(session, {version.made_by for version in known})
    labels = {outcome.code: Sentence(outcome.label_en, outcome.label_ru) for outcome in outcomes}
    family = sum(outcome.primary for outcome in outcomes)
    imported = pilots.dates_of(pilot) is None
    return {
        "level": pilot.level,
        "family_size": max(family, 1),
        "interval_level": level_at(pilot, interval_level(pilot.level, family)),
        "draws": pilot.draws,
        "seed": pilot.seed,
        "weights": pilot.weights,
        "state": "draft" if not known else "imported" if imported else "frozen",
        "frozen_at": None if imported or not known else _moment(known[0].made_at),
        "sha256": sha256(canonical(document)),
        "version": known[-1].number if known else None,
        "text": _plan_sentence(known).to_dict(),
        "exclusions": pilot.exclusions,
        "document": document,
        "versions": [_version(version, names) for version in known],
        "changes": [_change(before, after, labels) for before, after in pairwise(known)],
    }


def differs_from_frozen(plan: Mapping[str, Any]) -> bool:
    """Whether the plan in use is another one than the last that was stored."""
    return bool(plan["versions"]) and plan["versions"][-1]["sha256"] != plan["sha256"]


def _plan_sentence(known: Sequence[PlanVersion]) -> Sentence:
    if not known:
        return words.DRAFT
    return words.FROZEN[known[0].cause].filled(day=words.day(_moment(known[0].made_at)))


def _version(version: PlanVersion, names: Mapping[int | None, str]) -> dict[str, Any]:
    return {
        "number": version.number,
        "cause": version.cause.value,
        "made_at": _moment(version.made_at),
        "made_by": names.get(version.made_by),
        "reason": version.reason,
        "after_results": version.after_results,
        "sha256": version.sha256,
    }


def _change(before: PlanVersion, after: PlanVersion, labels: Mapping[str, Sentence]) -> dict[str, Any]:
    made_at = _moment(after.made_at)
    sentence = words.CHANGED_AFTER_RESULTS if after.after_results else words.CHANGED
    return {
        "version": after.number,
        "made_at": made_at,
        "reason": after.reason,
        "after_results": after.after_results,
        "text": sentence.filled(day=words.day(made_at), reason=after.reason).to_dict(),
        "fields": list(_differences(json.loads(before.document), json.loads(after.document), labels)),
    }


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, Sentence]
) -> Iterator[dict[str, Any]]:
    """Each field that is not the same, named and written out in both languages."""
    old, new = dict(_flat(before)), dict(_flat(after))
    for key in [*old, *(key for key in new if key not in old)]:
        if old.get(key) == new.get(key):
            continue
        code, field = key
        name = words.field_name(field, labels.get(code, Sentence(code, code)) if code else None)
        yield {
            "field": f"outcomes.{code}.{field}" if code else field,
            "label": name.to_dict(),
            "before": words.field_value(field, old.get(key)).to_dict(),
            "after": words.field_value(field, new.get(key)).to_dict(),
        }


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The fields of a plan by outcome, empty for the whole plan, and name."""
    for name, value in document.items():
        if name == "outcomes":
            for code, outcome in value.items():
                yield from (((code, field), inner) for field, inner in outcome.items())
        elif isinstance(value, dict):
            yield from ((("", f"{name}.{inner}"), held) for inner, held in value.items())
        else:
            yield ("", name), value


# Looks ------------------------------------------------------------------------------------------------------


def fractions_of(pilot: Pilot) -> tuple[float, ...]:
    """Shares of the information at which the plan looks, the last being the end; none where it plans none."""
    return (*pilot.looks, 1.0) if pilot.looks else ()


@lru_cache(maxsize=256)
def _levels(fractions: tuple[float, ...], level: float) -> tuple[float, ...]:
    looks = looks_of(fractions, level)
    return tuple(looks.level_of(number) for number in range(1, len(fractions) + 1))


def level_at(pilot: Pilot, level: float, look: int | None = None) -> float:
    """Level of the intervals of a look, or of the end: `level` itself where the plan has no looks."""
    fractions = fractions_of(pilot)
    return _levels(fractions, level)[(look or len(fractions)) - 1] if fractions else level


@dataclass(frozen=True, slots=True)
class VisitsMade:
    """Visits after training: made and counted, of those assigned."""

    done: int
    planned: int

    def reached(self, fraction: float) -> bool:
        return self.planned > 0 and self.done >= fraction * self.planned * (1 - 1e-12)


def visits_made(session: Session, pilot: Pilot) -> VisitsMade:
    """How far the wave after training has come."""
    standing = (
        select(Assignment.id)
        .join(Wave, col(Wave.id) == col(Assignment.wave_id))
        .where(
            col(Assignment.pilot_id) == pilot.id,
            col(Wave.period) == Period.AFTER,
            col(Assignment.withdrawn_at).is_(None),
        )
    )
    planned = select(func.count()).select_from(standing.subquery())
    done = select(func.count(func.distinct(col(Visit.assignment_id)))).where(
        col(Visit.assignment_id).in_(standing),
        col(Visit.outcome) == VisitOutcome.DONE,
        col(Visit.state).not_in(_SET_ASIDE),
    )
    return VisitsMade(session.exec(done).one(), session.exec(planned).one())


def due_look(session: Session, pilot: Pilot, made: VisitsMade) -> int | None:
    """The look that may be taken now: the latest reached one, if none as late was taken."""
    if results_open(session, pilot):
        return None
    reached = sum(made.reached(fraction) for fraction in pilot.looks or ())
    taken = plans.looks_of(session, pilots.stored_id(pilot))
    return reached if reached > (taken[-1].number if taken else 0) else None


def looks_part(
    session: Session,
    pilot: Pilot,
    outcomes: Sequence[PilotOutcome],
    *,
    all_seen: bool,
    may_tell: Callable[[Sequence[Mapping[str, Any]]], bool],
) -> dict[str, Any]:
    """The looks that the plan allows, and what was seen at those taken.

    Parameters
    ----------
    all_seen : bool
        The reader may know how many visits were made.
    may_tell : callable
        Whether the reader may see what a look showed, from its outcomes.
    """
    fractions = fractions_of(pilot)
    if not fractions:
        return {"planned": [], "taken": [], "due": None, "visits_done": None, "visits_planned": None}
    level = interval_level(pilot.level, sum(outcome.primary for outcome in outcomes))
    taken = plans.looks_of(session, pilots.stored_id(pilot))
    names = _pseudonyms(session, {look.taken_by for look in taken})
    made = visits_made(session, pilot) if all_seen else None
    return {
        "planned": [
            {"number": number, "fraction": fraction, "level": level_at(pilot, level, number)}
            for number, fraction in enumerate(fractions, 1)
        ],
        "taken": [
            _look(look, pilot, level, names, counts=made is not None, may_tell=may_tell) for look in taken
        ],
        "due": due_look(session, pilot, made) if made else None,
        "visits_done": made.done if made else None,
        "visits_planned": made.planned if made else None,
    }


def _look(
    look: Look,
    pilot: Pilot,
    together: float,
    names: Mapping[int | None, str],
    *,
    counts: bool,
    may_tell: Callable[[Sequence[Mapping[str, Any]]], bool],
) -> dict[str, Any]:
    found = json.loads(look.result)
    outcomes = found if may_tell(found) else []
    if not counts:
        for outcome in outcomes:
            outcome["evaluation"]["branches"].pop("unpaired_names", None)
    text = words.LOOK.filled(
        number=told(lambda language: number(look.number, 0, language)),
        looks=told(lambda language: number(len(fractions_of(pilot)), 0, language)),
        day=words.day(_moment(look.taken_at)),
        share=told(lambda language: percent(100 * look.planned_fraction, 0, language)),
        level=told(lambda language: level_percent(look.level, language)),
        together=told(lambda language: level_percent(together, language)),
    )
    return {
        "number": look.number,
        "taken_at": _moment(look.taken_at),
        "taken_by": names.get(look.taken_by),
        "planned_fraction": look.planned_fraction,
        "visits_done": look.visits_done if counts else None,
        "visits_planned": look.visits_planned if counts else None,
        "snapshot_sha256": look.snapshot_sha256,
        "plan_version": look.plan_version,
        "plan_sha256": look.plan_sha256,
        "level": look.level,
        "text": text.to_dict(),
        "outcomes": outcomes,
    }


# The decision -----------------------------------------------------------------------------------------------


def decision_part(
    session: Session, pilot: Pilot, snapshot_sha256: str, plan: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The decision that counts, whether it still rests on these data and this plan, and those before it."""
    made = plans.decisions_of(session, pilots.stored_id(pilot))
    if not made:
        return None
    names = _pseudonyms(session, {decision.signed_by for decision in made})
    newest = made[0]
    data_changed = newest.snapshot_sha256 != snapshot_sha256
    plan_changed = newest.plan_sha256 != plan["sha256"]
    notes = []
    # A decision at a look rests on the data of that day on purpose.
    if data_changed and (newest.look is None or results_open(session, pilot)):
        places = {"then": newest.snapshot_sha256[:8], "now": snapshot_sha256[:8]}
        notes.append(words.DATA_CHANGED.filled(**places))
    if plan_changed:
        places = {"then": str(newest.plan_version), "now": str(plan["version"])}
        notes.append(words.PLAN_CHANGED.filled(**places))
    return {
        **_decision(newest, names),
        "data_changed": data_changed,
        "plan_changed": plan_changed,
        "notes": [note.to_dict() for note in notes],
        "earlier": [_decision(decision, names) for decision in made[1:]],
    }


def _decision(decision: Decision, names: Mapping[int | None, str]) -> dict[str, Any]:
    choice = words.CHOICES[decision.choice]
    sentence = words.DECIDED if decision.look is None else words.DECIDED_AT_LOOK
    text = sentence.filled(
        day=words.day(_moment(decision.signed_at)),
        choice=Sentence(*(f"{part[:1].lower()}{part[1:]}" for part in (choice.en, choice.ru))),
        look=str(decision.look),
    )
    return {
        "number": decision.number,
        "choice": decision.choice.value,
        "label": choice.to_dict(),
        "text": text.to_dict(),
        "reasons": decision.reasons,
        "signed_at": _moment(decision.signed_at),
        "signed_by": names.get(decision.signed_by),
        "snapshot_sha256": decision.snapshot_sha256,
        "plan_version": decision.plan_version,
        "plan_sha256": decision.plan_sha256,
        "look": decision.look,
        "verdicts": json.loads(decision.verdicts),
    }


# The next step ----------------------------------------------------------------------------------------------


def next_step(
    session: Session,
    pilot: Pilot,
    status: Status,
    now: datetime,
    *,
    plan: Mapping[str, Any],
    looks: Mapping[str, Any],
    decision: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """The one thing to do next, for head office; None where nothing is left to do."""
    step = _step(session, pilot, status, now, plan, looks, decision)
    if step is None:
        return None
    code, places = step
    return {"code": code, "text": words.STEPS[code].filled(**places).to_dict()}


def _step(
    session: Session,
    pilot: Pilot,
    status: Status,
    now: datetime,
    plan: Mapping[str, Any],
    looks: Mapping[str, Any],
    decision: Mapping[str, Any] | None,
) -> tuple[str, dict[str, Sentence | str]] | None:
    if not pilots.has_arms(session, pilot):
        return "choose_branches", {}
    if plan["state"] == "draft":
        return "freeze_plan", {}
    if decision is not None and (decision["notes"] or results_open(session, pilot)):
        return ("review_decision", {}) if decision["data_changed"] else None
    if status is Status.READY:
        return "decide", {}
    return _step_of_waves(session, pilot, now, looks["due"])


def _step_of_waves(
    session: Session, pilot: Pilot, now: datetime, due: int | None
) -> tuple[str, dict[str, Sentence | str]] | None:
    today = now.date()
    if due:
        return "take_look", {"look": str(due)}
    for wave in pilots.waves_of(session, pilot):
        if wave.state is not WaveState.OPEN:
            continue
        name = wave.period.value
        if today >= wave.closes_on:
            return f"close_{name}", {}
        if not _assigned(session, wave):
            return f"assign_{name}", {}
        if pilot.training_to and wave.period is Period.AFTER and today <= pilot.training_to:
            return "training", {"day": words.day(pilot.training_to.isoformat())}
        return f"visits_{name}", {"day": words.day(wave.closes_on.isoformat())}
    return None


def _assigned(session: Session, wave: Wave) -> bool:
    standing = select(Assignment.id).where(
        col(Assignment.wave_id) == wave.id, col(Assignment.withdrawn_at).is_(None)
    )
    return session.exec(standing.limit(1)).first() is not None
