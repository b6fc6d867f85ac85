"""The effect of training adjusted for covariates, strata and the level before, by regressions.

One shape serves all of them: regressors that know nothing of the arm, and regressors multiplied by the arm,
the last of which carries the effect.

    changes of branches    change ~ strata + covariates + trained
    analysis of covariance after ~ strata + before + covariates + trained
    rows                   value ~ strata + strata x after + covariates + trained + trained x after
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.cells import sum_cells
from pilot_eval.stats.cluster_robust import LeastSquares, least_squares
from pilot_eval.stats.contrasts import LEVERAGE_LIMIT, SPREAD_LIMIT
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

UNCHANGED = 1e-9  # of its own spread: a covariate that changes by less stands still


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of G branches seen before and after, in an order that does not depend on the branches' names.

    Parameters
    ----------
    branch : (n,) 0 to G - 1, sorted
    after : (n,) 0 or 1
    value : (n,) the outcome on the scale of the analysis
    covariates : (n, p)
    trained : (G,)
    stratum : (G,) codes 0 to S - 1, every stratum with branches of both arms; zeros where there is one
    """

    branch: Codes
    after: Codes
    value: Floats
    covariates: Floats
    trained: NDArray[np.bool_]
    stratum: Codes

    @classmethod
    def of(
        cls,
        branch: Codes,
        after: Codes,
        value: Floats,
        covariates: Floats,
        trained: NDArray[np.bool_],
        stratum: Codes | None = None,
    ) -> Sample:
        """Put rows in canonical order: branches by stratum, arm, means and counts; rows by their values."""
        count = len(trained)
        strata = np.zeros(count, dtype=np.intp) if stratum is None else stratum
        cells = [
            sum_cells(branch, after, column, count, with_squares=False) for column in (value, *covariates.T)
        ]
        keys = [cells[0].n[:, 1], cells[0].n[:, 0]]
        for cell in cells[::-1]:
            keys += [cell.mean[:, 0], cell.mean[:, 1] - cell.mean[:, 0]]
        order = np.lexsort((*keys, trained, strata))
        rank = np.empty(count, dtype=np.intp)
        rank[order] = np.arange(count)
        rows = np.lexsort((*covariates.T, value, after, rank[branch]))
        return cls(
            branch=rank[branch][rows],
            after=after[rows],
            value=value[rows],
            covariates=covariates[rows],
            trained=trained[order],
            stratum=np.unique(strata[order], return_inverse=True)[1].astype(np.intp),
        )

    def means(self, column: Floats) -> Floats:
        """(G, 2) means of a column (n,) of rows, before and after."""
        return sum_cells(self.branch, self.after, column, len(self.trained), with_squares=False).mean

    def with_value(self, value: Floats) -> Sample:
        """The same rows with another outcome, in the same order."""
        return Sample(self.branch, self.after, value, self.covariates, self.trained, self.stratum)


@dataclass(frozen=True, slots=True)
class Adjuster:
    """A covariate, or the level before, among the regressors.

    Parameters
    ----------
    enters : as "before", "change", "level" or "value" of rows
    place : its position
    unit : by which it was divided
    """

    enters: str
    place: int
    unit: float


@dataclass(frozen=True, slots=True)
class TrainingRegression:
    """A regression whose last coefficient is the effect of training.

    Parameters
    ----------
    y : (n,) less its mean
    others : (n, q) regressors without the arm
    moderated : (n, t) regressors multiplied by the arm, the last giving the effect
    branch : (n,) 0 to G - 1
    trained, stratum : (G,)
    adjusters : of `others`, the level before first, then the covariates in their order
    """

    y: Floats
    others: Floats
    moderated: Floats
    branch: Codes
    trained: NDArray[np.bool_]
    stratum: Codes
    adjusters: tuple[Adjuster, ...]

    @property
    def regressors(self) -> Floats:
        """(n, q + t)."""
        return np.hstack([self.others, self.trained[self.branch, None] * self.moderated])

    @property
    def by_branch(self) -> bool:
        """Whether every branch is one row."""
        return len(self.y) == len(self.trained)


def regression_of_changes(sample: Sample) -> TrainingRegression:
    """The change of branches; a covariate enters by its change, or by its level where it stands still."""
    mean = sample.means(sample.value)
    columns = [_change_or_level(sample.means(column)) for column in sample.covariates.T]
    return _of_branches(sample, mean[:, 1] - mean[:, 0], columns)


