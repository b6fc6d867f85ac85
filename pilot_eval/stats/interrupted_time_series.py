"""Interrupted time series: the trained branches as one series, and its step when training began.

Rates by quasi-Poisson regression with log exposure, means by least squares with the covariance of Newey and
West. Time is counted from the first period after training began, so that the intercept is what the trend
leads to be expected there and the step is the effect there, with a change of slope as without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.stats.analysis import Analysis, agreement
from pilot_eval.stats.autocorrelation import Autocorrelation, autocorrelation_of
from pilot_eval.stats.contrasts import SPREAD_LIMIT
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.fieller import ratio
from pilot_eval.stats.flow import Flow, in_either_period
from pilot_eval.stats.glm import Fit, fit_least_squares, fit_poisson, newey_west
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
from pilot_eval.stats.series import Series, series_of
from pilot_eval.stats.student import two_sided_quantile
from pilot_eval.stats.two_periods import ZERO_SHARE, cautions_of_data

Floats = NDArray[np.float64]

LEVEL, STEP, TREND, SLOPE = range(4)  # coefficients; the last only with a change of slope
FEWEST = 3  # periods before, and after: fewer show no trend (Cochrane EPOC 2017)
USUAL = 8  # below, the intervals are known to be poor (Penfold & Zhang 2013)
SPARE = 3  # periods more than coefficients
SEASON_YEARS = 2.0  # seen twice, a season can be told from what happened once
DEPENDENT = 0.05  # p-value of Ljung and Box below which residuals depend on one another
ALIKE = 0.3  # autocorrelation at lag 1 that matters however short the series


@dataclass(frozen=True, slots=True)
class Coefficient(ByStudent):
    """A coefficient of a series with its uncertainty.

    Parameters
    ----------
    estimate, standard_error : on the scale of the analysis; per period for slopes
    df : of Student's t; infinite for the normal distribution
    method : quasi_poisson, poisson or newey_west
    """

    estimate: float
    standard_error: float
    df: float
    method: str

    def to_dict(self, confidence_level: float) -> dict[str, Any]:
        """As a field of the evaluation document."""
        ends = self.confidence_interval(confidence_level)
        return {
            "estimate": self.estimate,
            "standard_error": self.standard_error,
            "df": self.df if math.isfinite(self.df) else None,
            "confidence_interval": [ends.low, ends.high],
            "pvalue": self.pvalue,
        }


@dataclass(frozen=True, slots=True)
class SeriesFit:
    """A regression of a series.

    Parameters
    ----------
    fit : on level, step, trend, change of slope where asked, season where asked
    counts : whether the series is one of counts
    """

    fit: Fit
    counts: bool

    @property
    def level(self) -> float:
        """What the trend leads to be expected when training began, at the season's mean."""
        return float(self.fit.coefficients[LEVEL])

    def primary(self, place: int) -> Coefficient:
        """A coefficient by the method of its kind."""
        return self.by("quasi_poisson" if self.counts else "newey_west", place)

    def by(self, method: str, place: int) -> Coefficient:
        """A coefficient with the uncertainty of a method: quasi_poisson, poisson or newey_west."""
        df = math.inf
        if method == "newey_west":
            robust = newey_west(self.fit, place)
            variance, df = robust.covariance[place, place], robust.df
        else:
            scale = 1.0 if method == "poisson" else self.fit.dispersion
            variance = scale * self.fit.bread[place, place]
        return Coefficient(float(self.fit.coefficients[place]), math.sqrt(variance), df, method)


def fit_series(
    series: Series, *, season: bool = False, slope_change: bool = False
) -> SeriesFit | NotEstimable:
    """Regress a series on level, step and trend, and on what else is asked for.

    Parameters
    ----------
    series : of means, or of events with exposures
    season : two harmonics of the year, as far as the periods can show them
    slope_change : whether the trend may change when training begins

    References
    ----------
    Lopez Bernal, Cummins & Gasparrini 2017, International Journal of Epidemiology 46(1), eq. 1.
    """
    after = series.after.astype(np.float64)
    columns = [np.ones_like(series.time), after, series.time]
    if slope_change:
        columns.append(series.time * after)
    if season:
        columns += harmonics(series)
        if series.years < SEASON_YEARS or series.per_year < 2.0:
            return NotEstimable("season_unseen", {"years": series.years, "need": int(SEASON_YEARS)})
    before = len(after) - int(after.sum())
    if min(before, int(after.sum())) < FEWEST or len(after) < len(columns) + SPARE:
        need = max(2 * FEWEST, len(columns) + SPARE)
        values = {"before": before, "after": int(after.sum()), "fewest": FEWEST, "need": need}
        return NotEstimable("few_periods", values)
    regressors = np.column_stack(columns)
    if series.exposure is None:
        fit = fit_least_squares(regressors, series.value)
    elif not series.value[series.after].any() or not series.value[~series.after].any():
        return NotEstimable("no_events_" + ("after" if series.value.any() else "before"), {"arm": "trained"})
    else:
        fit = fit_poisson(regressors, series.value, series.exposure)
    if isinstance(fit, NotEstimable):
        return fit
    if float(np.abs(fit.residual).max()) <= SPREAD_LIMIT * float(np.abs(series.value).max()):
        return NotEstimable("no_variation_in_series", {"n": len(after)})
    return SeriesFit(fit, series.exposure is not None)


def harmonics(series: Series) -> list[Floats]:
    """Sine and cosine of one and two cycles a year, without those that periods so long cannot show."""
    columns: list[Floats] = []
    for cycles in (1, 2):
        angle = 2.0 * np.pi * cycles * series.phase
        if 2 * cycles < series.per_year:
            columns += [np.sin(angle), np.cos(angle)]
        elif 2 * cycles == series.per_year:
            columns.append(np.cos(angle))
    return columns


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
    robust = newey_west(found.fit, STEP)
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
    robust = newey_west(found.fit, STEP)
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
