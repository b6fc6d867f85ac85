"""Who may visit a branch again: auditors take turns, so that none is known there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

DAYS_APART = 30  # between two visits of an auditor to a branch

Days = tuple[date, date]  # the first and the last day on which a visit may happen, or happened


def too_near(one: Days, other: Days) -> bool:
    """Whether two visits within these days could lie less than thirty days apart.

    Examples
    --------
    >>> august = date(2014, 8, 1), date(2014, 8, 31)
    >>> too_near(august, (date(2014, 9, 29), date(2014, 9, 30)))
    True
    >>> too_near((date(2014, 9, 30), date(2014, 9, 30)), august)
    False
    """
    earlier, later = sorted((one, other))
    return (later[0] - earlier[1]).days < DAYS_APART


@dataclass(slots=True)
class Rotation:
    """What is known of auditors and branches, by their keys.

    Parameters
    ----------
    barred : set of (auditor, branch)
        Declared: this auditor must not visit this branch.
    regions : mapping of auditor to regions
        Where an auditor travels to; one who is not in it goes everywhere.
    taken : mapping of (auditor, branch) to days
        Visits made, and visits to make.
    """

    barred: set[tuple[int, int]] = field(default_factory=set)
    regions: Mapping[int, frozenset[int]] = field(default_factory=dict)
    taken: dict[tuple[int, int], list[Days]] = field(default_factory=dict)

    def travels_to(self, auditor: int, region: int) -> bool:
        return auditor not in self.regions or region in self.regions[auditor]

    def near(self, auditor: int, branch: int, days: Days) -> Days | None:
        """Another visit of the auditor to the branch that is too near to these days."""
        return next((other for other in self.taken.get((auditor, branch), ()) if too_near(days, other)), None)

    def take(self, auditor: int, branch: int, days: Days) -> None:
        """Note one more visit."""
        self.taken.setdefault((auditor, branch), []).append(days)
