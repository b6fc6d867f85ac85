"""Made-up pilots as rows, in the kinds that the calibration looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.observations import AFTER, BEFORE, Labels, Matrix, Observations
from pilot_eval.stats.plan import AnalysisPlan
from tests.simulation.test_censoring import CAP, SHORTER, Queue

Floats = NDArray[np.float64]
DRAWS = 199
BASE_SCORE = 60.0  # points
BASE_SHARE = 0.65
VERDICT = "verdict (all tests on one side)"


@cache
def names(count: int) -> tuple[str, ...]:
    return tuple(f"B{place:03d}" for place in range(count))


@dataclass(frozen=True)
class Pilot:
    """Branches before and after training, with rows.

    Parameters
    ----------
    trained, comparison : branches
    visits : fewest and most per branch and period
    ratio : standard deviation of the trained branches' change over that of the comparison branches'
    kind : score, duration (skewed even in its logarithms), proportion or rate
    auditors : how many; the severer ones come oftener to trained branches after training
    operations : how many kinds; the slower ones become commoner there in the same way
    covariate : whether half of a branch's change is foretold by a number that is known of it
    """

    trained: int
    comparison: int
    visits: tuple[int, int] = (6, 6)
    ratio: float = 1.0
    kind: str = "score"
    auditors: int = 0
    operations: int = 0
    covariate: bool = False

    def observations(self, rng: np.random.Generator, effect: float) -> Observations:
        """One pilot; `effect` is on the scale of the analysis, in shares for proportions."""
        count = self.trained + self.comparison
        trained = np.arange(count) < self.trained
        low, high = self.visits
        n = rng.integers(low, high + 1, (count, 2))
        branch = np.repeat(np.arange(count), n.sum(axis=1))
        after = np.repeat(np.tile([False, True], count), n.ravel())
        known = rng.normal(0.0, 1.0, count)
        swing = np.where(trained, self.ratio, 1.0) * self._swings(rng, count)
        if self.covariate:
            swing = np.sqrt(0.5) * (swing + self._spread * known)
        moved = after * (swing + effect * trained)[branch]
        made = Observations(
            branches=names(count),
            trained=trained,
            branch=branch,
            period=np.where(after, AFTER, BEFORE).astype(np.int8),
            value=np.zeros(len(branch)),
            covariates=Matrix(("known",), known[branch, None]) if self.covariate else None,
            rows=len(branch),
        )
        if self.kind == "rate":
            return self._counts(rng, made, moved)
        if self.auditors:
            auditor = _leaning(rng, trained[branch] & after, self.auditors)
            value = self._values(rng, branch, moved) - 2.0 * auditor
            return replace(made, value=value, auditor=Labels(names(self.auditors), auditor))
        if self.operations:
            operation = _leaning(rng, trained[branch] & after, self.operations)
            value = self._values(rng, branch, moved + 0.2 * operation)
            return replace(made, value=value, operation=Labels(names(self.operations), operation))
        return replace(made, value=self._values(rng, branch, moved))

    def told(self) -> str:
        """The pilot in words."""
        low, high = self.visits
        visits = f"{low} visits" if low == high else f"{low} to {high} visits"
        arms = f"{self.trained} trained and {self.comparison} comparison branches"
        spread = "" if self.ratio == 1.0 else f", trained branches varying {self.ratio:g} times as much"
        return f"{arms}, {visits} per branch and period{spread}"

    @property
    def _spread(self) -> float:
        """Standard deviation of a comparison branch's change."""
        return {"score": 2.0, "duration": 0.15, "proportion": 0.05, "rate": 0.15}[self.kind]

    def _swings(self, rng: np.random.Generator, count: int) -> Floats:
        if self.kind == "duration":
            return self._spread * (rng.exponential(1.0, count) - 1.0)
        if self.kind == "proportion":
            return self._spread * np.sqrt(3.0) * rng.uniform(-1.0, 1.0, count)
        return self._spread * rng.normal(0.0, 1.0, count)

    def _values(self, rng: np.random.Generator, branch: NDArray[np.intp], moved: Floats) -> Floats:
        count, rows = self.trained + self.comparison, len(branch)
        if self.kind == "score":
            return BASE_SCORE + rng.normal(0.0, 6.0, count)[branch] + moved + rng.normal(0.0, 4.0, rows)
        if self.kind == "proportion":
            level = BASE_SHARE + 0.1 * rng.uniform(-1.0, 1.0, count)
            return (rng.random(rows) < level[branch] + moved).astype(np.float64)
        level = np.log(180.0) + rng.normal(0.0, 0.25, count)
        skewed = 0.5 * (rng.gamma(2.0, 1.0, rows) - 2.0) / np.sqrt(2.0)
        return np.asarray(np.exp(level[branch] + moved + skewed))

    def _counts(self, rng: np.random.Generator, made: Observations, moved: Floats) -> Observations:
        """Overdispersed counts (variance three times the mean) of months; branches differ in size by e."""
        count = self.trained + self.comparison
        size = 3_000.0 * np.exp(rng.normal(0.0, 1.0, count))[made.branch]
        exposure = size * np.exp(rng.normal(0.0, 0.15, len(size)))
        rate = 0.002 * np.exp(rng.normal(0.0, 0.4, count))[made.branch]
        mean = exposure * rate * np.exp(moved)
        value = rng.poisson(2.0 * rng.gamma(mean / 2.0)).astype(np.float64)
        return replace(made, value=value, exposure=exposure)


