"""Interrupted time series: the trained branches as one series, and its step when training began.

Rates by quasi-Poisson regression with log exposure, means by least squares with the covariance of Newey and
West; the regressions themselves are in `segmented_regression`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis, agreement
from pilot_eval.stats.autocorrelation import Autocorrelation, autocorrelation_of
from pilot_eval.stats.fieller import ratio
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.rate_ratio import rates_per, too_regular
from pilot_eval.stats.rates import fractions
from pilot_eval.stats.relative import (
    LARGEST_LOG,
    NO_BASE,
    Speed,
    Uplift,
    speed_of_log_ratio,
    uplift_of_log_rate_ratio,
)
from pilot_eval.stats.results import NO_INTERVAL, Caution, NotEstimable, significance
from pilot_eval.stats.segmented_regression import (
    LEVEL,
    SLOPE,
    STEP,
    TREND,
    Coefficient,
    SeriesFit,
    fit_series,
    harmonics,
)
from pilot_eval.stats.series import Series, series_of
from pilot_eval.stats.student import two_sided_quantile
from pilot_eval.stats.two_periods import ZERO_SHARE, cautions_of_data

Floats = NDArray[np.float64]

USUAL = 8  # below, the intervals are known to be poor (Penfold & Zhang 2013)
DEPENDENT = 0.05  # p-value of Ljung and Box below which residuals depend on one another
ALIKE = 0.3  # autocorrelation at lag 1 that matters however short the series


def analyse(observations: Observations, plan: AnalysisPlan) -> Analysis:
    """Analyse the trained branches as one series.

    Parameters
    ----------
    observations : of the outcome, with dates and one day of training
    plan : what is asked

    Returns
    -------
    Analysis
        With `effect` a NotEstimable where the data cannot answer.
    """
    flow = Flow.of(observations, with_comparison=False)
    cautions = cautions_of_data(observations, flow, plan)
    if plan.kind == "rate":
        cautions += fractions(observations, flow)
    started = Analysis(plan, flow, NotEstimable("few_branches"), cautions=cautions)
    lacking = _lacking(observations, flow, plan)
    if lacking is not None:
        return replace(started, effect=lacking)
    series = series_of(observations, flow.used, scale=plan.measure.values, time_unit=plan.time_unit)
    if isinstance(series, NotEstimable):
        return replace(started, effect=series)
    flow = replace(flow, rows_used=flow.rows_used - series.split)
    started = replace(started, flow=flow, extra={"periods": _periods(series, plan)})
    found = fit_series(series, season=plan.season, slope_change=plan.slope_change)
    if isinstance(found, NotEstimable):
        return replace(started, effect=found)
    return _with_numbers(started, series, found)


def _lacking(observations: Observations, flow: Flow, plan: AnalysisPlan) -> NotEstimable | None:
    if not flow.trained:
        return NotEstimable("few_branches", {"arm": "trained", "n": 0, "need": 1})
    value = observations.value[in_either_period(observations) & flow.used[observations.branch]]
    zeros = float(np.mean(value == 0.0))
    if plan.measure.scale == "log_ratio" and zeros > ZERO_SHARE:
        values = {"share": 100.0 * zeros, "limit": 100.0 * ZERO_SHARE}
        return NotEstimable("too_many_zeros_in_series", values)
    return None


def _with_numbers(started: Analysis, series: Series, found: SeriesFit) -> Analysis:
    plan = started.plan
    effect = found.primary(STEP)
    tests = _robustness(plan, found)
    uplift, speed = _relative(plan, found, effect)
    naive, dependence = _naive(plan, series), autocorrelation_of(found.fit.residual)
    alternative = None if plan.season else _with_season(series, plan)
    levels = np.array([found.level, found.level + effect.estimate])
    means = np.full((2, 2), np.nan)
    means[1] = levels if plan.measure.scale == "difference" else np.exp(levels)
    return replace(
        started,
        effect=effect,
        interval=effect.confidence_interval(plan.level),
        means=means,
        uplift=uplift,
        speed=speed,
        robustness=tests,
        agreement=agreement(plan, effect, tests),
        cautions=started.cautions
        + _cautions_of_series(series, started.flow)
        + _cautions_of_fit(found, dependence)
        + _cautions_of_season(plan, series, effect, alternative)
        + _cautions_of_answer(uplift, effect, naive)
        + _slope_told(plan, series, found),
        extra={
            **started.extra,
            **({"rates_per": rates_per(means)} if found.counts else {}),
            **_further(plan, found, naive, dependence, alternative),
        },
    )


def _robustness(plan: AnalysisPlan, found: SeriesFit) -> tuple[TestOfEffect, ...]:
    """For counts: with autocorrelation allowed for, and as if they were Poisson's."""
    if not found.counts:
        return ()
    return tuple(
        TestOfEffect(
            method=method,
            statistic=step.statistic,
            pvalue=step.pvalue,
            interval=step.confidence_interval(plan.level),
            enumerated=False,
            draws=0,
        )
        for method in ("newey_west", "poisson")
        for step in (found.by(method, STEP),)
    )


def _relative(plan: AnalysisPlan, found: SeriesFit, effect: Coefficient) -> tuple[Uplift, Speed | None]:
    if found.counts:
        return uplift_of_log_rate_ratio(plan, effect), None
    if plan.measure.scale == "log_ratio":
        return speed_of_log_ratio(plan, effect)
    if found.level <= NO_BASE * max(abs(found.level), abs(found.level + effect.estimate)):
        return Uplift(None, NO_INTERVAL, "fieller"), None
    robust = found.autocorrelated(STEP)
    covariance = robust.covariance[np.ix_([STEP, LEVEL], [STEP, LEVEL])]
    share = ratio(effect.estimate, found.level, covariance, two_sided_quantile(plan.level, robust.df))
    factor = 100.0 * plan.sign
    return Uplift(factor * share.estimate, share.interval.scaled(factor), "fieller"), None


