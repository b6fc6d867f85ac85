"""The same statistics by full matrices and refits: slow, and written from the definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.cells import Cells, sum_cells
from pilot_eval.stats.contrasts import Panel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows of a pilot: branch codes, arm of each branch, after (0, 1) and value of each row."""

    branch: NDArray[np.intp]
    trained: NDArray[np.bool_]
    after: NDArray[np.intp]
    value: Floats
    stratum: NDArray[np.intp] | None = None

    @property
    def cells(self) -> Cells:
        return sum_cells(self.branch, self.after, self.value, len(self.trained))

    def panel(self, *, by_rows: bool = False) -> Panel:
        return Panel.of(self.cells, self.trained, by_rows=by_rows, stratum=self.stratum)


def made_up(
    seed: int, trained: int, comparison: int, *, visits: Sequence[int] = (1, 2, 3, 5, 8), strata: int = 0
) -> Rows:
    """Unbalanced rows with branch effects and unequal variances."""
    rng = np.random.default_rng(seed)
    count = trained + comparison
    arm = np.zeros(count, dtype=np.bool_)
    arm[rng.permutation(count)[:trained]] = True
    n = rng.choice(visits, size=(count, 2))
    branch = np.repeat(np.repeat(np.arange(count), 2), n.ravel())
    after = np.repeat(np.tile([0, 1], count), n.ravel())
    level = rng.normal(60.0, 5.0, count)
    change = rng.normal(0.0, 2.0, count) * np.where(arm, 1.5, 1.0) + 2.0 * arm
    value = level[branch] + after * change[branch] + rng.normal(0.0, 4.0, len(branch))
    stratum = None
    if strata:
        stratum = np.empty(count, dtype=np.intp)
        for one in (True, False):
            members = np.flatnonzero(arm == one)
            stratum[members] = np.arange(len(members)) % strata
    return Rows(branch.astype(np.intp), arm, after.astype(np.intp), value, stratum)


def two_by_two(rows: Rows) -> Floats:
    """Regressors 1, trained, after, trained x after; 1, after where all are trained. The last is tested."""
    trained = rows.trained[rows.branch].astype(float)
    after = rows.after.astype(float)
    if rows.trained.all():
        return np.column_stack([np.ones_like(after), after])
    return np.column_stack([np.ones_like(after), trained, after, trained * after])


@dataclass(frozen=True)
class Fit:
    """Ordinary least squares with the cluster variances of its last coefficient."""

    estimate: float
    cr0: float
    cr1: float
    cr2: float
    df: float


def fit(X: Floats, y: Floats, cluster: NDArray[np.intp], *, last: int = -1) -> Fit:
    """OLS with CR0, CR1, CR2 (identity working model) and Satterthwaite degrees of freedom, by full matrices.

    Pustejovsky & Tipton 2018, JBES 36(4), eq. 5, 11 and 12.
    """
    bread = np.linalg.inv(X.T @ X)
    beta = bread @ X.T @ y
    residual = y - X @ beta
    hat = X @ bread @ X.T
    maker = np.eye(len(y)) - hat
    cr0 = cr2 = 0.0
    columns = []
    groups = np.unique(cluster)
    for group in groups:
        rows = np.flatnonzero(cluster == group)
        own = X[rows]
        cr0 += float((bread @ own.T @ residual[rows])[last] ** 2)
        values, vectors = np.linalg.eigh(np.eye(len(rows)) - hat[np.ix_(rows, rows)])
        root = np.where(values > 1e-10, values, np.inf) ** -0.5  # Moore-Penrose, as clubSandwich
        weight = (bread @ own.T @ vectors @ np.diag(root) @ vectors.T)[last]
        cr2 += float((weight @ residual[rows]) ** 2)
        spread = np.zeros(len(y))
        spread[rows] = weight
        columns.append(maker @ spread)
    gram = np.array(columns) @ np.array(columns).T
    count, k = len(groups), X.shape[1]
    factor = count / (count - 1) * (len(y) - 1) / (len(y) - k)
    df = float(np.trace(gram) ** 2 / np.sum(gram * gram))
    return Fit(float(beta[last]), cr0, factor * cr0, cr2, df)


def with_stratum_dummies(trained: NDArray[np.bool_], stratum: NDArray[np.intp]) -> Floats:
    """Regressors of branch changes: a dummy per stratum, then trained."""
    dummies = (stratum[:, None] == np.arange(stratum.max() + 1)).astype(float)
    return np.column_stack([dummies, trained.astype(float)])


def wild_pvalue(
    X: Floats, y: Floats, cluster: NDArray[np.intp], weights: Floats, effect: float = 0.0
) -> Floats:
    """|t*| of every draw (rows of `weights`, columns clusters 0..G-1), with the observed |t| first.

    Null-imposed residuals, CR1: y less the effect times the last regressor is fitted on the others.
    """
    shifted = y - effect * X[:, -1]
    others = X[:, :-1]
    restricted = (
        shifted - others @ np.linalg.lstsq(others, shifted, rcond=None)[0] if others.shape[1] else shifted
    )
    fitted = shifted - restricted
    observed = fit(X, shifted, cluster)
    statistics = [abs(observed.estimate) / np.sqrt(observed.cr1)]
    for draw in weights:
        one = fit(X, fitted + draw[cluster] * restricted, cluster)
        statistics.append(abs(one.estimate) / np.sqrt(one.cr1))
    return np.array(statistics)