def regression_of_after(sample: Sample) -> TrainingRegression:
    """Analysis of covariance: the mean after on the mean before; covariates enter by their level before."""
    mean = sample.means(sample.value)
    columns = [("level", sample.means(column)[:, 0]) for column in sample.covariates.T]
    return _of_branches(sample, mean[:, 1], [("before", mean[:, 0]), *columns])


def regression_of_rows(sample: Sample) -> TrainingRegression:
    """Every row counts once; each stratum has its own level and its own change.

    Without comparison branches the change itself is the effect.
    """
    dummies = _dummies(sample.stratum)[sample.branch]
    after = sample.after.astype(np.float64)
    alone = bool(sample.trained.all())
    levels = dummies if alone else np.hstack([dummies, dummies * after[:, None]])
    others, adjusters = _with_adjusters(levels, [("value", column) for column in sample.covariates.T])
    return TrainingRegression(
        y=_shifted(sample.value),
        others=others,
        moderated=after[:, None] if alone else np.column_stack([np.ones_like(after), after]),
        branch=sample.branch,
        trained=sample.trained,
        stratum=sample.stratum,
        adjusters=adjusters,
    )


def _of_branches(sample: Sample, y: Floats, columns: list[tuple[str, Floats]]) -> TrainingRegression:
    others, adjusters = _with_adjusters(_dummies(sample.stratum), columns)
    return TrainingRegression(
        y=_shifted(y),
        others=others,
        moderated=np.ones((len(y), 1)),
        branch=np.arange(len(y)),
        trained=sample.trained,
        stratum=sample.stratum,
        adjusters=adjusters,
    )


def _shifted(y: Floats) -> Floats:
    """y less its mean, which the levels of the strata take up: large means would cancel."""
    return np.asarray(y - y.mean())


def _dummies(codes: Codes) -> Floats:
    return np.asarray(codes[:, None] == np.arange(codes.max() + 1), dtype=np.float64)


def _with_adjusters(levels: Floats, columns: list[tuple[str, Floats]]) -> tuple[Floats, tuple[Adjuster, ...]]:
    """Regressors with covariates centred and of unit spread: no unit decides what is collinear."""
    found, adjusters = [levels], []
    for place, (enters, column) in enumerate(columns, start=levels.shape[1]):
        centred = column - column.mean()
        spread = float(np.sqrt(np.mean(centred**2)))
        still = spread <= UNCHANGED * float(np.abs(column).max())
        found.append(np.zeros((len(column), 1)) if still else centred[:, None] / spread)
        adjusters.append(Adjuster(enters, place, spread))
    return np.hstack(found), tuple(adjusters)


def _change_or_level(mean: Floats) -> tuple[str, Floats]:
    change = mean[:, 1] - mean[:, 0]
    still = float(np.abs(change).max()) <= UNCHANGED * float(np.abs(mean).max())
    return ("level", mean[:, 0]) if still else ("change", change)


@dataclass(frozen=True, slots=True)
class RegressionEffect(ByStudent):
    """An effect of training from a regression.

    Parameters
    ----------
    estimate : coefficient of the arm
    standard_error : CR2
    df : Satterthwaite degrees of freedom
    means : (2, 2) rows comparison, trained; columns before, after; their differences make the estimate
    counterfactual : mean after that the trained branches would have had without training
    covariance : (2, 2) of the effect and the counterfactual
    fit : the regression
    method : of the interval and the p-value
    """

    estimate: float
    standard_error: float
    df: float
    means: Floats
    counterfactual: float
    covariance: Floats = field(repr=False)
    fit: LeastSquares = field(repr=False)
    method: str = "cr2"


