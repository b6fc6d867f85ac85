"""Shares and rates of branches on a scale where chance has one variance, for the funnel around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares or rates of G branches on the scale where their variance does not depend on them.

    Parameters
    ----------
    size : (G,) trials or exposure
    estimate : (G,) arcsine of the root of a share, or the root of a rate
    standard_error : (G,) 1 / (2 sqrt(size)): chance alone, binomial or Poisson
    scale : arcsine or root
    """

    size: Floats
    estimate: Floats
    standard_error: Floats
    scale: str
    variance_of_one: float = 0.25

    @classmethod
    def of(cls, events: Floats, exposure: Floats, *, scale: str = "arcsine") -> Shares:
        """Transform counts.

        Parameters
        ----------
        events : (G,) not below 0; for a share not above `exposure`
        exposure : (G,) above 0
        scale : "arcsine" for a share of trials, "root" for a rate per exposure
        """
        if (exposure <= 0.0).any() or (events < 0.0).any():
            raise ValueError("exposure is above 0 and events are not below 0")
        if scale == "arcsine" and (events > exposure).any():
            raise ValueError("no more events than trials")
        root = np.sqrt(events / exposure)
        estimate = np.arcsin(root) if scale == "arcsine" else root
        return cls(exposure, estimate, 0.5 / np.sqrt(exposure), scale)

    def told(self, estimate: Floats) -> Floats:
        """Values of this scale as shares or rates; limits beyond the scale's ends are those ends."""
        top = np.pi / 2.0 if self.scale == "arcsine" else np.inf
        within = np.clip(estimate, 0.0, top)
        return np.asarray(np.sin(within) ** 2 if self.scale == "arcsine" else within**2)
