"""The part `event_study`: the effect by periods since training, and the trends before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.reports import wording
from pilot_eval.reports.evaluations import not_estimable
from pilot_eval.reports.numbers import Language, interval, number, percent, pvalue_text
from pilot_eval.reports.verdicts import decimals
from pilot_eval.reports.words import LABELS, TEXT_UNITS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.branch_periods import branch_periods
from pilot_eval.stats.cohorts import cohort_effects, without_always_trained
from pilot_eval.stats.event_study import EventStudy, event_study
from pilot_eval.stats.honest import LARGEST_RATIO
from pilot_eval.stats.parallel_trends import ParallelTrends, parallel_trends
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable


@dataclass(frozen=True, slots=True)
class EventStudyPart:
    """Effects by event time, and what the periods before training say.

    Parameters
    ----------
    plan : of the analysis
    study : effects with intervals, or why there are none
    trends : pre-test and breakdown values, or why there are none
    left_out : rows of the period of training from before the day itself
    """

    plan: AnalysisPlan
    study: EventStudy | NotEstimable
    trends: ParallelTrends | NotEstimable
    left_out: int = 0

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.study, NotEstimable):
            return {"not_estimable": not_estimable(self.study)}
        return {
            "scale": self.plan.measure.scale,
            "base": "varying",
            "rows_left_out": self.left_out,
            "event_times": _event_times(self.study),
            "parallel_trends": trends_fields(self.trends),
        }

    def lines(self, language: Language) -> list[str]:
        heading = _label("event_study", language)
        if isinstance(self.study, NotEstimable):
            return [heading, _reason(self.study, language)]
        return [heading, *_rows(self.study, self.plan, language), *_of_trends(self.trends, language)]


def part_of(observations: Observations, analysis: Analysis) -> EventStudyPart:
    """Estimate the event study of an analysis whose rows have dates."""
    plan = analysis.plan
    trends = parallel_trends(observations, plan)
    if isinstance(trends, NotEstimable) and trends.code == "trends_of_means_only":
        return EventStudyPart(plan, trends, trends)
    if observations.date is None or observations.trained_on is None:
        return EventStudyPart(plan, NotEstimable("event_study_needs_dates"), trends)
    panel = branch_periods(observations, time_unit=plan.time_unit, scale=plan.measure.values)
    effects = cohort_effects(without_always_trained(panel))
    study = event_study(effects, draws=plan.draws, seed=plan.seed, confidence_level=plan.level)
    return EventStudyPart(plan, study, trends, panel.split)


def trends_fields(trends: ParallelTrends | NotEstimable) -> dict[str, Any]:
    """Trends before training as plain types."""
    if isinstance(trends, NotEstimable):
        return {"not_estimable": not_estimable(trends)}
    test = trends.test
    return {
        "base": -1,
        "event_times": [
            {
                "event_time": int(time),
                "estimate": float(estimate),
                "standard_error": float(error),
                "df": float(df),
            }
            for time, estimate, error, df in zip(
                trends.event_time, trends.estimate, trends.standard_error, trends.df, strict=True
            )
        ],
        "effect": {"estimate": trends.effect.estimate, "standard_error": trends.effect.standard_error},
        "test": {
            "method": test.method,
            "statistic": test.statistic,
            "df": list(test.df),
            "pvalue": test.pvalue,
            "power": test.power,
        },
        "slope": trends.slope,
        "relative_magnitudes": {"breakdown": trends.breakdown_ratio, "largest": LARGEST_RATIO},
        "smoothness": {"breakdown": trends.breakdown_change, "largest": 2.0 * abs(trends.drift.effect)},
    }


def _event_times(study: EventStudy) -> list[dict[str, Any]]:
    return [
        {
            "event_time": int(study.event_time[e]),
            "estimate": float(study.estimate[e]),
            "standard_error": float(study.standard_error[e]),
            "df": float(study.df[e]),
            "confidence_interval": [float(study.low[e]), float(study.high[e])],
            "simultaneous_interval": [float(study.band_low[e]), float(study.band_high[e])],
            "cohorts": int(study.cohorts[e]),
            "branches": int(study.branches[e]),
        }
        for e in range(len(study.event_time))
    ]


def _rows(study: EventStudy, plan: AnalysisPlan, language: Language) -> list[str]:
    found = []
    unit = getattr(TEXT_UNITS[plan.measure.unit], language)
    for row in _event_times(study):
        low, high = row["confidence_interval"]
        band_low, band_high = row["simultaneous_interval"]
        digits = max(2, decimals(ConfidenceInterval(low, high)) + 1)
        found.append(
            _label("event_study_row", language).format(
                time=number(row["event_time"], 0, language, sign=True),
                estimate=f"{number(row['estimate'], digits, language, sign=True)} {unit}",
                interval=interval(low, high, digits, language, sign=True),
                band=interval(band_low, band_high, digits, language, sign=True),
                branches=number(row["branches"], 0, language),
            )
        )
    return found


def _of_trends(trends: ParallelTrends | NotEstimable, language: Language) -> list[str]:
    if isinstance(trends, NotEstimable):
        return [_reason(trends, language)]
    tested = _label("pre_test", language).format(
        pvalue=f"p {pvalue_text(trends.test.pvalue, language)}",
        power=percent(100.0 * trends.test.power, 0, language),
    )
    if trends.breakdown_ratio is None:
        broken = _label("breakdown_beyond", language).format(ratio=number(LARGEST_RATIO, 0, language))
    elif trends.breakdown_ratio == 0.0:
        broken = _label("breakdown_at_once", language)
    else:
        broken = _label("breakdown_ratio", language).format(ratio=number(trends.breakdown_ratio, 1, language))
    return [tested + ".", broken + "."]


def _label(key: str, language: Language) -> str:
    text: str = getattr(LABELS[key], language)
    return text


def _reason(reason: NotEstimable, language: Language) -> str:
    text: str = getattr(wording.reason(reason.code, reason.values), language)
    return text + "."