def _naive(plan: AnalysisPlan, series: Series) -> dict[str, float | None]:
    """What a plain comparison of before and after would say, which takes the trend for the effect."""
    if series.exposure is not None:
        before, after = (
            float(series.value[rows].sum() / series.exposure[rows].sum())
            for rows in (~series.after, series.after)
        )
    else:
        before, after = (float(series.value[rows].mean()) for rows in (~series.after, series.after))
        if plan.measure.scale == "log_ratio":
            before, after = math.exp(before), math.exp(after)
    return {
        "before": before,
        "after": after,
        "percent": 100.0 * (after / before - 1.0) if before > 0.0 else None,
    }


def _with_season(series: Series, plan: AnalysisPlan) -> Coefficient | None:
    """The effect beside two harmonics of the year, where the series can show them."""
    found = fit_series(series, season=True, slope_change=plan.slope_change) if harmonics(series) else None
    return found.primary(STEP) if isinstance(found, SeriesFit) else None


def _further(
    plan: AnalysisPlan,
    found: SeriesFit,
    naive: dict[str, float | None],
    dependence: Autocorrelation,
    alternative: Coefficient | None,
) -> dict[str, Any]:
    told: dict[str, Any] = {"trend": found.primary(TREND).to_dict(plan.level), "naive": naive}
    if plan.slope_change:
        told["slope_change"] = found.primary(SLOPE).to_dict(plan.level)
    if alternative is not None:
        told["with_season"] = alternative.to_dict(plan.level)
    told["autocorrelation"] = {
        "first": dependence.first,
        "durbin_watson": dependence.durbin_watson,
        "ljung_box": {
            "statistic": dependence.statistic,
            "lags": dependence.lags,
            "pvalue": dependence.pvalue,
        },
    }
    robust = found.autocorrelated(STEP)
    plain = math.sqrt(robust.plain[STEP, STEP])
    told["newey_west"] = {"lag": robust.lag, "plain_standard_error": plain}
    if found.counts:
        told["dispersion"] = found.fit.dispersion
    return told


def _periods(series: Series, plan: AnalysisPlan) -> dict[str, Any]:
    return {
        "before": int(np.sum(~series.after)),
        "after": int(np.sum(series.after)),
        "missing": series.missing,
        "per_year": series.per_year,
        "time_unit": plan.time_unit,
        "season": plan.season,
        "slope_change": plan.slope_change,
    }


def _cautions_of_series(series: Series, flow: Flow) -> tuple[Caution, ...]:
    before, after = int(np.sum(~series.after)), int(np.sum(series.after))
    found = []
    if min(before, after) < USUAL:
        found.append(Caution("few_periods", {"before": before, "after": after, "usual": USUAL}))
    for code, n in (
        ("split_period", series.split),
        ("missing_periods", series.missing),
        ("branches_come_and_go", int(np.sum(series.branches < flow.trained))),
    ):
        if n:
            found.append(Caution(code, {"n": n}))
    return tuple(found)


def _cautions_of_fit(found: SeriesFit, dependence: Autocorrelation) -> tuple[Caution, ...]:
    told = []
    if dependence.pvalue < DEPENDENT or abs(dependence.first) > ALIKE:
        code = "autocorrelated_counts" if found.counts else "autocorrelated"
        told.append(Caution(code, {"first": dependence.first, "lags": dependence.lags}))
    if found.counts and too_regular(found.fit.dispersion, found.fit.df):
        told.append(Caution("counts_too_regular", {"dispersion": found.fit.dispersion}))
    return tuple(told)


def _cautions_of_season(
    plan: AnalysisPlan, series: Series, effect: Coefficient, alternative: Coefficient | None
) -> tuple[Caution, ...]:
    if plan.season or series.per_year < 2.0:
        return ()
    if alternative is None:
        return (Caution("season_unseen", {"years": series.years}),)
    alpha = significance(plan.level)
    turned = alternative.estimate * effect.estimate < 0.0
    if turned or (alternative.pvalue <= alpha) != (effect.pvalue <= alpha):
        return (Caution("season_matters", {}),)
    return ()


def _cautions_of_answer(
    uplift: Uplift, effect: Coefficient, naive: dict[str, float | None]
) -> tuple[Caution, ...]:
    found = []
    before, after, percent = naive["before"], naive["after"], naive["percent"]
    if before is not None and after is not None and (after - before) * effect.estimate < 0.0:
        if percent is None:
            found.append(Caution("trend_turns", {}))
        else:
            found.append(Caution("trend_turns_percent", {"change": percent}))
    if uplift.estimate is None:
        found.append(Caution("uplift_without_base"))
    elif not uplift.interval.bounded:
        found.append(Caution("uplift_unbounded"))
    return tuple(found)


def _slope_told(plan: AnalysisPlan, series: Series, found: SeriesFit) -> tuple[Caution, ...]:
    """The change of slope in a year: the effect then is not that of the beginning."""
    if not plan.slope_change:
        return ()
    slope = found.primary(SLOPE)
    ends = slope.confidence_interval(plan.level)
    low, change, high = (
        series.per_year * (end if end is not None else math.nan)
        for end in (ends.low, slope.estimate, ends.high)
    )
    if plan.measure.scale == "difference":
        return (Caution("slope_changes", {"number": change, "low": low, "high": high}),)
    values = (100.0 * math.expm1(min(end, LARGEST_LOG)) for end in (change, low, high))
    names = ("change", "change_low", "change_high")
    return (Caution("slope_changes_percent", dict(zip(names, values, strict=True))),)
