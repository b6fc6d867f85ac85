"""The charts of a pilot by their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from pilot_eval.domain.errors import NotFound
from pilot_eval.domain.people import Actor
from pilot_eval.operations import comparison
from pilot_eval.operations.branch_comparison import Filters, arranged, compare
from pilot_eval.operations.branch_report import weeks_of_branch
from pilot_eval.reports.charts import Chart, weeks
from pilot_eval.reports.charts.comparisons import branch_intervals
from pilot_eval.reports.sentences import Sentence


@dataclass(frozen=True, slots=True)
class ChartOf:
    """Which branches a chart is of: those of a filter, or one."""

    filters: Filters = field(default_factory=Filters)
    branch: str = ""


def find_chart(
    session: Session, actor: Actor, slug: str, name: str, of: ChartOf, language: str, now: datetime
) -> Chart | Sentence:
    """A chart by its name, or why there is none.

    Parameters
    ----------
    name : str
        `branches-AGAINST-OUTCOME`, or a name that `comparison.chart_of` knows; `weeks-OUTCOME` of one branch
        too.

    Raises
    ------
    NotFound
        If there is no such chart, or nothing in it may be shown yet.
    """
    if name.startswith("branches-"):
        against, _dash, metric = name.removeprefix("branches-").partition("-")
        found = compare(session, actor, slug, metric or "?", against, now)
        if found.against != against:
            raise NotFound
        if found.refused is not None:
            return found.refused
        chart = branch_intervals(
            found.outcome, arranged(found.results, of.filters), against, language, name=name
        )
        if chart is None:
            raise NotFound
        return chart
    if of.branch:
        return _weeks_of_branch(session, actor, slug, name, of.branch, language, now)
    return comparison.chart_of(session, actor, slug, name, language, now)


def _weeks_of_branch(
    session: Session, actor: Actor, slug: str, name: str, branch: str, language: str, now: datetime
) -> Chart:
    summary = weeks_of_branch(session, actor, slug, branch, now)
    if not name.startswith("weeks-"):
        raise NotFound
    outcome = comparison.outcome_of(summary, name.removeprefix("weeks-") or "?")
    chart = weeks(summary, outcome["code"], language)
    if chart is None:
        raise NotFound
    return chart
