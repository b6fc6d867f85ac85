"""Small results that every statistic shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ConfidenceInterval:
    """Both ends of an interval; None where there is no end.

    `bounded` is false where the data reject no value far enough out, so that at least one end is missing.
    """

    low: float | None
    high: float | None

    @property
    def bounded(self) -> bool:
        return self.low is not None and self.high is not None

    def contains(self, value: float) -> bool:
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def rising(self, transform: Callable[[float], float | None]) -> ConfidenceInterval:
        """The interval of an increasing function of the quantity; None where the function has no value."""
        low = None if self.low is None else transform(self.low)
        high = None if self.high is None else transform(self.high)
        return ConfidenceInterval(low, high)

    def falling(self, transform: Callable[[float], float | None]) -> ConfidenceInterval:
        """The interval of a decreasing function of the quantity, which exchanges the ends."""
        turned = self.rising(transform)
        return ConfidenceInterval(turned.high, turned.low)

    def scaled(self, factor: float) -> ConfidenceInterval:
        """The interval of `factor` times the quantity; a negative factor exchanges the ends."""
        change = self.falling if factor < 0 else self.rising
        return change(lambda value: value * factor)


NO_INTERVAL = ConfidenceInterval(None, None)


def significance(confidence_level: float) -> float:
    """1 - level without the rounding error that would move a p-value of exactly 0.1 to the other side."""
    return round(1.0 - confidence_level, 12)


class Estimate(Protocol):
    """An effect with its uncertainty, whatever design it comes from.

    `pvalue` and `confidence_interval` come from the same test, named by `method`, an entry of `METHODS`. `df`
    is infinite where the normal distribution is used.
    """

    @property
    def estimate(self) -> float: ...
    @property
    def standard_error(self) -> float: ...
    @property
    def df(self) -> float: ...
    @property
    def statistic(self) -> float: ...
    @property
    def pvalue(self) -> float: ...
    @property
    def method(self) -> str: ...
    def confidence_interval(self, confidence_level: float = 0.95) -> ConfidenceInterval: ...


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """The answer when data cannot answer: why not, as a code with its numbers.

    Parameters
    ----------
    code : a reason of `reports.words`
    values : the numbers and words its sentence needs
    """

    code: str
    values: Mapping[str, float | int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the reader must know beside the numbers, as a code of `reports.words`."""

    code: str
    values: Mapping[str, float | int | str] = field(default_factory=dict)