def effect_of_regression(
    regression: TrainingRegression, sample: Sample, *, same_start: bool = False
) -> RegressionEffect | NotEstimable:
    """Estimate the effect of training by a regression, with CR2 and Satterthwaite degrees of freedom.

    The counterfactual is the trained branches' mean after less the effect: what they would have had with
    their own covariates, strata and start. Its covariance with the effect comes from the branches'
    contributions to both.

    Parameters
    ----------
    regression : of the sample
    sample : rows behind it, for means
    same_start : tell comparison branches as if they had started where the trained ones did

    Returns
    -------
    RegressionEffect or NotEstimable
        `collinear_covariate` with its position; `same_level_before`; `arm_told_by_covariates`;
        `one_branch_decides` where the effect leans on a direction of the regressors that lives in one
        branch; `more_coefficients_than_branches`; `no_variation`.

    References
    ----------
    Pustejovsky & Tipton 2018, JBES 36(4); for covariates under random allocation Lin 2013, Annals of Applied
    Statistics 7(1).
    """
    count = len(regression.trained)
    X = regression.regressors
    if count <= X.shape[1] - (0 if regression.by_branch else 2):
        return NotEstimable("more_coefficients_than_branches", {"n": count, "need": X.shape[1] + 1})
    fit = least_squares(regression.y, X, regression.branch)
    if isinstance(fit, NotEstimable):
        return _told(fit, regression)
    tested = np.zeros(X.shape[1])
    tested[-1] = 1.0
    if _one_branch_decides(fit, tested):
        return NotEstimable("one_branch_decides", {"n": count})
    parts = fit.contributions(tested)
    error = float(np.sqrt(parts @ parts))
    if error <= SPREAD_LIMIT * max(float(np.abs(sample.value).max()), 1e-300):
        return NotEstimable("no_variation", {"n": count})
    estimate = float(fit.coefficients[-1])
    start, late, late_parts = _raw_means(sample, by_branch=regression.by_branch)
    expected = late - estimate
    pair = np.vstack([parts, late_parts - parts])
    first = start[1] if same_start else start[0]
    return RegressionEffect(
        estimate=estimate,
        standard_error=error,
        df=fit.satterthwaite(tested),
        means=np.array([[first, first + expected - start[1]], [start[1], late]]),
        counterfactual=expected,
        covariance=pair @ pair.T,
        fit=fit,
    )


def _told(reason: NotEstimable, regression: TrainingRegression) -> NotEstimable:
    """Name the covariate that others determine, where it is one."""
    if reason.code != "collinear":
        return reason
    told = {one.place: one.enters for one in regression.adjusters}
    covariates = [place for place, enters in told.items() if enters != "before"]
    place = int(reason.values["place"])
    if place in covariates:
        return NotEstimable("collinear_covariate", {"place": covariates.index(place)})
    if place in told:
        return NotEstimable("same_level_before", {"n": len(regression.trained)})
    return NotEstimable("arm_told_by_covariates", {"n": len(regression.trained)})


@dataclass(frozen=True, slots=True)
class Slope:
    """What one unit of a covariate, or of the level before, adds to the outcome.

    Parameters
    ----------
    enters : as in `Adjuster`
    coefficient, standard_error, df : by CR2
    """

    enters: str
    coefficient: float
    standard_error: float
    df: float


def slopes(regression: TrainingRegression, effect: RegressionEffect) -> tuple[Slope, ...]:
    """The slopes of a regression, the level before first, then the covariates in their order."""
    chosen = np.eye(len(effect.fit.coefficients))
    return tuple(
        Slope(
            one.enters,
            float(effect.fit.coefficients[one.place]) / one.unit,
            effect.fit.standard_error(chosen[one.place]) / one.unit,
            effect.fit.satterthwaite(chosen[one.place]),
        )
        for one in regression.adjusters
    )


def _one_branch_decides(fit: LeastSquares, tested: Floats) -> bool:
    """Whether the effect leans on a direction that lives in one branch: its residual there is always 0."""
    values, vectors = np.linalg.eigh(fit.overlap)
    weight = fit.root.T @ tested
    part = np.einsum("gij,i->gj", vectors, weight) ** 2
    return bool(np.any(part[values > LEVERAGE_LIMIT] > SPREAD_LIMIT * (weight @ weight)))


def _raw_means(sample: Sample, *, by_branch: bool) -> tuple[Floats, float, Floats]:
    """Means before of comparison (NaN without) and trained, trained mean after, contributions (G,) to it."""
    mean = sample.means(sample.value)
    count = np.ones_like(mean)
    if not by_branch:
        count = sum_cells(
            sample.branch, sample.after, sample.value, len(sample.trained), with_squares=False
        ).n
    share = count[:, 1] * sample.trained / count[sample.trained, 1].sum()
    late = float(share @ mean[:, 1])
    parts = share * (mean[:, 1] - late) / np.sqrt(1.0 - share)
    start = np.full(2, np.nan)
    for arm in (False, True):
        own = sample.trained == arm
        if own.any():
            start[int(arm)] = np.average(mean[own, 0], weights=count[own, 0])
    return start, late, parts
