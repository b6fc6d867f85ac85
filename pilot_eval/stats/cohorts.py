"""Branches trained at different dates: effects by cohort and period, and what they add up to.

Every cohort (branches trained in one period) is compared with the branches that are not trained yet; those
never trained within the data are among them. Branches already trained are never a comparison, which is what
makes the two-way fixed effects regression mislead.

Each effect is a difference of means of branch changes, and every summary is a weighted sum of effects, so
that it is a sum of independent means, one for each cohort. With the cohorts' sizes given, its variance is
estimated without bias by the variances within cohorts (Neyman's), and Student's t takes Satterthwaite's
degrees of freedom: with one cohort and two periods this is CR2 of the difference in differences. The standard
error of R's `did`, which divides by n instead of n - 1 and takes the cohorts' sizes as drawn at random,
stands beside it.

References
----------
Callaway & Sant'Anna 2021, Journal of Econometrics 225(2), theorem 1 (effects), section 3.1 (summaries);
Athey & Imbens 2022, Journal of Econometrics 226(1) (variance with cohorts given).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.branch_periods import BranchPeriods
from pilot_eval.stats.contrasts import SPREAD_LIMIT
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

FEWEST = 2  # trained, and comparison, branches behind one effect: one alone shows no spread
SUMMARIES = ("group", "simple", "dynamic", "calendar")


@dataclass(frozen=True, slots=True)
class CohortEffects:
    """Effects of K cohort-period cells, those that can be estimated.

    Parameters
    ----------
    panel : the branches, without those trained from the first period on
    cohort, period, base : (K,) periods: first trained, compared, compared with
    trained, comparison : (K,) branches behind each effect
    estimate : (K,)
    means : (K, 2, 2) rows comparison, trained; columns base, period; NaN as in `estimate`
    influence : (K, G) contribution of each branch to the effect about its cohort's mean, by n/(n-1) wider
    counterfactual : (K, G) contribution to what the trained would have had, trained base + comparison change
    plain : (K, G) contribution as in R's `did`: about the mean of all comparison branches, not widened
    lacking : cells without an effect: cohort, period, trained branches, comparison branches
    """

    panel: BranchPeriods
    cohort: Integers
    period: Integers
    base: Integers
    trained: Integers
    comparison: Integers
    estimate: Floats
    means: Floats
    influence: Floats = field(repr=False)
    counterfactual: Floats = field(repr=False)
    plain: Floats = field(repr=False)
    lacking: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def event_time(self) -> Integers:
        """(K,) periods since the first trained one; negative before training."""
        return self.period - self.cohort

    @property
    def post(self) -> NDArray[np.bool_]:
        """(K,) whether the cohort is trained in the period."""
        return np.asarray(self.period >= self.cohort)

    @property
    def size(self) -> Floats:
        """(K,) branches of each cell's cohort, whether seen in the cell or not."""
        of_cohort = self.panel.start[None, :] == self.cohort[:, None]
        return np.asarray(of_cohort.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Summary(ByStudent):
    """A weighted sum of cohort effects.

    Parameters
    ----------
    estimate : on the analysis scale
    standard_error : from the variances within cohorts
    df : Satterthwaite degrees of freedom, of branches independent and equally variable
    analytic_standard_error : of the influence function, as R's `did` prints it
    weight : (K,) of each cell
    influence : (G,) of which `standard_error` is the root of the sum of squares
    plain : (G,) of which `analytic_standard_error` is
    """

    estimate: float
    standard_error: float
    df: float
    analytic_standard_error: float
    weight: Floats = field(repr=False)
    influence: Floats = field(repr=False)
    plain: Floats = field(repr=False)
    method: str = "callaway_santanna"


def without_always_trained(panel: BranchPeriods) -> BranchPeriods:
    """The branches with a period before training; the others tell nothing of their effect."""
    return panel.take(panel.start > 0)


def cohorts_of(panel: BranchPeriods) -> list[int]:
    """First trained periods of the cohorts that someone untrained can be compared with, growing.

    As in R's `did` the last cohort is a comparison only where no branch stays untrained.
    """
    starts = sorted({int(start) for start in panel.start if start < panel.periods})
    return [start for start in starts if bool(np.any(panel.start > start))]


def compared_periods(panel: BranchPeriods) -> int:
    """How many periods have somebody untrained left: all, or those before the last cohort's training."""
    return min(max((int(start) for start in panel.start), default=0), panel.periods)


def cohort_effects(panel: BranchPeriods, *, universal: bool = False) -> CohortEffects:
    """Effects of every cohort in every period but its base, compared with branches not yet trained.

    A cell uses the branches seen both in its period and in its base, so that a missing visit costs one cell
    and not the branch. Cells with fewer than two trained or two comparison branches have no effect: a single
    branch shows no spread, and a standard error of 0 would be false.

    Parameters
    ----------
    panel : branches with a period before training, see `without_always_trained`
    universal : compare every period with the last before training; by default that is so from training on,
        and each earlier period is compared with the one before it, as R's `did` does
    """
    found, lacking = [], []
    for cohort in cohorts_of(panel):
        for period in range(compared_periods(panel)):
            base = cohort - 1 if universal or period >= cohort else period - 1
            if base < 0 or base == period:
                continue
            cell = _cell(panel, cohort, period, base)
            if isinstance(cell, _Cell):
                found.append(cell)
            else:
                lacking.append((cohort, period, *cell))
    branches = len(panel.start)

    def column(name: str) -> Integers:
        return np.array([getattr(cell, name) for cell in found], dtype=np.intp)

    def matrix(name: str, *shape: int) -> Floats:
        return np.array([getattr(cell, name) for cell in found]).reshape(len(found), *shape)

    return CohortEffects(
        panel=panel,
        cohort=column("cohort"),
        period=column("period"),
        base=column("base"),
        trained=column("trained"),
        comparison=column("comparison"),
        estimate=matrix("estimate"),
        means=matrix("means", 2, 2),
        influence=matrix("influence", branches),
        counterfactual=matrix("counterfactual", branches),
        plain=matrix("plain", branches),
        lacking=tuple(lacking),
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cohort in one period; the fields of `CohortEffects` in the singular."""

    cohort: int
    period: int
    base: int
    trained: int
    comparison: int
    estimate: float
    means: Floats
    influence: Floats
    counterfactual: Floats
    plain: Floats


def _cell(panel: BranchPeriods, cohort: int, period: int, base: int) -> _Cell | tuple[int, int]:
    """The effect in one cell, or how many trained and comparison branches it has where they are too few."""
    late, early = panel.mean[:, period], panel.mean[:, base]
    seen = ~np.isnan(late) & ~np.isnan(early)
    own = seen & (panel.start == cohort)
    others = seen & (panel.start > max(period, base)) & (panel.start != cohort)
    trained, comparison = int(own.sum()), int(others.sum())
    if min(trained, comparison) < FEWEST:
        return trained, comparison
    change = np.where(seen, late - early, 0.0)
    means = np.array([[values[rows].mean() for values in (early, late)] for rows in (others, own)])
    of_trained = np.where(own, change - change[own].mean(), 0.0) / trained
    of_comparison = np.where(others, change - change[others].mean(), 0.0) / comparison
    spread_of_comparison = _within_cohorts(change, others, panel.start) / comparison
    start = np.where(own, early - means[1, 0], 0.0) / trained
    widened = np.sqrt(trained / (trained - 1))
    return _Cell(
        cohort=cohort,
        period=period,
        base=base,
        trained=trained,
        comparison=comparison,
        estimate=float(change[own].mean() - change[others].mean()),
        means=means,
        influence=widened * of_trained - spread_of_comparison,
        counterfactual=widened * start + spread_of_comparison,
        plain=of_trained - of_comparison,
    )


def _within_cohorts(change: Floats, rows: NDArray[np.bool_], start: Integers) -> Floats:
    """(G,) deviations of chosen branches from their cohort's mean, widened by the root of n/(n-1).

    Cohorts of which one branch is chosen have no spread of their own: those deviate from the mean of all.
    """
    cohort = np.unique(start, return_inverse=True)[1]
    n = np.bincount(cohort[rows], minlength=int(cohort.max()) + 1).astype(np.float64)
    sums = np.bincount(cohort[rows], weights=change[rows], minlength=len(n))
    alone = n[cohort] == 1
    count = np.where(alone, n.sum(), n[cohort])
    total = np.where(alone, sums.sum(), sums[cohort])
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = (change - total / count) * np.sqrt(count / (count - 1.0))
    return np.where(rows, deviation, 0.0)


def summarise(effects: CohortEffects, weight: Floats, of_weights: Floats | float = 0.0) -> Summary:
    """A weighted sum of cohort effects with its uncertainty.

    Parameters
    ----------
    effects : K cells
    weight : (K,)
    of_weights : (G,) what each branch adds through its cohort's size, for the standard error of `did`
    """
    influence, plain = weight @ effects.influence, weight @ effects.plain + of_weights
    return Summary(
        estimate=float(weight @ effects.estimate),
        standard_error=float(np.sqrt(np.sum(influence**2))),
        df=degrees_of_freedom(effects, weight),
        analytic_standard_error=float(np.sqrt(np.sum(plain**2))),
        weight=weight,
        influence=influence,
        plain=plain,
    )


def without_spread(effects: CohortEffects, summary: Summary) -> NotEstimable | None:
    """Why nothing tells how sure a summary is: branches do not differ."""
    size = max(float(np.nanmax(np.abs(effects.panel.mean))), 1e-300)
    if summary.standard_error > SPREAD_LIMIT * size:
        return None
    return NotEstimable("no_variation", {"n": len(effects.panel.start)})


def degrees_of_freedom(effects: CohortEffects, weight: Floats) -> float:
    """Satterthwaite degrees of freedom of the variance within cohorts, under branches equally variable.

    A branch whose means enter with weights b adds |b|^2 to the variance. Cohort c of n_c branches estimates
    its part q_c with n_c - 1 degrees of freedom, and df = (sum q)^2 / sum(q_c^2 / (n_c - 1)); where branches
    of a cohort miss different periods n_c is how many equal ones they are worth, (sum |b|^2)^2 / sum |b|^4,
    at least two.
    """
    part = np.sum(weights_of_means(effects, weight) ** 2, axis=1)
    size = np.bincount(effects.panel.start)[effects.panel.start]
    group = np.where(size == 1, -1, effects.panel.start)
    below = 0.0
    for code in np.unique(group):
        own = part[group == code]
        if not own.any():
            continue
        count = float(own.sum() ** 2 / np.sum(own**2))
        below += float(own.sum() ** 2) / (count if code < 0 else max(count - 1.0, 1.0))
    return float(part.sum() ** 2 / below)


def weights_of_means(effects: CohortEffects, weight: Floats) -> Floats:
    """(G, T) weights with which branch-period means make a weighted sum of effects."""
    panel = effects.panel
    seen = ~np.isnan(panel.mean)
    total = np.zeros(panel.mean.shape)
    for k in np.flatnonzero(weight):
        cohort, period, base = int(effects.cohort[k]), int(effects.period[k]), int(effects.base[k])
        both = seen[:, period] & seen[:, base]
        own = both & (panel.start == cohort)
        others = both & (panel.start > max(period, base)) & (panel.start != cohort)
        change = weight[k] * (own / effects.trained[k] - others / effects.comparison[k])
        total[:, period] += change
        total[:, base] -= change
    return total


def overall_effect(effects: CohortEffects, summary: str = "group") -> Summary | NotEstimable:
    """One number for all cohorts and periods after training.

    Parameters
    ----------
    effects : of every cohort in every period
    summary : "group", the mean over periods of each cohort, then over cohorts by their size; "simple", over
        all cells by their cohort's size; "dynamic", the mean over event times from 0 on; "calendar", over
        periods
    """
    if not effects.post.any():
        return NotEstimable("no_cohort_to_compare", {"need": FEWEST})
    if summary == "group":
        parts = [effects.post & (effects.cohort == cohort) for cohort in _distinct(effects.cohort, effects)]
        sizes = np.array([effects.size[rows][0] for rows in parts])
        weight = sum(n / sizes.sum() * _even(rows) for n, rows in zip(sizes, parts, strict=True))
        return summarise(effects, np.asarray(weight), _of_sizes(effects, parts, sizes))
    if summary == "simple":
        return _by_size(effects, effects.post)
    of = {"dynamic": effects.event_time, "calendar": effects.period}[summary]
    each = [_by_size(effects, effects.post & (of == code)) for code in _distinct(of, effects)]
    return summarise(
        effects,
        np.mean([one.weight for one in each], axis=0),
        np.mean([one.plain - one.weight @ effects.plain for one in each], axis=0),
    )


def effect_of_cohort(effects: CohortEffects, cohort: int) -> Summary | NotEstimable:
    """Mean over the periods from training on of one cohort's effects."""
    rows = effects.post & (effects.cohort == cohort)
    if not rows.any():
        return NotEstimable("cohort_without_comparison", {"need": FEWEST})
    return summarise(effects, _even(rows))


def effect_at(effects: CohortEffects, event_time: int) -> Summary:
    """Effects of all cohorts so many periods after (before) training began, by their size."""
    return _by_size(effects, effects.event_time == event_time)


def _by_size(effects: CohortEffects, rows: NDArray[np.bool_]) -> Summary:
    sizes = np.where(rows, effects.size, 0.0)
    weight = sizes / sizes.sum()
    return summarise(
        effects, weight, _of_sizes(effects, [_only(rows, int(k)) for k in np.flatnonzero(rows)], sizes[rows])
    )


def _of_sizes(effects: CohortEffects, parts: list[NDArray[np.bool_]], sizes: Floats) -> Floats:
    """(G,) influence of the cohorts' shares, were they drawn at random: who is in a cohort with more "
    "effect."""
    own = np.array([_even(rows) @ effects.estimate for rows in parts])
    excess = (own - sizes @ own / sizes.sum()) / sizes.sum()
    cohorts = np.array([effects.cohort[rows][0] for rows in parts])
    return np.asarray((effects.panel.start[:, None] == cohorts[None, :]) @ excess)


def _even(rows: NDArray[np.bool_]) -> Floats:
    return np.asarray(rows / rows.sum())


def _only(rows: NDArray[np.bool_], k: int) -> NDArray[np.bool_]:
    one = np.zeros_like(rows)
    one[k] = True
    return one


def _distinct(codes: Integers, effects: CohortEffects) -> list[int]:
    return sorted({int(code) for code in codes[effects.post]})