def _leaning(rng: np.random.Generator, treated: NDArray[np.bool_], labels: int) -> NDArray[np.intp]:
    """(n,) labels, all as common, but the later ones commoner among treated rows."""
    weight = 1.0 + np.outer(treated, np.arange(labels))
    draw = rng.random(len(treated))[:, None] * weight.sum(axis=1, keepdims=True)
    return np.asarray((np.cumsum(weight, axis=1) < draw).sum(axis=1), dtype=np.intp)


@dataclass(frozen=True)
class Dated:
    """Branches trained at different dates, one row per visit.

    Parameters
    ----------
    cohorts : branches by first trained period; those at `periods` are not trained within the data
    periods : of measurement, one day each
    visits : fewest and most per branch and period
    ratio : standard deviation of the first cohort's swings over that of the others
    missing : share of branch-periods without a visit
    """

    cohorts: tuple[tuple[int, int], ...]
    periods: int
    visits: tuple[int, int] = (4, 4)
    ratio: float = 1.0
    missing: float = 0.0

    def told(self) -> str:
        """The pilot in words."""
        low, high = self.visits
        visits = f"{low} visits" if low == high else f"{low} to {high} visits"
        cohorts = ", ".join(
            f"{many} never" if first >= self.periods else f"{many} from period {first + 1}"
            for first, many in self.cohorts
        )
        gaps = f", {100.0 * self.missing:.0f} % of branch-periods without a visit" if self.missing else ""
        spread = "" if self.ratio == 1.0 else f", the first varying {self.ratio:g} times as much"
        return f"{self.periods} periods; branches trained: {cohorts}; {visits} each{gaps}{spread}"

    def observations(self, rng: np.random.Generator, effect: float) -> Observations:
        """One pilot; a branch's periods depend on one another (autocorrelation 0.5)."""
        start = np.concatenate([np.full(many, first) for first, many in self.cohorts])
        start = rng.permutation(start)
        count, shape = len(start), (len(start), self.periods)
        spread = np.where(start == start.min(), self.ratio, 1.0)
        swing = np.empty(shape)
        last = rng.normal(0.0, 2.0, count)
        for period in range(self.periods):
            swing[:, period] = last
            last = 0.5 * last + np.sqrt(0.75) * rng.normal(0.0, 2.0, count)
        level = BASE_SCORE + rng.normal(0.0, 5.0, (count, 1)) + rng.normal(0.0, 1.0, self.periods)
        level += spread[:, None] * swing + effect * (np.arange(self.periods) >= start[:, None])
        n = rng.integers(self.visits[0], self.visits[1] + 1, shape)
        n[rng.random(shape) < self.missing] = 0
        cell = np.repeat(np.arange(level.size), n.ravel())
        branch, period = cell // self.periods, cell % self.periods
        days = np.datetime64("2024-01-01") + np.arange(self.periods + 1)
        own = days[np.minimum(start, self.periods)].copy()
        own[start >= self.periods] = np.datetime64("NaT")
        return Observations(
            branches=names(count),
            trained=start < self.periods,
            branch=branch,
            period=np.where(period >= start[branch], AFTER, BEFORE).astype(np.int8),
            value=level.ravel()[cell] + rng.normal(0.0, 4.0, len(cell)),
            date=days[period],
            trained_on=own,
            rows=len(cell),
        )


