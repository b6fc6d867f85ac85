"""Whether the items of a checklist measure one thing: one-factor model, McDonald's omega, Cronbach's alpha.

Items are compared among visits to the same branch in the same period, so that differences between branches
and the effect of training make no item look reliable.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

FEWEST_ITEMS = 3  # a one-factor model of two items has no unique answer
VISITS_PER_ITEM = 2  # degrees of freedom of each covariance, per item; and at least FEWEST_VISITS
FEWEST_VISITS = 20
LEAST_UNIQUE = 0.005  # share of an item's variance that stays its own, as in R's factanal
CONSTANT = 1e-12  # of the largest square: a variance this small is rounding
POSITIVE = 1e-8  # smallest eigenvalue of the correlations


@dataclass(frozen=True, slots=True)
class WithinCells:
    """Covariance of k items within cells, each pair over the rows that have both.

    Parameters
    ----------
    covariance : (k, k)
    df : (k, k) rows less cells behind each covariance
    """

    covariance: Floats
    df: Floats

    @property
    def varying(self) -> NDArray[np.bool_]:
        """(k,) whether an item varies within cells at all."""
        return np.asarray(np.diag(self.covariance) > 0.0)


@dataclass(frozen=True, slots=True)
class OneFactor:
    """One-factor model of k items by maximum likelihood.

    Parameters
    ----------
    loading : (k,) on the items' own scale; their sum is not negative
    uniqueness : (k,) variance of each item's own part
    at_bound : (k,) whether an item's own part is held at its least share (a Heywood case)
    residual : root mean square of the correlations that the factor leaves unexplained
    """

    loading: Floats = field(repr=False)
    uniqueness: Floats = field(repr=False)
    at_bound: NDArray[np.bool_] = field(repr=False)
    residual: float


@dataclass(frozen=True, slots=True)
class Consistency:
    """Reliability of the sum of k items.

    Parameters
    ----------
    omega : McDonald's omega total of the one-factor model
    cronbach : Cronbach's alpha of the same covariances
    items : (k,) which of the given items were used; the others do not vary within cells
    factor : the model
    df : fewest degrees of freedom behind a covariance
    """

    omega: float
    cronbach: float
    items: NDArray[np.bool_] = field(repr=False)
    factor: OneFactor
    df: int


def consistency(cell: Codes, values: Floats) -> Consistency | NotEstimable:
    """Omega and alpha of items within cells.

    Parameters
    ----------
    cell : (n,) branch x period of each visit
    values : (n, k) items, NaN where one did not apply

    Returns
    -------
    Consistency or NotEstimable
        `few_items`, `few_visits_for_items`, or `items_not_positive` where covariances from different visits
        do not go together.

    References
    ----------
    McDonald 1999, Test Theory, chapter 6; Joreskog 1967, Psychometrika 32(4).
    """
    within = within_cells(cell, values)
    chosen = within.varying
    count = int(chosen.sum())
    if count < FEWEST_ITEMS:
        return NotEstimable("few_items", {"n": count, "need": FEWEST_ITEMS})
    df = int(within.df[np.ix_(chosen, chosen)].min())
    need = max(FEWEST_VISITS, VISITS_PER_ITEM * count)
    if df < need:
        return NotEstimable("few_visits_for_items", {"n": df, "need": need})
    covariance = within.covariance[np.ix_(chosen, chosen)]
    factor = one_factor(covariance)
    if isinstance(factor, NotEstimable):
        return factor
    return Consistency(omega_total(factor), cronbach_alpha(covariance), chosen, factor, df)


def within_cells(cell: Codes, values: Floats) -> WithinCells:
    """Pooled covariance within cells, pair by pair."""
    k = values.shape[1]
    there = ~np.isnan(values)
    shift = np.divide(
        np.nansum(values, axis=0), there.sum(axis=0), out=np.zeros(k), where=there.sum(axis=0) > 0
    )
    value = np.where(there, values - shift, 0.0)
    cells = int(cell.max()) + 1 if len(cell) else 0
    products, rows = value.T @ value, there.astype(float).T @ there
    df = rows.copy()
    for own in range(cells):
        v, t = value[cell == own], there[cell == own].astype(float)
        number = t.T @ t
        some = number > 0
        sums = v.T @ t  # of the first item over rows that have both
        products -= np.divide(sums * sums.T, number, out=np.zeros((k, k)), where=some)
        df -= some
    covariance = np.divide(products, df, out=np.zeros((k, k)), where=df > 0)
    largest = np.max(value**2, axis=0, initial=0.0)
    constant = np.diag(covariance) <= CONSTANT * np.maximum(largest, CONSTANT)
    covariance[constant] = covariance[:, constant] = 0.0
    return WithinCells(covariance, df)


def one_factor(covariance: Floats) -> OneFactor | NotEstimable:
    """One-factor model by maximum likelihood, free of the items' scales.

    Parameters
    ----------
    covariance : (k, k), k >= 3, with a positive diagonal

    References
    ----------
    Joreskog 1967, Psychometrika 32(4), eq. 26 to 30 (likelihood concentrated on the uniquenesses).
    """
    from scipy.optimize import minimize  # slow to load

    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    if np.linalg.eigvalsh(correlation)[0] < POSITIVE:
        return NotEstimable("items_not_positive", {"n": len(scale)})
    start = (1.0 - 0.5 / len(scale)) / np.diag(np.linalg.inv(correlation))
    found = minimize(
        _misfit,
        start,
        args=(correlation,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST_UNIQUE, 1.0)] * len(scale),
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000},
    )
    unique = found.x
    loading = _loading(unique, correlation)
    rest = correlation - np.outer(loading, loading)
    off = rest[np.triu_indices(len(scale), 1)]
    return OneFactor(
        loading=loading * scale,
        uniqueness=unique * scale**2,
        at_bound=unique <= 1.001 * LEAST_UNIQUE,
        residual=float(np.sqrt(np.mean(off**2))),
    )


def _misfit(unique: Floats, correlation: Floats) -> tuple[float, Floats]:
    """Discrepancy of the best loadings given the uniquenesses, and its gradient."""
    root = np.sqrt(unique)
    values = np.linalg.eigvalsh(correlation / np.outer(root, root))[:-1]
    loading = _loading(unique, correlation)
    left = np.outer(loading, loading) + np.diag(unique) - correlation
    return float(np.sum(values - np.log(values) - 1.0)), np.diag(left) / unique**2


def _loading(unique: Floats, correlation: Floats) -> Floats:
    """(k,) best loadings given the uniquenesses, their sum not negative."""
    root = np.sqrt(unique)
    values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
    loading = root * vectors[:, -1] * np.sqrt(max(values[-1] - 1.0, 0.0))
    return np.asarray(loading if loading.sum() >= 0.0 else -loading)


def omega_total(factor: OneFactor) -> float:
    """Share of the variance of the items' sum that is due to the factor."""
    common = float(factor.loading.sum()) ** 2
    return common / (common + float(factor.uniqueness.sum()))


def cronbach_alpha(covariance: Floats) -> float:
    """k/(k-1) times the share of the sum's variance that is covariance (Cronbach 1951, Psychometrika 16)."""
    k = len(covariance)
    return k / (k - 1) * (1.0 - float(np.trace(covariance)) / float(covariance.sum()))
