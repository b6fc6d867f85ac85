"""What the records hand over beside the values of an outcome."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import Session, col, select

from pilot_eval.domain.checklists import default_checklist, score
from pilot_eval.domain.pilots import Period
from pilot_eval.engines.records import VisitRow, read_snapshot
from pilot_eval.operations.assignments import VisitPlan, assign_visits
from pilot_eval.operations.visits import record_visit
from pilot_eval.records.visits import Timing, Visit
from tests import pilots as world
from tests.conftest import OPERATOR
from tests.field import NOW, actor_of, create_field, good_answers

REL = 1e-12  # a fraction against a sum of some tens of floats


def of_visits(session: Session, pilot_id: int) -> tuple[tuple[str, ...], tuple[VisitRow, ...]]:
    snapshot = read_snapshot(session, pilot_id)
    return tuple(item.code for item in snapshot.items), snapshot.visits


def test_items_earn_what_the_score_says(session: Session) -> None:
    """Earned over possible points of the items is the pooled score, whatever applied or was left open."""
    field = create_field(session)
    answers = good_answers(A1="no", B5="na", E1=None)
    submission = field.visit(answers=answers, confirmed=True)
    record_visit(session, actor_of(field.anna), submission, NOW)
    stored = session.get_one(Visit, submission.id)
    names, (visit,) = of_visits(session, stored.pilot_id)
    checklist = default_checklist()
    earned = dict(zip(names, visit.earned, strict=True))
    assert set(names) == {code for code, item in checklist.items.items() if item.scored}
    assert (earned["A1"], earned["B5"], earned["E1"]) == (0.0, None, None)
    there = {code: share for code, share in earned.items() if share is not None}
    weights = {code: checklist.items[code].weight for code in there}
    pooled = 100 * sum(weights[code] * there[code] for code in there) / sum(weights.values())
    expected = score(checklist, stored.document["answers"]).pooled  # type: ignore[arg-type]  # JSON
    assert expected is not None
    assert pooled == pytest.approx(float(expected), rel=REL)


def test_details_stand_beside_the_value_of_their_row(session: Session) -> None:
    pilot = world.filled_pilot(session)
    assert pilot.id is not None
    snapshot = read_snapshot(session, pilot.id)
    plain, detailed = (snapshot.observations("visit_score", detailed=wanted) for wanted in (False, True))
    assert plain.items is None
    assert np.array_equal(plain.value, detailed.value)
    assert detailed.items is not None
    assert detailed.date is not None
    assert detailed.auditor is not None
    place = detailed.items.names.index("A1")
    expected = sorted(
        (visit.branch, visit.score_hundredths, visit.started_at.date().isoformat(), visit.earned[place])
        for visit in snapshot.visits
    )
    found = sorted(
        (detailed.branches[branch], round(100 * value), str(day), earned)
        for branch, value, day, earned in zip(
            detailed.branch, detailed.value, detailed.date, detailed.items.values[:, place], strict=True
        )
    )
    assert found == expected


def test_timings_have_their_operation_and_part_of_the_day_and_no_items(session: Session) -> None:
    pilot = world.filled_pilot(session)
    assert pilot.id is not None
    found = read_snapshot(session, pilot.id).observations("timing_service", detailed=True)
    assert found.items is None
    assert found.operation is not None
    assert found.operation.names == ("parcel_receive",)
    assert found.daypart is not None
    assert found.daypart.names == ("midday",)  # 9:00 UTC is 13:00 in Vladimir that summer


def test_the_hash_tells_of_answers_days_and_auditors_and_not_of_names(session: Session) -> None:
    pilot = world.filled_pilot(session)
    assert pilot.id is not None
    hashes = [read_snapshot(session, pilot.id).sha256]
    visit = session.exec(select(Visit).order_by(col(Visit.id)).limit(1)).one()
    visit.document = {"answers": {**visit.document["answers"], "A1": "na"}}  # type: ignore[dict-item]  # JSON
    session.commit()
    hashes.append(read_snapshot(session, pilot.id).sha256)
    timing = session.exec(select(Timing).limit(1)).one()
    timing.happened_at += timedelta(minutes=1)
    session.commit()
    hashes.append(read_snapshot(session, pilot.id).sha256)
    timing.auditor_id = world.an_auditor(session).id  # type: ignore[assignment]  # stored, so it has one
    session.commit()
    hashes.append(read_snapshot(session, pilot.id).sha256)
    assert len(set(hashes)) == 4


def test_visits_that_repeat_one_another_are_marked(session: Session) -> None:
    """The mark is what the agreement of auditors is computed by."""
    pilot = world.plan_pilot(session)
    world.draw(session, pilot, world.add_branches(session))
    auditors = [world.an_auditor(session) for _ in range(2)]
    world.record(session, pilot, auditors[0])
    plans = [VisitPlan("B00", Period.BEFORE, auditor.id, "transfer") for auditor in auditors]
    first, again = assign_visits(session, OPERATOR, pilot.slug, plans, confirmed=True)
    again.double_of_id = first.id
    visits = session.exec(select(Visit).limit(3)).all()
    for visit, assignment in zip(visits[:2], (first, again), strict=True):
        visit.assignment_id = assignment.id
        session.add(visit)
    session.commit()
    snapshot = read_snapshot(session, pilot.id or 0)
    marked = {visit.id: visit.pair for visit in snapshot.visits if visit.pair is not None}
    ids = sorted(str(visit.id) for visit in visits[:2])
    assert marked == dict.fromkeys(ids, ids[0])
    observed = snapshot.observations("visit_score", detailed=True)
    assert observed.pair is not None
    assert list(observed.pair.codes[observed.pair.codes >= 0]) == [0, 0]