@dataclass(frozen=True)
class Months:
    """One branch in many months, with a trend.

    Parameters
    ----------
    before, after : months
    rho : autocorrelation of one month with the next
    kind : score, or rate with about 180 events a month
    """

    before: int
    after: int
    rho: float = 0.0
    kind: str = "score"

    def told(self) -> str:
        """The pilot in words."""
        return f"{self.before} months before and {self.after} after, autocorrelation {self.rho:g}"

    def observations(self, rng: np.random.Generator, effect: float) -> Observations:
        """One series; `effect` is a step."""
        count = self.before + self.after
        noise = rng.normal(size=count + 40)
        for place in range(1, len(noise)):
            noise[place] += self.rho * noise[place - 1]
        time = np.arange(count) - self.before
        moved = noise[40:] * np.sqrt(1.0 - self.rho**2) + 0.02 * time
        after = time >= 0
        value, exposure = 60.0 + moved + effect * after, None
        if self.kind == "rate":
            exposure = rng.uniform(9e3, 1.1e4, count)
            value = rng.poisson(exposure * np.exp(-4.0 + 0.12 * moved + effect * after)).astype(np.float64)
        days = (np.datetime64("2019-01") + np.arange(count)).astype("datetime64[D]")
        return Observations(
            branches=names(1),
            trained=np.ones(1, dtype=np.bool_),
            branch=np.zeros(count, dtype=np.intp),
            period=np.where(after, AFTER, BEFORE).astype(np.int8),
            value=value,
            exposure=exposure,
            date=days,
            trained_on=days[[self.before]],
            rows=count,
        )


@dataclass(frozen=True)
class Scenario:
    """What is made up, how it is analysed, and what is claimed of it.

    Parameters
    ----------
    name : heading in docs/calibration.md
    pilot : what makes the data
    effect : for coverage and power, on the scale of the analysis (in shares for proportions)
    plan : of the analysis
    beside : further methods, entries of `study.BESIDE`
    equal : whether all branches vary alike; the claimed limit is higher where they do not
    claimed : the method whose size is claimed; by default the primary one
    """

    name: str
    pilot: Pilot | Dated | Months | Queue
    effect: float
    plan: AnalysisPlan
    beside: tuple[str, ...] = ()
    equal: bool = True
    claimed: str = ""

    def observations(self, run: int, effect: float) -> Observations:
        """The pilot of one run: its noise is the same whatever the effect."""
        seed = [sum(self.name.encode()), len(self.name), run]
        return self.pilot.observations(np.random.default_rng(seed), effect)


EFFECTS = {"score": 5.0, "duration": -0.3, "proportion": 0.12, "rate": -0.4}


def two_periods(name: str, pilot: Pilot, *, beside: tuple[str, ...] = (), **choices: str) -> Scenario:
    plan = AnalysisPlan(
        outcome="x",
        kind=pilot.kind,
        design="difference_in_differences" if pilot.comparison else "before_after",
        draws=DRAWS,
        **choices,
    )
    return Scenario(name, pilot, EFFECTS[pilot.kind], plan, beside, pilot.ratio == 1.0)


PEERS = ("peers",)
TWO_PERIODS = (
    two_periods("three against three", Pilot(3, 3, (3, 5)), beside=("bca", *PEERS)),
    two_periods("six against six, three to thirty visits", Pilot(6, 6, (3, 30)), beside=("bca", *PEERS)),
    two_periods("three of twelve", Pilot(3, 9), beside=PEERS),
    two_periods("three of twelve, varying three times as much", Pilot(3, 9, ratio=3.0), beside=PEERS),
    two_periods("four of twenty", Pilot(4, 16), beside=("bca", *PEERS)),
    two_periods(
        "four of twenty, varying three times as much", Pilot(4, 16, ratio=3.0), beside=("bca", *PEERS)
    ),
    two_periods("ten of twenty, three to thirty visits", Pilot(10, 10, (3, 30)), beside=("bca", *PEERS)),
    two_periods(
        "rows of ten of twenty, three to thirty visits",
        Pilot(10, 10, (3, 30)),
        beside=PEERS,
        weights="observation",
    ),
    two_periods(
        "twelve of forty, varying twice as much", Pilot(12, 28, (3, 30), ratio=2.0), beside=("bca", *PEERS)
    ),
    two_periods(
        "ten of twenty, yes or no, three visits", Pilot(10, 10, (3, 3), kind="proportion"), beside=PEERS
    ),
    two_periods("ten of twenty, skewed times", Pilot(10, 10, (3, 10), kind="duration"), beside=PEERS),
    two_periods("twenty of forty, skewed times", Pilot(20, 20, (3, 10), kind="duration"), beside=PEERS),
    two_periods(
        "six of eighteen, skewed times that vary twice as much",
        Pilot(6, 12, (3, 10), ratio=2.0, kind="duration"),
        beside=PEERS,
    ),
    two_periods("six trained branches alone", Pilot(6, 0, (3, 30)), beside=("bca", *PEERS)),
    two_periods(
        "twenty trained branches alone, skewed times", Pilot(20, 0, (3, 10), kind="duration"), beside=PEERS
    ),
)
ADJUSTED = (
    two_periods(
        "ten of twenty at random, analysed by ancova",
        Pilot(10, 10),
        estimator="ancova",
        allocation="random",
    ),
    two_periods("ten of twenty with a covariate", Pilot(10, 10, covariate=True)),
    two_periods("four of twelve with a covariate", Pilot(4, 8, covariate=True)),
    replace(
        two_periods(
            "ten of twenty, severer auditors in one arm", Pilot(10, 10, auditors=6), beside=("two_way",)
        ),
        claimed="two_way",
    ),
    replace(
        two_periods(
            "ten of twenty, slower operations after training",
            Pilot(10, 10, kind="duration", operations=4),
            beside=("mix",),
        ),
        claimed="mix",
    ),
)
LOOKS = (
    replace(
        two_periods("twelve of twenty four, looked at twice", Pilot(12, 12), beside=("lan_demets",)),
        claimed="lan_demets",
    ),
)
RATES = (
    two_periods("rates of six against six", Pilot(6, 6, kind="rate"), beside=PEERS),
    two_periods("rates of three of twelve", Pilot(3, 9, kind="rate"), beside=PEERS),
    two_periods(
        "rates of four of twelve, varying three times as much",
        Pilot(4, 8, ratio=3.0, kind="rate"),
        beside=PEERS,
    ),
    two_periods("rates of twenty four of forty four", Pilot(24, 20, kind="rate"), beside=PEERS),
    two_periods("rates of twenty trained branches alone", Pilot(20, 0, kind="rate"), beside=PEERS),
)


