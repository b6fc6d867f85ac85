"""What every estimate with Student's t has: its statistic, p-value and interval."""

from __future__ import annotations

from typing import Protocol

from pilot_eval.stats.results import ConfidenceInterval
from pilot_eval.stats.student import two_sided_pvalue, two_sided_quantile


class _Estimated(Protocol):
    @property
    def estimate(self) -> float: ...
    @property
    def standard_error(self) -> float: ...
    @property
    def df(self) -> float: ...
    @property
    def statistic(self) -> float: ...


class ByStudent:
    """Adds what follows from `estimate`, `standard_error` and `df`, infinite for the normal distribution."""

    __slots__ = ()

    @property
    def statistic(self: _Estimated) -> float:
        return self.estimate / self.standard_error

    @property
    def pvalue(self: _Estimated) -> float:
        return two_sided_pvalue(self.statistic, self.df)

    def confidence_interval(self: _Estimated, confidence_level: float = 0.95) -> ConfidenceInterval:
        half = two_sided_quantile(confidence_level, self.df) * self.standard_error
        return ConfidenceInterval(self.estimate - half, self.estimate + half)
