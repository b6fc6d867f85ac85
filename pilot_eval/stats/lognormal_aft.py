"""Lognormal accelerated failure time: log seconds with some of them known only to be longer.

Maximum likelihood by Newton's method in Olsen's parameters (theta = 1/sigma, gamma = beta/sigma), in which
the log likelihood is concave, then the sandwich with the scores summed by branch.

References
----------
Kalbfleisch & Prentice 2002, The Statistical Analysis of Failure Time Data, 2nd ed., section 3.6;
Olsen 1978, Econometrica 46(5), for the concave form; White 1982, Econometrica 50(1), and Liang & Zeger
1986, Biometrika 73(1), for the sandwich.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 100
CONVERGED = 1e-18  # of Newton's decrement per row
FLAT = 1e-6  # information beside that of waits all known: below it the likelihood rises without end


@dataclass(frozen=True, slots=True)
class LognormalFit:
    """Log seconds = X beta + sigma z, fitted to waits of which some were given up.

    Parameters
    ----------
    beta : (k,) coefficients of log seconds
    sigma : standard deviation of log seconds
    covariance : (k + 1, k + 1) of beta and log sigma, clustered, without a small-sample factor
    log_likelihood : of the seconds
    """

    beta: Floats
    sigma: float
    covariance: Floats = field(repr=False)
    log_likelihood: float


def lognormal_aft(
    time: Floats, censored: NDArray[np.bool_], X: Floats, cluster: NDArray[np.intp]
) -> LognormalFit | None:
    """Fit by maximum likelihood with a sandwich by cluster.

    Parameters
    ----------
    time : (n,) seconds above 0
    censored : (n,) whether the wait was given up at that time
    X : (n, k) regressors, of full rank
    cluster : (n,) codes

    Returns
    -------
    LognormalFit or None
        None where the likelihood has no maximum: too few served, or waits that fit exactly.
    """
    y = np.log(time)
    shift = float(y.mean())
    W = np.column_stack([X, -(y - shift)])
    parameters = _start(y - shift, censored, X)
    if parameters is None:
        return None
    for _ in range(MOST_STEPS):
        score, information = _derivatives(parameters, censored, W)
        try:
            step = np.linalg.solve(information, score.sum(axis=0))
        except np.linalg.LinAlgError:
            return None
        decrement = float(step @ score.sum(axis=0))
        size = 1.0
        now = _log_likelihood(parameters, censored, W)
        while size > 1e-10 and not _log_likelihood(
            parameters + size * step, censored, W
        ) >= now - 1e-12 * abs(now):
            size /= 2.0
        parameters = parameters + size * step
        if decrement <= CONVERGED * len(y):
            if _flat(information, W):
                return None
            return _told(parameters, censored, X, W, cluster, shift, y)
    return None


def _start(y: Floats, censored: NDArray[np.bool_], X: Floats) -> Floats | None:
    """Ordinary least squares as if nobody had given up."""
    if np.sum(~censored) <= X.shape[1]:
        return None
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    spread = float(np.sqrt(np.mean((y - X @ beta) ** 2)))
    if spread <= 1e-9:
        return None
    return np.append(beta, 1.0) / spread


def _log_likelihood(parameters: Floats, censored: NDArray[np.bool_], W: Floats) -> float:
    """Of log seconds, without the constant; -inf outside theta > 0. As W = (X, -y), W parameters is -z."""
    from scipy.special import log_ndtr

    if parameters[-1] <= 0.0:
        return -math.inf
    u = W @ parameters
    served = int(np.sum(~censored))
    return float(
        served * math.log(parameters[-1]) - 0.5 * np.sum(u[~censored] ** 2) + np.sum(log_ndtr(u[censored]))
    )


def _derivatives(parameters: Floats, censored: NDArray[np.bool_], W: Floats) -> tuple[Floats, Floats]:
    """(n, k + 1) scores and (k + 1, k + 1) observed information."""
    from scipy.special import log_ndtr

    u = W @ parameters
    hazard = np.exp(-0.5 * u * u - 0.5 * math.log(2.0 * math.pi) - log_ndtr(u))
    slope = np.where(censored, hazard, -u)
    score = W * slope[:, None]
    score[:, -1] += np.where(censored, 0.0, 1.0 / parameters[-1])
    weight = np.where(censored, hazard * (hazard + u), 1.0)
    information = (W * weight[:, None]).T @ W
    information[-1, -1] += float(np.sum(~censored)) / parameters[-1] ** 2
    return score, information


def _flat(information: Floats, W: Floats) -> bool:
    """Whether some combination of the parameters is hardly known: nobody of a group was served."""
    root = np.linalg.inv(np.linalg.cholesky(W.T @ W))
    return bool(np.linalg.eigvalsh(root @ information @ root.T)[0] < FLAT)


def _told(
    parameters: Floats,
    censored: NDArray[np.bool_],
    X: Floats,
    W: Floats,
    cluster: NDArray[np.intp],
    shift: float,
    y: Floats,
) -> LognormalFit:
    """Back to beta and log sigma: the delta method carries the sandwich over."""
    score, information = _derivatives(parameters, censored, W)
    bread = np.linalg.inv(information)
    sums = np.zeros((int(cluster.max()) + 1, score.shape[1]))
    np.add.at(sums, cluster, score)
    sandwich = bread @ (sums.T @ sums) @ bread
    sigma = 1.0 / parameters[-1]
    k = X.shape[1]
    turn = np.zeros((k + 1, k + 1))
    turn[:k, :k] = np.eye(k) * sigma
    turn[:k, k] = -parameters[:k] * sigma**2
    turn[k, k] = -sigma
    served = int(np.sum(~censored))
    constant = -0.5 * served * math.log(2.0 * math.pi) - float(np.sum(y[~censored]))
    beta = parameters[:k] * sigma + np.linalg.lstsq(X, np.full(len(y), shift), rcond=None)[0]
    return LognormalFit(
        beta, float(sigma), turn @ sandwich @ turn.T, _log_likelihood(parameters, censored, W) + constant
    )