def dated(name: str, design: str, pilot: Dated, effect: float) -> Scenario:
    plan = AnalysisPlan(outcome="x", design=design, draws=DRAWS, allocation="random")
    return Scenario(name, pilot, effect, plan, equal=pilot.ratio == 1.0)


STAGGERED = tuple(
    dated(f"staggered: {words}", "staggered", pilot, 5.0)
    for words, pilot in (
        ("six, two at each of two dates", Dated(((2, 2), (4, 2), (6, 2)), 6)),
        ("twelve, four at each of two dates", Dated(((2, 4), (4, 4), (6, 4)), 6)),
        ("four trained of twenty", Dated(((2, 2), (4, 2), (6, 16)), 6)),
        (
            "four trained of twenty, two varying three times as much",
            Dated(((2, 2), (4, 2), (6, 16)), 6, ratio=3.0),
        ),
        (
            "twenty, five at each of three dates, a tenth missing",
            Dated(((1, 5), (2, 5), (4, 5), (6, 5)), 6, missing=0.1),
        ),
        ("forty, three to thirty visits", Dated(((1, 10), (2, 10), (4, 10), (6, 10)), 6, (3, 30))),
    )
)
WEDGES = tuple(
    dated(f"stepped wedge: {words}", "stepped_wedge", pilot, 4.0)
    for words, pilot in (
        ("six, three dates", Dated(((1, 2), (2, 2), (3, 2)), 4)),
        ("twelve, four dates", Dated(((1, 3), (2, 3), (3, 3), (4, 3)), 5)),
        (
            "twelve, four dates, a tenth missing",
            Dated(((1, 3), (2, 3), (3, 3), (4, 3)), 5, (3, 30), missing=0.1),
        ),
        ("twenty, four dates", Dated(((1, 5), (2, 5), (3, 5), (4, 5)), 5, (3, 10))),
    )
)


def series(name: str, pilot: Months, effect: float, claimed: str = "") -> Scenario:
    plan = AnalysisPlan(
        outcome="x", kind=pilot.kind, design="interrupted_time_series", time_unit="month", draws=DRAWS
    )
    return Scenario(name, pilot, effect, plan, claimed=claimed)


SERIES = (
    series("series of 36 and 24 months, autocorrelated", Months(36, 24, 0.3), 3.0),
    series("series of counts, 36 and 24 months", Months(36, 24, kind="rate"), -0.36, VERDICT),
    series(
        "series of counts, 36 and 24 months, autocorrelated",
        Months(36, 24, 0.3, "rate"),
        -0.36,
        claimed=VERDICT,
    ),
)


def censored(name: str, pilot: Queue) -> Scenario:
    plan = AnalysisPlan(outcome="x", kind="duration", limit=CAP, draws=DRAWS)
    return Scenario(name, pilot, SHORTER, plan)


WAITS = (
    censored("waits given up, six against six", Queue("", 6, 6)),
    censored("waits given up, ten of twenty", Queue("", 10, 10, (15, 60))),
)
SCENARIOS = TWO_PERIODS + ADJUSTED + LOOKS + RATES + STAGGERED + WEDGES + SERIES + WAITS
