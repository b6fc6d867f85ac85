"""Looks at a running pilot that its plan allows: the error that each may spend, and the level it leaves.

Each side of the two-sided test spends alpha/2 by the O'Brien-Fleming-type function of Lan and DeMets. The
boundaries follow by integrating the density of the running sum over the regions in which the pilot went on,
look by look.

References
----------
Armitage, McPherson & Rowe 1969, JRSS A 132(2); Lan & DeMets 1983, Biometrika 70(3), alpha_1; Jennison &
Turnbull 2000, Group Sequential Methods, sections 7.2, 9.2 (repeated intervals) and 19.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

FARTHEST = 38.0  # standard deviations: beyond, a normal density is not a double
PANEL_NODES = 16  # of Gauss-Legendre, in panels no wider than the step between two looks
BISECTIONS = 100
NEAREST = 0.01  # share of the information between two looks, and before the first


@dataclass(frozen=True, slots=True)
class Looks:
    """Boundaries of K looks at one two-sided test.

    Parameters
    ----------
    fractions : (K,) share of the final information that each look has, growing to at most 1
    level : of the whole plan: with no effect none of its looks rejects with this probability
    spent : (K,) error spent up to and including each look
    quantiles : (K,) |z| from which a look rejects
    alphas : (K,) nominal two-sided significance of each look, 2 Phi(-quantile)
    """

    fractions: tuple[float, ...]
    level: float
    spent: tuple[float, ...]
    quantiles: tuple[float, ...]
    alphas: tuple[float, ...]

    def level_of(self, look: int) -> float:
        """Level of every interval of a look, the first being 1."""
        return 1.0 - self.alphas[look - 1]


def obrien_fleming_spending(fraction: float, alpha: float) -> float:
    """Two-sided error spent at a share of the information: 4 Phi(-z / sqrt(fraction)), z of alpha/4."""
    return 4.0 * float(ndtr(ndtri(alpha / 4.0) / math.sqrt(fraction)))


def looks_of(fractions: Sequence[float], level: float) -> Looks:
    """Boundaries of looks at given shares of the information.

    An interval of the nominal level at each look covers the truth at all looks together with probability
    `level` or more, whatever made the pilot stop (repeated confidence intervals).

    Parameters
    ----------
    fractions : (K,) growing, above 0, at most 1
    level : of the whole plan; 1 - (1 - level)/k for each of k primary outcomes

    Raises
    ------
    ValueError
        If fractions do not grow from 0 to at most 1 by `NEAREST` or more.
    """
    if not are_looks(fractions):
        raise ValueError(f"fractions must grow by {NEAREST} or more to at most 1, not {fractions}")
    spent = [obrien_fleming_spending(fraction, 1.0 - level) for fraction in fractions]
    quantiles: list[float] = []
    running = _Running.start(fractions[0])
    for i, fraction in enumerate(fractions):
        if i:
            running = running.stepped(quantiles[-1] * math.sqrt(fractions[i - 1]), fraction)
        crossed = running.crossing(spent[i] - (spent[i - 1] if i else 0.0))
        quantiles.append(crossed / math.sqrt(fraction))
    alphas = tuple(2.0 * float(ndtr(-z)) for z in quantiles)
    return Looks(tuple(fractions), level, tuple(spent), tuple(quantiles), alphas)


def are_looks(fractions: Sequence[float]) -> bool:
    """Whether these shares of the information grow from 0 to at most 1, far enough apart to be told apart."""
    steps = [b - a for a, b in zip((0.0, *fractions), fractions, strict=False)]
    return bool(steps) and min(steps) >= NEAREST * (1.0 - 1e-9) and fractions[-1] <= 1.0


@dataclass(frozen=True, slots=True)
class _Running:
    """The running sum at a look, of pilots that went on until then: a mixture of normals.

    Parameters
    ----------
    time : fraction of the information, the variance of the sum
    centre : (n,) sums at the look before
    mass : (n,) probability of each
    step : standard deviation of what came since
    """

    time: float
    centre: Floats
    mass: Floats
    step: float

    @classmethod
    def start(cls, time: float) -> _Running:
        return cls(time, np.zeros(1), np.ones(1), math.sqrt(time))

    def stepped(self, boundary: float, time: float) -> _Running:
        """Go on to the next look from sums inside +- boundary."""
        step = math.sqrt(time - self.time)
        centre, width = _nodes(min(boundary, FARTHEST * math.sqrt(self.time)), min(step, self.step))
        apart = (centre[:, None] - self.centre) / self.step
        density = np.exp(-0.5 * apart**2) @ self.mass / (self.step * math.sqrt(2.0 * math.pi))
        return _Running(time, centre, density * width, step)

    def beyond(self, boundary: float) -> float:
        """Probability that the sum is beyond +- boundary."""
        far = ndtr((-boundary - self.centre) / self.step) + ndtr((self.centre - boundary) / self.step)
        return float(far @ self.mass)

    def crossing(self, probability: float) -> float:
        """The boundary beyond which the sum lies with this probability."""
        low, high = 0.0, FARTHEST * math.sqrt(self.time)
        if self.beyond(high) >= probability:
            return math.inf
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            if self.beyond(middle) > probability:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)


def _nodes(half: float, panel: float) -> tuple[Floats, Floats]:
    """Nodes and weights of composite Gauss-Legendre on (-half, half)."""
    count = math.ceil(2.0 * half / panel)
    x, w = np.polynomial.legendre.leggauss(PANEL_NODES)
    edges = np.linspace(-half, half, count + 1)
    middle, radius = 0.5 * (edges[1:] + edges[:-1]), half / count
    return (middle[:, None] + radius * x).ravel(), np.tile(radius * w, count)
