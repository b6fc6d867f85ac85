"""What could make an effect look larger, smaller or other than it is, each with a number from the data.

A threat is `fine`, `look` or `serious` by a rule stated beside its function, or not checked, with the reason;
nothing is passed over in silence. The limits are conventions: they say where to look, not what is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, BEFORE, Labels, Observations
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.auditors import negative_control
from pilot_eval.stats.baseline import standardised_difference
from pilot_eval.stats.cells import Cells, observed_cells
from pilot_eval.stats.flow import in_either_period
from pilot_eval.stats.lee_bounds import bounds_of_missing_branches
from pilot_eval.stats.parallel_trends import parallel_trends
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable, significance
from pilot_eval.stats.weeks import DAYS_OF_WEEK, FIRST_MONDAY

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Values = Mapping[str, float | int | str]

TWO_PERIODS = ("before_after", "difference_in_differences")
LATE_DAYS = 2  # a row entered more days after the visit is late
ORDER = ("fine", "look", "serious")
SCORE_TOP = 100.0  # of a checklist
NEARLY_ALL = 0.9  # share of yes before training that leaves little room
# Limits: from the first on a threat deserves a look, from the second on it is serious.
STANDARDISED = (0.25, 0.5)  # standard deviations between the arms before
SHARE_OF_EFFECT = (0.25, 0.5)  # of the effect that regression to the mean could be
VARIATION = (0.1, 0.2)  # total variation distance between two mixes
UNPAIRED = (0.05, 0.2)  # share of an arm's branches not seen in both periods
UNPAIRED_DIFFERENCE = (0.05, 0.1)  # between the arms
LATE = (0.05, 0.2)  # share of rows entered late
AT_TOP = (0.1, 0.25)  # share of rows at the best value there is
EXPOSURE = (math.log(1.2), math.log(1.5))  # between the arms' changes of exposure


@dataclass(frozen=True, slots=True)
class Threat:
    """One threat.

    Parameters
    ----------
    code : which one
    severity : fine, look, serious or not_checked
    values : its numbers, for its sentence
    reason : why it was not checked
    """

    code: str
    severity: str
    values: Values = field(default_factory=dict)
    reason: NotEstimable | None = None


def threats_to(observations: Observations, analysis: Analysis) -> tuple[Threat, ...]:
    """Look at every threat that the design names.

    Parameters
    ----------
    observations, analysis : what was analysed, and with which result
    """
    found = []
    for code, look in THREATS.items():
        answer = look(observations, analysis)
        if isinstance(answer, NotEstimable):
            found.append(Threat(code, "not_checked", reason=answer))
        else:
            severity, values = answer
            found.append(Threat(code, severity, values))
    return tuple(found)


Answer = tuple[str, Values] | NotEstimable


def severity_of(value: float, limits: tuple[float, float]) -> str:
    """Fine below the first limit, serious from the second on."""
    return "fine" if value < limits[0] else "look" if value < limits[1] else "serious"


def _worst(*severities: str) -> str:
    return max(severities, key=ORDER.index)


def _lacking(observations: Observations, plan: AnalysisPlan) -> NotEstimable | None:
    """Why means of branches before and after cannot be looked at."""
    if plan.design not in TWO_PERIODS or observations.censored is not None:
        return NotEstimable("not_for_this_design")
    return NotEstimable("not_for_this_kind") if plan.kind == "rate" else None


def _allocation(observations: Observations, analysis: Analysis) -> Answer:
    """Serious where branches were chosen, a look where nothing is known of it."""
    plan = analysis.plan
    if not plan.with_comparison:
        return NotEstimable("no_comparison_arm")
    if plan.allocation is None:
        return "look", {"how": "unknown"}
    return ("fine" if plan.allocation == "random" else "serious"), {"how": plan.allocation}


def _baseline_difference(observations: Observations, analysis: Analysis) -> Answer:
    """Standardised difference of branch means before training; chance only where branches were drawn."""
    plan = analysis.plan
    lacking = _lacking(observations, plan)
    if lacking is not None:
        return lacking
    if not plan.with_comparison:
        return NotEstimable("no_comparison_arm")
    cells, trained = _used(observations, analysis)
    early = cells.mean[:, 0]
    standardised = standardised_difference(early[trained].tolist(), early[~trained].tolist())
    if standardised is None:
        return NotEstimable("few_to_compare")
    severity = severity_of(abs(standardised), STANDARDISED)
    if plan.allocation == "random":
        severity = min(severity, "look", key=ORDER.index)
    difference = float(early[trained].mean() - early[~trained].mean())
    return severity, {"difference": _told(difference, plan), "standardised": standardised}


def _regression_to_mean(observations: Observations, analysis: Analysis) -> Answer:
    """What of the effect the difference before would have made by itself.

    A branch that stood high by chance falls back: of a difference d before, (1 - b) d is expected to vanish,
    b being the slope of branch means after on before within the arms. It is a threat where arms were chosen
    by their results: serious only there, at most a look where the choice is not known. Where they were drawn,
    or differ for lasting reasons, nothing falls back on average.

    References
    ----------
    Barnett, van der Pols & Dobson 2005, International Journal of Epidemiology 34(1); Daw & Hatfield 2018,
    Health Services Research 53(6).
    """
    plan = analysis.plan
    lacking = _lacking(observations, plan)
    if lacking is not None:
        return lacking
    if not plan.with_comparison:
        return NotEstimable("no_comparison_arm")
    cells, trained = _used(observations, analysis)
    if trained.all() or not trained.any():
        return NotEstimable("few_to_compare")
    stability = slope_within_arms(cells.mean, trained)
    if isinstance(stability, NotEstimable):
        return stability
    early = cells.mean[:, 0]
    expected = -(1.0 - stability) * float(early[trained].mean() - early[~trained].mean())
    effect = math.nan if isinstance(analysis.effect, NotEstimable) else analysis.effect.estimate
    share = abs(expected / effect) if effect and not math.isnan(effect) else math.inf
    severity = severity_of(share, SHARE_OF_EFFECT)
    most = {"random": "fine", "chosen": "serious"}.get(plan.allocation or "", "look")
    severity = min(severity, most, key=ORDER.index)
    return severity, {"expected": _told(expected, plan), "stability": stability}


def slope_within_arms(mean: Floats, trained: NDArray[np.bool_]) -> float | NotEstimable:
    """Slope of branch means after on before within arms, not below 0 nor above 1.

    Parameters
    ----------
    mean : (G, 2) means before and after
    trained : (G,) arm
    """
    early, late = mean[:, 0].copy(), mean[:, 1].copy()
    for arm in (True, False):
        own = trained == arm
        early[own] -= early[own].mean() if own.any() else 0.0
        late[own] -= late[own].mean() if own.any() else 0.0
    spread = float(early @ early)
    if len(mean) < 4 or spread <= 0.0:
        return NotEstimable("few_to_compare")
    return float(np.clip((early @ late) / spread, 0.0, 1.0))


def _mix(column: str) -> Callable[[Observations, Analysis], Answer]:
    """How differently a column is spread over the rows before and after, in each arm.

    Total variation distance: the share of rows that would have to change their label. Small samples differ by
    chance; a distance of less than twice what chance makes of it is fine.
    """

    def look(observations: Observations, analysis: Analysis) -> Answer:
        codes = _codes(observations, column)
        if codes is None:
            return NotEstimable("no_column", {"column": "date" if column == "weekday" else column})
        if analysis.plan.design not in TWO_PERIODS:
            return NotEstimable("not_for_this_design")
        arms: dict[str, float | int | str] = {}
        severities = []
        for arm in ("trained", "comparison") if analysis.plan.with_comparison else ("trained",):
            rows = in_either_period(observations) & (codes >= 0)
            rows &= observations.trained[observations.branch] == (arm == "trained")
            late = observations.period[rows] == AFTER
            if not (late.any() and (~late).any()):
                return NotEstimable("few_to_compare")
            own = codes[rows]
            distance, chance = total_variation(own[~late], own[late])
            arms[f"{arm}_share"], arms[f"{arm}_chance_share"] = 100.0 * distance, 100.0 * chance
            severities.append(_of_distance(distance, chance))
        return _worst(*severities), arms

    return look


def _of_distance(distance: float, chance: float) -> str:
    return "fine" if distance < 2.0 * chance else severity_of(distance, VARIATION)


def _codes(observations: Observations, column: str) -> Codes | None:
    if column == "weekday":
        if observations.date is None:
            return None
        days = (observations.date - FIRST_MONDAY).astype(np.int64) % DAYS_OF_WEEK
        return np.where(np.isnat(observations.date), -1, days).astype(np.intp)
    labels: Labels | None = getattr(observations, column)
    return None if labels is None else labels.codes


def total_variation(one: Codes, other: Codes) -> tuple[float, float]:
    """Half the sum of absolute differences of shares, and about what chance alone would make of it.

    Parameters
    ----------
    one, other : codes of two samples of rows
    """
    labels = int(max(one.max(), other.max())) + 1
    shares = [np.bincount(codes, minlength=labels) / len(codes) for codes in (one, other)]
    pooled = np.bincount(np.concatenate([one, other]), minlength=labels) / (len(one) + len(other))
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / len(one) + 1.0 / len(other)))
    distance = 0.5 * float(np.abs(shares[1] - shares[0]).sum())
    return distance, 0.5 * math.sqrt(2.0 / math.pi) * float(
        error.sum()
    )  # a normal's mean |z| is sqrt(2 / pi)


def _missing_branches(observations: Observations, analysis: Analysis) -> Answer:
    """Branches not seen in both periods, and the effect under the worst and the best of what is missing."""
    plan, flow = analysis.plan, analysis.flow
    if plan.design not in TWO_PERIODS:
        return NotEstimable("not_for_this_design")
    counts = {"trained": (flow.trained, len(flow.unpaired_trained))}
    if plan.with_comparison:
        counts["comparison"] = (flow.comparison, len(flow.unpaired_comparison))
    shares = {arm: lost / max(seen + lost, 1) for arm, (seen, lost) in counts.items()}
    severity = severity_of(max(shares.values()), UNPAIRED)
    if plan.with_comparison:
        apart = abs(shares["trained"] - shares["comparison"])
        severity = _worst(severity, severity_of(apart, UNPAIRED_DIFFERENCE))
    values: dict[str, float | int | str] = {f"{arm}_share": 100.0 * share for arm, share in shares.items()}
    if severity != "fine" and _lacking(observations, plan) is None and plan.with_comparison:
        bounds = bounds_of_missing_branches(observations, plan)
        if not isinstance(bounds, NotEstimable):
            ends = bounds.confidence_interval(plan.level)
            values |= {"low": _told(bounds.low, plan), "high": _told(bounds.high, plan)}
            if ends.low is not None and ends.high is not None:
                values |= {"interval_low": _told(ends.low, plan), "interval_high": _told(ends.high, plan)}
    return severity, values


def _season(observations: Observations, analysis: Analysis) -> Answer:
    """Without comparison branches: rows after whose calendar month was not seen before.

    With them, how differently the arms were visited over the months of each period.
    """
    if observations.date is None:
        return NotEstimable("no_column", {"column": "date"})
    if analysis.plan.design not in TWO_PERIODS:
        return NotEstimable("not_for_this_design")
    rows = in_either_period(observations) & ~np.isnat(observations.date)
    months = observations.date.astype("datetime64[M]").astype(np.int64)
    late = observations.period == AFTER
    trained = observations.trained[observations.branch]
    if not analysis.plan.with_comparison:
        early_months = np.unique(months[rows & trained & ~late] % 12)
        after = months[rows & trained & late] % 12
        if not len(after) or not len(early_months):
            return NotEstimable("few_to_compare")
        unseen = float(np.mean(~np.isin(after, early_months)))
        return ("fine" if unseen == 0.0 else "serious"), {"unseen_share": 100.0 * unseen}
    distances = []
    for period in (False, True):
        own = rows & (late == period)
        if not (trained[own].any() and (~trained[own]).any()):
            return NotEstimable("few_to_compare")
        codes = months[own] - months[own].min()
        distances.append(total_variation(codes[trained[own]], codes[~trained[own]]))
    before, after = (100.0 * distance for distance, _ in distances)
    return _worst(*(_of_distance(*one) for one in distances)), {"before_share": before, "after_share": after}


def _parallel_trends(observations: Observations, analysis: Analysis) -> Answer:
    """Joint test of the periods before training; a pass with little power is no pass."""
    plan = analysis.plan
    if not plan.with_comparison:
        return NotEstimable("no_comparison_arm")
    if plan.kind == "rate" or observations.censored is not None:
        return NotEstimable("not_for_this_kind")
    found = parallel_trends(observations, replace(plan, time_unit=plan.time_unit or _own_unit(observations)))
    if isinstance(found, NotEstimable):
        return found
    values: dict[str, float | int | str] = {
        "periods": len(found.event_time),
        "pvalue_share": 100.0 * found.test.pvalue,
        "power_share": 100.0 * found.test.power,
    }
    if found.breakdown_ratio is not None:
        values["breakdown"] = found.breakdown_ratio
    if found.test.pvalue <= significance(plan.level):
        return "serious", values
    return ("fine" if found.test.power >= 0.8 else "look"), values


def _own_unit(observations: Observations) -> str | None:
    """Months where days are finer than months: a day by itself holds few branches."""
    if observations.date is None:
        return None
    days = np.unique(observations.date[~np.isnat(observations.date)])
    return "month" if len(days) > len(np.unique(days.astype("datetime64[M]"))) else None


def _late_entries(observations: Observations, analysis: Analysis) -> Answer:
    """Rows entered more than two days after the visit; any entered before it are serious."""
    if observations.entered is None or observations.date is None:
        column = "entered" if observations.entered is None else "date"
        return NotEstimable("no_column", {"column": column})
    delay = observations.entered - observations.date
    known = ~np.isnat(delay)
    if not known.any():
        return NotEstimable("few_to_compare")
    days = delay[known].astype(np.int64)
    late, early = float(np.mean(days > LATE_DAYS)), int(np.sum(days < 0))
    severity = "serious" if early else severity_of(late, LATE)
    return severity, {
        "late_share": 100.0 * late,
        "days": LATE_DAYS,
        "early": early,
        "longest": int(days.max()),
    }


def _auditors(observations: Observations, analysis: Analysis) -> Answer:
    """Serious where no auditor visited both arms, or both periods; a look where fewer than half did."""
    labels = observations.auditor
    if labels is None:
        return NotEstimable("no_column", {"column": "auditor"})
    if analysis.plan.design not in TWO_PERIODS:
        return NotEstimable("not_for_this_design")
    rows = in_either_period(observations) & (labels.codes >= 0)
    if not rows.any():
        return NotEstimable("few_to_compare")
    trained = observations.trained[observations.branch]
    late = observations.period == AFTER

    def seen(chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.asarray(np.bincount(labels.codes[rows & chosen], minlength=len(labels.names)) > 0)

    there = int(seen(np.ones_like(late)).sum())
    both_periods = int((seen(late & trained) & seen(~late & trained)).sum())
    values: dict[str, float | int | str] = {"auditors": there, "both_periods": both_periods}
    shared = [both_periods]
    if analysis.plan.with_comparison:
        values["both_arms"] = int((seen(trained) & seen(~trained)).sum())
        shared.append(int(values["both_arms"]))
    severity = "serious" if min(shared) == 0 else "look" if min(shared) < 0.5 * there else "fine"
    return ("fine" if there == 1 else severity), values


def _ceiling(observations: Observations, analysis: Analysis) -> Answer:
    """Rows at the best value there is: branches there cannot show an improvement."""
    plan = analysis.plan
    if plan.kind not in ("score", "proportion"):
        return NotEstimable("not_for_this_kind")
    if plan.design not in TWO_PERIODS:
        return NotEstimable("not_for_this_design")
    value = observations.value
    rows = in_either_period(observations) & observations.trained[observations.branch]
    before, after = (rows & (observations.period == period) for period in (BEFORE, AFTER))
    if not (before.any() and after.any()):
        return NotEstimable("few_to_compare")
    top = _best_value(value[rows], plan)
    shares = [float(np.mean(value[own] == top)) for own in (before, after)]
    if plan.kind == "proportion":
        severity = "serious" if shares[0] >= NEARLY_ALL else "fine"
    else:
        severity = severity_of(max(shares), AT_TOP)
    return severity, {"best": top, "before_share": 100.0 * shares[0], "after_share": 100.0 * shares[1]}


def _best_value(value: Floats, plan: AnalysisPlan) -> float:
    if plan.kind == "proportion":
        return 1.0 if plan.sign > 0 else 0.0
    if plan.sign < 0:
        return min(0.0, float(value.min()))
    highest = float(value.max())
    return max(highest, SCORE_TOP) if float(value.min()) >= 0.0 and highest <= SCORE_TOP else highest


def _facility_items(observations: Observations, analysis: Analysis) -> Answer:
    """Items that training cannot move: where they move, something else did."""
    if not analysis.plan.facility:
        return NotEstimable("no_facility_items")
    found = negative_control(observations, analysis.plan)
    if isinstance(found, NotEstimable):
        return found
    effect = found.analysis.effect
    if isinstance(effect, NotEstimable):
        return effect
    values: Values = {
        "items": ", ".join(found.items),
        "moved": effect.estimate,
        "pvalue_share": 100.0 * effect.pvalue,
    }
    return ("serious" if found.moved else "fine"), values


def _exposure(observations: Observations, analysis: Analysis) -> Answer:
    """How differently the exposure of the arms changed: a rate per item is not the same with other items."""
    if observations.exposure is None:
        return NotEstimable("not_for_this_kind")
    if analysis.plan.design not in TWO_PERIODS:
        return NotEstimable("not_for_this_design")
    used = analysis.flow.used[observations.branch] & in_either_period(observations)
    used &= ~np.isnan(observations.exposure)
    ratios: dict[str, float] = {}
    for arm in ("trained", "comparison") if analysis.plan.with_comparison else ("trained",):
        own = used & (observations.trained[observations.branch] == (arm == "trained"))
        totals = [
            float(observations.exposure[own & (observations.period == p)].sum()) for p in (BEFORE, AFTER)
        ]
        if min(totals) <= 0.0:
            return NotEstimable("few_to_compare")
        ratios[arm] = totals[1] / totals[0]
    apart = abs(math.log(ratios["trained"] / ratios.get("comparison", 1.0)))
    values: Values = {f"{arm}_change_share": 100.0 * (ratio - 1.0) for arm, ratio in ratios.items()}
    return severity_of(apart, EXPOSURE), values


def _used(observations: Observations, analysis: Analysis) -> tuple[Cells, NDArray[np.bool_]]:
    used = analysis.flow.used
    cells = observed_cells(observations, analysis.plan.measure.values).take(used)
    return cells, observations.trained[used]


def _told(value: float, plan: AnalysisPlan) -> float:
    """A difference as it is told: per cent of time for durations."""
    return 100.0 * math.expm1(value) if plan.measure.scale == "log_ratio" else value


def serious_first(threats: tuple[Threat, ...]) -> Iterator[Threat]:
    """In the order in which they are read."""
    for severity in ("serious", "look", "fine", "not_checked"):
        yield from (threat for threat in threats if threat.severity == severity)


THREATS: dict[str, Callable[[Observations, Analysis], Answer]] = {
    "allocation": _allocation,
    "baseline_difference": _baseline_difference,
    "regression_to_mean": _regression_to_mean,
    "mix_operation": _mix("operation"),
    "mix_daypart": _mix("daypart"),
    "mix_weekday": _mix("weekday"),
    "missing_branches": _missing_branches,
    "season": _season,
    "parallel_trends": _parallel_trends,
    "late_entries": _late_entries,
    "auditors": _auditors,
    "ceiling": _ceiling,
    "facility_items": _facility_items,
    "exposure": _exposure,
}
