"""The made-up world: branches, what training does to them, and draws from it.

The truth is known here and nowhere else: `QUALITY_UPLIFT` and `SPEED_UPLIFT` are what a perfect
evaluation would find.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pilot_eval.domain.checklists import NOT_APPLICABLE, Checklist, Item
from pilot_eval.domain.pilots import Arm, Period

QUALITY_UPLIFT = 0.18  # of the score the trained branches would have had without training
SPEED_UPLIFT = 0.10  # service is 10 % faster: its time is divided by 1.10

QUALITY_BASELINE = 60.0  # points, the mean branch
QUALITY_BETWEEN_BRANCHES = 5.0  # points, standard deviation
QUALITY_DRIFT = 1.0  # points that every branch gains by autumn, trained or not
QUALITY_CHANGE_SPREAD = 2.0  # points, by which branches change of their own accord
FACILITY_SHARE_YES = 0.85  # facility questions, which training cannot move
CHANCE_NOT_APPLICABLE = 0.15

SERVICE_BETWEEN_BRANCHES = 0.12  # on the log scale, as all durations
SERVICE_DRIFT = 0.02
SERVICE_CHANGE_SPREAD = 0.04
SERVICE_WITHIN = 0.32
WAIT_MEDIAN = 420.0
WAIT_WITHIN = 0.7
WAIT_CHANGE = math.log(0.94)
SHORTEST_SERVICE = 8

# Median seconds of one contact and the share of customers who come for it.
OPERATIONS = {
    "parcel_receive": (115, 0.22),
    "letter_receive": (100, 0.16),
    "letter_send_reg": (150, 0.14),
    "parcel_send": (190, 0.12),
    "bill_payment": (120, 0.18),
    "transfer_send": (170, 0.06),
    "pension": (130, 0.07),
    "stamps_stationery": (85, 0.05),
}

TOWNS = {
    "vladimir": ("Владимир", "город", 14, 600000),
    "kovrov": ("Ковров", "город", 10, 601900),
    "murom": ("Муром", "город", 10, 602250),
    "suzdal": ("Суздаль", "село", 10, 601290),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A branch of the made-up network."""

    code: str
    name: str
    region: str
    stratum: str


def places() -> list[Place]:
    """The 44 branches, by region."""
    return [
        Place(f"{first + n + 1}", f"{town}, отделение {first + n + 1}", code, stratum)
        for code, (town, stratum, count, first) in TOWNS.items()
        for n in range(count)
    ]


@dataclass(frozen=True, slots=True)
class Nature:
    """What one branch is like, on the scale of the score (points) and of log seconds.

    Parameters
    ----------
    quality, service : float
        The level before training.
    quality_change, service_change : float
        How it changes of its own accord, drift included.
    """

    quality: float
    quality_change: float
    service: float
    service_change: float


class World:
    """Draws from the made-up world, repeatable by seed."""

    def __init__(self, checklist: Checklist, seed: int) -> None:
        self.random = np.random.Generator(np.random.PCG64(seed))
        self.checklist = checklist
        self.facility_weight = float(_facility_weight(checklist))
        self.natures: dict[str, Nature] = {}

    def nature(self, branch: str) -> Nature:
        """The branch's nature, drawn when first asked for."""
        if branch not in self.natures:
            draw = self.random.standard_normal(4)
            self.natures[branch] = Nature(
                QUALITY_BASELINE + QUALITY_BETWEEN_BRANCHES * draw[0],
                QUALITY_DRIFT + QUALITY_CHANGE_SPREAD * draw[1],
                SERVICE_BETWEEN_BRANCHES * draw[2],
                SERVICE_DRIFT + SERVICE_CHANGE_SPREAD * draw[3],
            )
        return self.natures[branch]

    def expected_score(self, branch: str, arm: Arm, period: Period) -> float:
        """Points that a visit there earns on average.

        Training adds the same number of points everywhere: the share `QUALITY_UPLIFT` of what the mean
        branch would have had without it.
        """
        nature = self.nature(branch)
        if period is not Period.AFTER:
            return nature.quality
        gain = QUALITY_UPLIFT * (QUALITY_BASELINE + QUALITY_DRIFT) if arm is Arm.TRAINED else 0.0
        return nature.quality + nature.quality_change + gain

    def answers(self, branch: str, arm: Arm, period: Period) -> dict[str, str]:
        """The answers of one visit; their score is `expected_score` on average."""
        expected = self.expected_score(branch, arm, period) / 100
        share = (expected - self.facility_weight * FACILITY_SHARE_YES) / (1 - self.facility_weight)
        share = min(max(share, 0.02), 0.98)
        return {item.code: self._answer(item, share) for item in self.checklist.items.values() if item.asked}

    def _answer(self, item: Item, share: float) -> str:
        facility = item.lever == "facility"
        # A facility question never drops out: its share of the weight is then the same in every visit.
        if item.na and not facility and self.random.random() < CHANCE_NOT_APPLICABLE:
            return NOT_APPLICABLE
        chance = FACILITY_SHARE_YES if facility else share
        if item.type == "scale3":
            return ("none", "partial", "full")[self.random.binomial(2, chance)]
        return "yes" if self.random.random() < chance else "no"

    def contact(self, branch: str, arm: Arm, period: Period) -> Contact:
        """One customer, timed."""
        nature = self.nature(branch)
        names = list(OPERATIONS)
        operation = names[self.random.choice(len(names), p=[share for _, share in OPERATIONS.values()])]
        after = period is Period.AFTER
        trained = after and arm is Arm.TRAINED
        level = (
            math.log(OPERATIONS[operation][0]) + nature.service + (nature.service_change if after else 0.0)
        )
        level -= math.log1p(SPEED_UPLIFT) if trained else 0.0
        service = math.exp(level + SERVICE_WITHIN * self.random.standard_normal())
        wait = WAIT_MEDIAN * math.exp(
            nature.service + (WAIT_CHANGE if trained else 0.0) + WAIT_WITHIN * self.random.standard_normal()
        )
        return Contact(
            operation,
            wait_seconds=int(min(wait, 5400)),
            handover_seconds=int(self.random.integers(2, 12)),
            service_seconds=max(SHORTEST_SERVICE, round(service)),
            gave_up=bool(self.random.random() < 0.03),
        )


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer's times in whole seconds."""

    operation: str
    wait_seconds: int
    handover_seconds: int
    service_seconds: int
    gave_up: bool


def _facility_weight(checklist: Checklist) -> Fraction:
    """The share of the total score that facility questions carry."""
    return sum(_facility_parts(checklist), Fraction(0)) / sum(
        section.weight for section in checklist.sections
    )


def _facility_parts(checklist: Checklist) -> Iterator[Fraction]:
    for section in checklist.sections:
        facility = [item for item in section.items if item.lever == "facility"]
        if any(item.na for item in section.items if item not in facility) and facility:
            raise ValueError(
                f"section {section.code} mixes facility questions with others that may not apply"
            )
        whole = sum(item.weight for item in section.items)
        if whole:
            yield Fraction(section.weight * sum(item.weight for item in facility), whole)
