"""The part `ranking`: branches compared with one another by their change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import Observations
from pilot_eval.reports.evaluations import not_estimable
from pilot_eval.reports.numbers import Language, interval, number, percent
from pilot_eval.reports.verdicts import level_text
from pilot_eval.reports.wording import ARMS, counted_in, reason
from pilot_eval.reports.words import LABELS
from pilot_eval.reports.words.counted import BRANCHES
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.equal_spread import SpreadTest
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.ranking import ArmCompared, Comparison, Ranking, rank_branches
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]

UNEQUAL = 0.01  # p-value at or below which branches vary too differently for one pooled variance
RATE_DIGITS = 4  # of a rate per one of exposure
LISTED = 50  # branches of an arm in the text report


@dataclass(frozen=True, slots=True)
class Told:
    """How changes are told: the analysis scale itself, or per cent of a ratio.

    Parameters
    ----------
    unit : of what is told
    change : from the analysis scale; falling where `falls`
    mean : of a period
    falls : whether low and high ends change places
    """

    unit: str
    change: Callable[[Floats], Floats]
    mean: Callable[[Floats], Floats]
    falls: bool = False

    @classmethod
    def of(cls, plan: AnalysisPlan) -> Told:
        if plan.measure.scale == "difference":
            return cls(plan.measure.unit, _same, _same)
        if plan.measure.scale == "log_ratio" and plan.sign < 0:
            return cls("speed_percent", lambda b: np.asarray(100.0 * np.expm1(-b)), np.exp, falls=True)
        unit = "time_percent" if plan.measure.scale == "log_ratio" else "rate_percent"
        return cls(unit, lambda b: np.asarray(100.0 * np.expm1(b)), np.exp)

    def ends(self, low: float, high: float) -> list[float]:
        told = [float(self.change(np.array(end))) for end in (low, high)]
        return told[::-1] if self.falls else told


def _same(values: Floats) -> Floats:
    return values


@dataclass(frozen=True, slots=True)
class RankingPart:
    """Branches compared, or why not."""

    ranking: Ranking | NotEstimable
    plan: AnalysisPlan

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.ranking, NotEstimable):
            return {"not_estimable": not_estimable(self.ranking)}
        told = Told.of(self.plan)
        return {
            "of": "change",
            "scale": self.plan.measure.scale,
            "unit": told.unit,
            "better": self.plan.direction.value,
            "level": self.plan.level,
            "equal_spread": _equal_spread(self.ranking.spread),
            "arms": {arm.arm: self._arm(self.ranking, arm, told) for arm in self.ranking.arms},
        }

    def _arm(self, ranking: Ranking, arm: ArmCompared, told: Told) -> dict[str, Any]:
        found: dict[str, Any] = {"n": len(arm.rows)}
        if isinstance(arm.change, NotEstimable):
            found["not_estimable"] = not_estimable(arm.change)
        else:
            found |= _spread(arm.change, told)
        level_place = {}
        if ranking.levels is not None and isinstance(arm.level, Comparison):
            found["level_after"] = _spread(arm.level, Told(told.unit, told.mean, told.mean))
            level_place = {ranking.levels.branches[row]: own for own, row in enumerate(arm.level_rows)}
        rows = []
        for own, row in enumerate(arm.rows.tolist()):
            one = _raw(ranking, row, told)
            if isinstance(arm.change, Comparison):
                one |= _position(arm.change, own, told)
            place = level_place.get(one["branch"])
            if place is not None and isinstance(arm.level, Comparison):
                one["level_after"] = _position(arm.level, place, Told(told.unit, told.mean, told.mean))
            rows.append(one)
        found["branches"] = rows
        return found

    def lines(self, language: Language) -> list[str]:
        def say(key: str, **places: str) -> str:
            text: str = getattr(LABELS[key], language)
            return text.format(**places)

        told = Told.of(self.plan)
        head = f"{say('ranking')} ({say('ranking_scale_' + told.unit)})"
        if isinstance(self.ranking, NotEstimable):
            why = reason(self.ranking.code, self.ranking.values)
            return [head, say("ranking_none", reason=getattr(why, language))]
        level = level_text(self.plan.level, language)
        columns = "ranking_columns_of_rates" if self.plan.kind == "rate" else "ranking_columns"
        found = [head, say(columns, level=level)]
        for arm in self.ranking.arms:
            found += self._arm_lines(self.ranking, arm, told, language, level)
        found += [say("ranking_places"), say("ranking_measured")]
        spread = self.ranking.spread
        if isinstance(spread, SpreadTest) and spread.pvalue <= UNEQUAL:
            found.append(say("ranking_unequal", pvalue=percent(100.0 * spread.pvalue, 1, language)))
        return found

    def _arm_lines(
        self, ranking: Ranking, arm: ArmCompared, told: Told, language: Language, level: str
    ) -> list[str]:
        name: str = getattr(ARMS[arm.arm], language)
        n: str = getattr(counted_in(BRANCHES, len(arm.rows)), language)
        if isinstance(arm.change, NotEstimable):
            why: str = getattr(reason(arm.change.code, arm.change.values), language)
            found = [f"{name}: {n}; " + getattr(LABELS["ranking_none"], language).format(reason=why)]
        else:
            found = [_arm_head(arm.change, told, name, n, language, level)]
        for own, row in enumerate(arm.rows.tolist()[:LISTED]):
            found.append(_row_line(ranking, arm, own, row, told, language))
        if len(arm.rows) > LISTED:
            more: str = getattr(counted_in(BRANCHES, len(arm.rows) - LISTED), language)
            found.append(getattr(LABELS["ranking_more"], language).format(n=more))
        return found


def part_of(observations: Observations, analysis: Analysis) -> RankingPart:
    """Compare the branches of a pilot.

    Parameters
    ----------
    observations, analysis : what was analysed, and with which result
    """
    effect = analysis.effect
    if isinstance(effect, NotEstimable) and effect.code == "too_many_zeros":
        return RankingPart(effect, analysis.plan)  # logarithms tell no more of single branches than of all
    return RankingPart(rank_branches(observations, analysis.plan), analysis.plan)


def _spread(compared: Comparison, told: Told) -> dict[str, Any]:
    """Centre as told; variances on the analysis scale."""
    spread = compared.heterogeneity
    return {
        "centre": float(told.change(np.array(spread.centre))),
        "tau_squared": spread.tau_squared,
        "tau_squared_confidence_interval": [_finite(spread.low), _finite(spread.high)],
        "i_squared_percent": spread.i_squared,
        "q": {"statistic": spread.q, "df": spread.df, "pvalue": spread.pvalue},
        "funnel": {
            "centre": float(told.change(np.array(compared.funnel.centre))),
            "tau_squared": compared.funnel.tau_squared,
        },
    }


def _equal_spread(spread: SpreadTest | NotEstimable | None) -> dict[str, Any] | None:
    if not isinstance(spread, SpreadTest):
        return None
    return {"statistic": spread.statistic, "df": list(spread.df), "pvalue": spread.pvalue}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _raw(ranking: Ranking, row: int, told: Told) -> dict[str, Any]:
    changes = ranking.changes
    before, after = (float(told.mean(np.array(mean))) for mean in changes.mean[row])
    n = changes.n[row]
    return {
        "branch": changes.branches[row],
        "n": {"before": int(n[0]), "after": int(n[1])},
        "before": before,
        "after": after,
        "change": float(told.change(np.array(changes.change[row]))),
        "confidence_interval": told.ends(changes.low[row], changes.high[row]),
    }


def _position(compared: Comparison, own: int, told: Told) -> dict[str, Any]:
    shrunken = compared.shrunken
    return {
        "shrunken": float(told.change(np.array(shrunken.estimate[own]))),
        "shrunken_interval": told.ends(shrunken.low[own], shrunken.high[own]),
        "rank": {
            "mean": float(compared.ranks.mean[own]),
            "interval": [int(compared.ranks.low[own]), int(compared.ranks.high[own])],
        },
        "adjusted_pvalue": float(compared.adjusted_pvalue[own]),
        "funnel": compared.funnel.outside[own] or None,
    }


def _arm_head(compared: Comparison, told: Told, name: str, n: str, language: Language, level: str) -> str:
    spread = compared.heterogeneity
    centre = number(float(told.change(np.array(spread.centre))), 2, language, sign=True)
    if told.change is not _same:
        share = percent(spread.i_squared, 0, language)
        text: str = getattr(LABELS["ranking_arm_logs"], language)
        return text.format(arm=name, n=n, centre=centre, i_squared=share)
    text = getattr(LABELS["ranking_arm"], language)
    tau, low, high = (
        number(float(np.sqrt(part)), 2, language) for part in (spread.tau_squared, spread.low, spread.high)
    )
    return text.format(arm=name, n=n, centre=centre, spread=tau, level=level, low=low, high=high)


def _row_line(ranking: Ranking, arm: ArmCompared, own: int, row: int, told: Told, language: Language) -> str:
    one = _raw(ranking, row, told)
    digits = RATE_DIGITS if told.unit == "rate_percent" else 2

    def between(ends: list[float]) -> str:
        return interval(ends[0], ends[1], 2, language, sign=True)

    cells = [
        str(one["branch"]),
        f"{number(one['n']['before'], 0, language)}, {number(one['n']['after'], 0, language)}",
        f"{number(one['before'], digits, language)} → {number(one['after'], digits, language)}",
        f"{number(one['change'], 2, language, sign=True)} ({between(one['confidence_interval'])})",
    ]
    if isinstance(arm.change, Comparison):
        at = _position(arm.change, own, told)
        low, high = at["rank"]["interval"]
        beyond = "" if at["funnel"] is None else "ranking_beyond_" + at["funnel"].replace(".", "")
        cells += [
            f"{number(at['shrunken'], 2, language, sign=True)} ({between(at['shrunken_interval'])})",
            f"{low}–{high}",
            getattr(LABELS[beyond], language) if beyond else "",
        ]
    return " | ".join(cells)
