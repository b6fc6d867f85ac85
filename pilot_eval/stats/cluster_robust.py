"""Ordinary least squares with cluster-robust variances and Satterthwaite degrees of freedom.

The regressors are written as X = Q R with orthonormal Q. The part of cluster g in the hat matrix is then
Q_g Q_g', and the adjustment matrix of CR2 meets the data only through

    Q_g' (I - Q_g Q_g')^(-1/2) = (I - Q_g' Q_g)^(-1/2) Q_g',

so that k x k matrices take the place of those of the size of a cluster. The trace identities of the degrees
of freedom become sums over clusters in the same way: no G x G matrix is ever formed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pilot_eval.stats.results import NotEstimable

Floats = NDArray[np.float64]
Kind = Literal["CR0", "CR1", "CR2", "CR3"]

RANK_LIMIT = 1e-10  # of a regressor's length: what the others leave of it is rounding
SINGULAR = 1e-12  # eigenvalues of I - H_gg below are 0: the Moore-Penrose inverse leaves them out


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """A regression of n rows in G clusters on k regressors.

    Parameters
    ----------
    coefficients : (k,)
    residual : (n,) in the order of the rows given
    rows, absorbed : n, and whether a dummy per group was absorbed
    root : (k, k) inverse of R: coefficients = root @ Q'y
    overlap : (G, k, k) Q_g'Q_g, the clusters in sorted order
    score : (G, k) Q_g'e_g
    """

    coefficients: Floats
    residual: Floats = field(repr=False)
    rows: int
    absorbed: bool
    root: Floats = field(repr=False)
    overlap: Floats = field(repr=False)
    score: Floats = field(repr=False)

    @property
    def clusters(self) -> int:
        return len(self.score)

    def covariance(self, kind: Kind = "CR2") -> Floats:
        """(k, k) cluster-robust covariance of the coefficients.

        `CR0` has no correction. `CR1` is CR0 times G/(G-1) (N-1)/(N-k), as in Stata (clubSandwich calls it
        CR1S); absorbed dummies, being nested in the clusters, count as one regressor. `CR2` has the identity
        as working model and symmetric square roots. `CR3` takes (I - H_gg)^-1 and no factor, as clubSandwich;
        others multiply it by (G-1)/G or by CR1's factor.

        References
        ----------
        Bell & McCaffrey 2002, Survey Methodology 28(2); Pustejovsky & Tipton 2018, JBES 36(4), eq. 5 and 11.
        """
        parts = self._adjusted(kind) @ self.root.T
        return np.asarray(parts.T @ parts * (self.cr1_factor() if kind == "CR1" else 1.0))

    def cr1_factor(self) -> float:
        """G/(G-1) (N-1)/(N-k)."""
        count = len(self.coefficients) + self.absorbed
        return self.clusters / (self.clusters - 1) * (self.rows - 1) / (self.rows - count)

    def contributions(self, contrast: Floats, kind: Kind = "CR2") -> Floats:
        """(G,) parts of the clusters in a linear contrast's error; their squares add up to its variance.

        Of contrasts (k, m) side by side (G, m).
        """
        return np.asarray(self._adjusted(kind) @ (self.root.T @ contrast))

    def standard_error(self, contrast: Floats, kind: Kind = "CR2") -> float:
        """Root of the variance of `contrast` (k,) times the coefficients."""
        factor = self.cr1_factor() if kind == "CR1" else 1.0
        return float(np.sqrt(factor * np.sum(self.contributions(contrast, kind) ** 2)))

    def satterthwaite(self, contrast: Floats) -> float:
        """Degrees of freedom of the CR2 variance of a contrast (k,).

        2 E(V)^2 / Var(V) under independent errors of equal variance: (tr P)^2 / tr(P^2) with P = D - Z Z',
        D diagonal with w_g'K_g w_g and Z having the rows K_g w_g, where K_g = Q_g'Q_g and w_g is the adjusted
        contrast.

        References
        ----------
        Pustejovsky & Tipton 2018, JBES 36(4), eq. 12; Imbens & Kolesar 2016, Rev. Econ. Stat. 98(4).
        """
        return float(self.satterthwaite_of_each(contrast[None])[0])

    def satterthwaite_of_each(self, contrasts: Floats) -> Floats:
        """(m,) degrees of freedom of contrasts (m, k), each as `satterthwaite` has them."""
        powers = self._powers(-0.5)
        return np.array([self._degrees_of_freedom(powers @ (self.root.T @ one)) for one in contrasts])

    def _degrees_of_freedom(self, weight: Floats) -> float:
        z = np.einsum("gij,gj->gi", self.overlap, weight)
        diagonal = np.einsum("gi,gi->g", weight, z)
        inner = z.T @ z
        trace = float(diagonal.sum() - np.trace(inner))
        of_square = float(np.sum(diagonal**2) - 2.0 * np.sum(diagonal[:, None] * z**2) + np.sum(inner**2))
        return trace * trace / of_square if of_square > 0.0 else float("nan")

    def own_leverage(self) -> Floats:
        """(G,) largest eigenvalue of H_gg: at 1, some regressor lives in that cluster alone."""
        return np.asarray(np.linalg.eigvalsh(self.overlap)[:, -1])

    def _adjusted(self, kind: Kind) -> Floats:
        if kind in ("CR0", "CR1"):
            return self.score
        power = -0.5 if kind == "CR2" else -1.0
        return np.asarray(np.einsum("gij,gj->gi", self._powers(power), self.score))

    def _powers(self, power: float) -> Floats:
        """(G, k, k) powers of I - K_g, directions with eigenvalue 0 left out."""
        values, vectors = np.linalg.eigh(self.overlap)
        left = 1.0 - values
        whole = left > SINGULAR
        factor = np.where(whole, np.where(whole, left, 1.0) ** power, 0.0)
        return np.asarray((vectors * factor[:, None, :]) @ vectors.swapaxes(1, 2))


def least_squares(
    y: Floats, X: Floats, cluster: NDArray[np.intp], *, within: NDArray[np.intp] | None = None
) -> LeastSquares | NotEstimable:
    """Regress y on X, rows of one cluster depending on one another in any way.

    Parameters
    ----------
    y : (n,) values
    X : (n, k) regressors, the constant among them unless absorbed
    cluster : (n,) labels
    within : (n,) labels of groups, each inside one cluster, whose dummies are absorbed. With the identity as
        working model CR2 is then the same as with all the dummies (Pustejovsky & Tipton 2018, theorem 1).

    Returns
    -------
    LeastSquares or NotEstimable
        `collinear` with the position of the first regressor that the ones before it determine;
        `more_coefficients_than_branches` where rows or clusters are too few.

    Raises
    ------
    ValueError
        A group of `within` lies in two clusters: absorbing it would make CR2 wrong.
    """
    codes = np.unique(cluster, return_inverse=True)[1]
    if within is not None:
        y, X = _centred(y, X, codes, within)
    rows, k = X.shape
    clusters = int(codes.max()) + 1 if rows else 0
    if clusters < 2 or rows <= k:
        return NotEstimable("more_coefficients_than_branches", {"n": clusters, "need": k + 1})
    length = np.sqrt(np.einsum("nk,nk->k", X, X))
    q, r = np.linalg.qr(X / np.where(length > 0.0, length, 1.0))
    dependent = np.flatnonzero((length == 0.0) | (np.abs(np.diag(r)) < RANK_LIMIT))
    if dependent.size:
        return NotEstimable("collinear", {"place": int(dependent[0])})
    root = np.linalg.inv(r) / length[:, None]
    fitted = q.T @ y
    residual = y - q @ fitted
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(clusters))
    ordered = q[order]
    parts = np.split(ordered, starts[1:])
    return LeastSquares(
        coefficients=root @ fitted,
        residual=residual,
        rows=rows,
        absorbed=within is not None,
        root=root,
        overlap=np.stack([part.T @ part for part in parts]),
        score=np.add.reduceat(ordered * residual[order, None], starts, axis=0),
    )


def _centred(
    y: Floats, X: Floats, cluster: NDArray[np.intp], within: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """y and X less their means within groups."""
    codes, sizes = np.unique(within, return_inverse=True, return_counts=True)[1:]
    home = np.zeros(len(sizes), dtype=np.intp)
    home[codes] = cluster
    if np.any(home[codes] != cluster):
        raise ValueError("a group to absorb lies in two clusters")

    def centre(column: Floats) -> Floats:
        return np.asarray(column - (np.bincount(codes, weights=column) / sizes)[codes])

    return centre(y), np.column_stack([centre(X[:, j]) for j in range(X.shape[1])])
