"""Where a value stands on a drawn scale, and which values a scale is marked with."""

from __future__ import annotations

import math


def position(value: float, low: float, high: float) -> float:
    """Return where a value stands between `low` (0) and `high` (1)."""
    return (value - low) / (high - low)


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Return round values, about `count` of them, that enclose `low` to `high`.

    Steps are 1, 2 or 5 times a power of ten (Heckbert 1990, Nice numbers for graph labels, Graphics Gems I).

    Raises
    ------
    ValueError
        If an end is not finite or `low` is above `high`.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"no scale from {low} to {high}")
    if low == high:
        low, high = low - 1, high + 1
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(factor for factor in (1, 2, 5, 10) if raw <= factor * power * (1 + 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]
