"""What reviewers set aside or changed, as the part `review` of `pilot-summary/1`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from pilot_eval.domain.pilots import Period
from pilot_eval.domain.reviews import RevisionKind, Ruling
from pilot_eval.engines.records import MEASUREMENT, Snapshot
from pilot_eval.operations.submissions import receipt_code
from pilot_eval.records.network import Branch
from pilot_eval.records.people import User
from pilot_eval.records.pilots import Pilot, PilotOutcome, Wave
from pilot_eval.records.reviews import VisitReview, VisitRevision
from pilot_eval.records.visits import Visit, VisitState
from pilot_eval.reports.evaluations import Evaluation
from pilot_eval.reports.numbers import counted
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.summaries import estimate_text, headline, interval_text
from pilot_eval.reports.words import plans, reviews

Document = dict[str, Any]


def changes_after_results(session: Session, pilot: Pilot, region_id: int | None) -> list[Document]:
    """Exclusions, restorations, returns and corrections made after results could be seen, in their order.

    Parameters
    ----------
    region_id : int or None
        Of whose branches to tell; of all unless given.
    """
    found = [*_rulings(session, pilot), *_corrections(session, pilot)]
    return [
        _change(*change)
        for change in sorted(found, key=lambda change: change[5])
        if region_id in (None, change[1].region_id)
    ]


_Change = tuple[Visit, Branch, Wave, str, str, datetime, str | None]


def _rulings(session: Session, pilot: Pilot) -> Iterator[_Change]:
    made = col(VisitReview.after_results).is_(True), col(VisitReview.ruling) != Ruling.APPROVE
    for row, *place, by in _placed(session, pilot, VisitReview, col(VisitReview.made_by), *made):
        yield (*place, row.ruling.value, row.reason, row.made_at, by)


def _corrections(session: Session, pilot: Pilot) -> Iterator[_Change]:
    made = col(VisitRevision.after_results).is_(True), col(VisitRevision.kind) == RevisionKind.CORRECTION
    for row, *place, by in _placed(session, pilot, VisitRevision, col(VisitRevision.superseded_by), *made):
        yield (*place, "correct", row.reason, row.superseded_at, by)


def _placed(session: Session, pilot: Pilot, table: Any, by: Any, *made: Any) -> Iterator[Any]:
    """Rows with the visit, branch and wave that they belong to, and the pseudonym of who made them."""
    statement = (
        sa.select(table, Visit, Branch, Wave, col(User.pseudonym))
        .join(Visit, col(Visit.id) == table.visit_id)
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .join(Wave, col(Wave.id) == col(Visit.wave_id))
        .join(User, col(User.id) == by, isouter=True)
        .where(col(Visit.pilot_id) == pilot.id, *made)
    )
    return iter(session.execute(statement))


def _change(
    visit: Visit, branch: Branch, wave: Wave, kind: str, reason: str, at: datetime, by: str | None
) -> Document:
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    text = reviews.CHANGES[kind].filled(
        day=plans.day(moment),
        visit=receipt_code(visit.digest),
        branch=branch.code,
        period=reviews.PERIODS[wave.period],
        reason=reason,
    )
    return {
        "visit": receipt_code(visit.digest),
        "branch": branch.code,
        "period": wave.period.value,
        "change": kind,
        "at": moment,
        "by": by,
        "reason": reason,
        "text": text.to_dict(),
    }


def limit_of(changes: Collection[Document]) -> list[Document]:
    """What must be said with any result where visits were changed after results could be seen."""
    if not changes:
        return []
    visits = len({change["visit"] for change in changes})
    text = reviews.LIMIT.filled(
        visits=told(lambda language: counted(visits, reviews.VISITS[language], language))
    )
    return [{"code": "changed_after_results", "text": text.to_dict()}]


def review_part(
    snapshot: Snapshot,
    seen: Collection[Period],
    region_id: int | None,
    changes: Sequence[Document],
    all_counted: Sequence[Document],
) -> Document:
    """How many visits are in which state, what was changed late, and results with nothing excluded.

    Parameters
    ----------
    seen : collection of Period
        Of which the reader may know.
    region_id : int or None
        Of whose branches to count; of all unless given.
    """
    own = {branch.code for branch in snapshot.branches if region_id in (None, branch.region_id)}
    states = Counter(visit.state for visit in snapshot.visits if visit.period in seen and visit.branch in own)
    return {
        "states": {state.value: states[state] for state in VisitState},
        "changes": list(changes),
        "all_counted": list(all_counted),
    }


def excluded(snapshot: Snapshot) -> int:
    """Visits that a reviewer excluded."""
    return sum(visit.state is VisitState.EXCLUDED for visit in snapshot.visits)


def counting_excluded(snapshot: Snapshot) -> Snapshot:
    """The snapshot as it would be had nobody excluded a visit."""
    return replace(
        snapshot,
        visits=tuple(
            visit._replace(state=VisitState.SUBMITTED) if visit.state is VisitState.EXCLUDED else visit
            for visit in snapshot.visits
        ),
        timings=tuple(
            timing._replace(visit_state=VisitState.SUBMITTED)
            if timing.visit_state is VisitState.EXCLUDED
            else timing
            for timing in snapshot.timings
        ),
    )


def results_with_all(
    snapshot: Snapshot,
    outcomes: Sequence[PilotOutcome],
    documents: Sequence[Document],
    evaluate: Callable[[Snapshot, PilotOutcome], Evaluation],
) -> list[Document]:
    """The primary outcomes with the excluded visits counted as well; nothing where none is excluded.

    Parameters
    ----------
    documents : sequence of dict
        The outcomes with their evaluations, as the summary has them.
    """
    count = excluded(snapshot)
    if not count:
        return []
    whole = counting_excluded(snapshot)
    by_code = {document["code"]: document for document in documents}
    return [
        found
        for outcome in outcomes
        if outcome.primary and outcome.source != MEASUREMENT and by_code[outcome.code]["evaluation"]
        if (found := _with_all(by_code[outcome.code], evaluate(whole, outcome), count)) is not None
    ]


def _with_all(document: Document, evaluation: Evaluation, count: int) -> Document | None:
    planned, again = headline(document), headline(document | {"evaluation": evaluation.to_dict()})
    if planned is None or again is None:
        return None
    text = reviews.ALL_COUNTED.filled(
        outcome=Sentence(document["label"]["en"], document["label"]["ru"]),
        again=told(lambda language: estimate_text(again, language)),
        range=told(lambda language: interval_text(again, language)),
        planned=told(lambda language: estimate_text(planned, language)),
        excluded=told(lambda language: counted(count, reviews.EXCLUDED_VISITS[language], language)),
    )
    return {
        "code": document["code"],
        "excluded": count,
        "estimate": again.estimate,
        "confidence_interval": [again.low, again.high],
        "unit": again.unit,
        "text": text.to_dict(),
    }
