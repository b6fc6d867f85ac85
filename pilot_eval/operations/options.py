"""The options of an evaluation: what they mean together, and what is refused by name."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.outcomes import (
    DESIGNS,
    DESIGNS_OF_TWO_PERIODS,
    DESIGNS_WITH_DATES,
    OUTCOMES,
    OUTCOMES_LATER,
    WITHOUT_COMPARISON,
    Better,
)
from pilot_eval.engines.columns import Reading
from pilot_eval.reports.parts import PARTS
from pilot_eval.stats.looks import are_looks, looks_of
from pilot_eval.stats.plan import AnalysisPlan

WEIGHTS = ("branch", "observation")
ESTIMATORS = ("change", "ancova")
ALLOCATIONS = ("random", "chosen")
TIME_UNITS = ("week", "month", "quarter")
FEWEST_DRAWS = 99
MOST_DRAWS = 10_000_000
LOWEST_LEVEL = 0.5
NETWORK = 42_000  # branches that a roll-out would reach, unless said


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `evaluate`, by the same names and with the same meaning."""

    outcome: str
    kind: str = "score"
    design: str = "difference_in_differences"
    exposure: str | None = None
    censored: str | None = None
    closed: str | None = None
    limit: float | None = None
    strata: str | None = None
    operation: str | None = None
    auditor: str | None = None
    pair: str | None = None
    daypart: str | None = None
    entered: str | None = None
    covariates: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    facility: tuple[str, ...] = ()
    weights: str = "branch"
    estimator: str = "change"
    allocation: str | None = None
    better: str | None = None
    smallest_effect: float | None = None
    minimum_branches: int | None = None
    minimum_observations: int | None = None
    time_unit: str | None = None
    season: bool = False
    slope_change: bool = False
    target: float | None = None
    looks: tuple[float, ...] = ()
    look: int | None = None
    network: int = NETWORK
    level: float = 0.95
    draws: int = 9999
    seed: int = 1
    with_parts: tuple[str, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether the design needs a date for each row."""
        return self.design in DESIGNS_WITH_DATES

    @property
    def parts(self) -> tuple[str, ...]:
        """What is told beside the effect: what was asked for, and the mix where operations are named."""
        with_mix = self.operation is not None and not self.dated
        return (("mix",) if with_mix and "mix" not in self.with_parts else ()) + self.with_parts


@dataclass(frozen=True, slots=True)
class Misuse:
    """An option that does not go with another.

    Parameters
    ----------
    option : its name
    asked : whether these options misuse it
    what : what it needs
    """

    option: str
    asked: Callable[[Options], object]
    what: Message


PARTS_OF_RATES = {"ranking", "sensitivity", "threats"}
# What would take a rate for a mean.
NOT_WITH_RATES: dict[str, Callable[[Options], object]] = {
    "--strata": lambda o: o.strata is not None,
    "--weights observation": lambda o: o.weights == "observation",
    "--estimator ancova": lambda o: o.estimator == "ancova",
    "--operation": lambda o: o.operation is not None,
    "--covariates": lambda o: o.covariates,
    "--items": lambda o: o.items,
    "--with": lambda o: set(o.with_parts) - PARTS_OF_RATES,
    "--design staggered": lambda o: o.design == "staggered",
    "--design stepped_wedge": lambda o: o.design == "stepped_wedge",
}

# What would take a time that was broken off for a whole one.
PARTS_OF_CENSORED = {"sensitivity", "threats"}
NOT_WITH_CENSORED: dict[str, Callable[[Options], object]] = {
    "--weights observation": lambda o: o.weights == "observation",
    "--covariates": lambda o: o.covariates,
    "--estimator ancova": lambda o: o.estimator == "ancova",
    "--operation": lambda o: o.operation is not None,
    "--target": lambda o: o.target is not None,
    "--with": lambda o: set(o.with_parts) - PARTS_OF_CENSORED,
}


# Options that speak to these parts alone.
OF_PARTS: dict[str, tuple[Callable[[Options], object], tuple[str, ...]]] = {
    "--auditor": (lambda o: o.auditor is not None, ("reliability", "sensitivity", "threats")),
    "--pair": (lambda o: o.pair is not None, ("reliability",)),
    "--daypart": (lambda o: o.daypart is not None, ("threats",)),
    "--entered": (lambda o: o.entered is not None, ("threats",)),
    "--items": (lambda o: o.items and not o.facility, ("items", "reliability", "sensitivity")),
    "--facility": (lambda o: o.facility, ("reliability", "threats")),
    "--closed": (lambda o: o.closed is not None, ("sensitivity",)),
    "--network": (lambda o: o.network != NETWORK, ("roll_out",)),
}

MISUSES = (
    Misuse(
        "--with bootstrap",
        lambda o: (
            "bootstrap" in o.with_parts and (o.design not in DESIGNS_OF_TWO_PERIODS or o.kind == "rate")
        ),
        Message("goes with designs of two periods, and not with --kind rate"),
    ),
    Misuse(
        "--strata",
        lambda o: o.strata is not None and o.design != "difference_in_differences",
        Message("needs comparison branches: --design difference_in_differences"),
    ),
    Misuse(
        "--strata",
        lambda o: o.strata in ("branch", "arm", "period", o.outcome),
        Message("must be another column than branch, arm, period and the outcome"),
    ),
    Misuse(
        "--exposure", lambda o: o.exposure is not None and o.kind != "rate", Message("goes with --kind rate")
    ),
    Misuse(
        "--exposure",
        lambda o: o.exposure is not None and o.exposure == o.outcome,
        Message("must be another column than the outcome"),
    ),
    Misuse(
        "--covariates",
        lambda o: o.outcome in o.covariates,
        Message("must be another column than the outcome"),
    ),
    Misuse("--kind", lambda o: o.kind == "rate" and o.exposure is None, Message("rate needs --exposure COL")),
    Misuse("--censored", lambda o: o.censored and o.kind != "duration", Message("goes with --kind duration")),
    Misuse(
        "--censored",
        lambda o: o.censored and o.dated,
        Message("goes with designs of two periods: before_after, difference_in_differences"),
    ),
    Misuse(
        "--closed",
        lambda o: (
            o.closed is not None
            and (o.design not in DESIGNS_OF_TWO_PERIODS or o.kind not in ("score", "proportion"))
        ),
        Message("goes with scores and proportions in designs of two periods"),
    ),
    Misuse("--limit", lambda o: o.limit is not None and not o.censored, Message("goes with --censored COL")),
    Misuse(
        "--target",
        lambda o: o.target is not None and o.kind != "duration",
        Message("goes with --kind duration"),
    ),
    Misuse(
        "--target",
        lambda o: o.target is not None and "quantiles" not in o.with_parts,
        Message("needs --with quantiles, which tells the share within it"),
    ),
    Misuse(
        "--with quantiles",
        lambda o: (
            "quantiles" in o.with_parts
            and (o.design not in DESIGNS_OF_TWO_PERIODS or o.kind not in ("score", "duration"))
        ),
        Message("goes with scores and durations in designs of two periods"),
    ),
    Misuse(
        "--with quantiles",
        lambda o: (
            "quantiles" in o.with_parts
            and (o.covariates or o.estimator == "ancova" or o.censored is not None)
        ),
        Message("tells of plain values: not with --covariates, --estimator ancova or --censored"),
    ),
    Misuse(
        "--facility", lambda o: o.facility and not o.items, Message("needs --items, of which it names some")
    ),
    Misuse(
        "--time-unit",
        lambda o: o.time_unit is not None and not (o.dated or {"event_study", "threats"} & set(o.with_parts)),
        Message("goes with a design that has dates, --with event_study or --with threats"),
    ),
    Misuse(
        "--season",
        lambda o: o.season and o.design != "interrupted_time_series",
        Message("goes with --design interrupted_time_series"),
    ),
    Misuse(
        "--slope-change",
        lambda o: o.slope_change and o.design != "interrupted_time_series",
        Message("goes with --design interrupted_time_series"),
    ),
    Misuse(
        "--estimator",
        lambda o: o.estimator == "ancova" and o.design != "difference_in_differences",
        Message("ancova needs comparison branches: --design difference_in_differences"),
    ),
    Misuse(
        "--estimator",
        lambda o: o.estimator == "ancova" and o.allocation != "random",
        Message("ancova is right only where branches were drawn at random: --allocation random"),
    ),
    Misuse(
        "--estimator",
        lambda o: o.estimator == "ancova" and o.weights == "observation",
        Message("ancova works with the means of branches: --weights branch"),
    ),
    Misuse(
        "--covariates",
        lambda o: o.covariates and o.design != "difference_in_differences",
        Message("needs comparison branches: --design difference_in_differences"),
    ),
    Misuse(
        "--with mix",
        lambda o: "mix" in o.with_parts and (o.dated or o.operation is None),
        Message("needs --operation COL and a design of two periods"),
    ),
    Misuse(
        "--operation",
        lambda o: o.operation is not None and o.dated and "threats" not in o.with_parts,
        Message("needs a design of two periods, or --with threats"),
    ),
    Misuse("--look", lambda o: o.look is not None and not o.looks, Message("needs --looks")),
    Misuse("--looks", lambda o: o.looks and o.look is None, Message("needs --look, the number of this look")),
    Misuse(
        "--looks",
        lambda o: o.looks and not are_looks(o.looks),
        Message("must grow from above 0 to at most 1, at least 0.01 apart, such as 0.5,1"),
    ),
    Misuse(
        "--look",
        lambda o: o.looks and o.look is not None and not 1 <= o.look <= len(o.looks),
        Message("must be the number of one of the looks, the first being 1"),
    ),
    Misuse(
        "--weights",
        lambda o: o.weights == "observation" and o.dated,
        Message("observation does not go with a design that has dates"),
    ),
)


def checked(options: Options) -> Options:
    """The options, if they can be used together.

    Raises
    ------
    BadInput
        If an option is unknown, out of its limits or does not go with another.
    """
    _check_choices(options)
    _check_numbers(options)
    misused = [Problem(one.option, one.what) for one in MISUSES if one.asked(options)]
    if options.kind == "rate":
        refused = [name for name, is_asked in NOT_WITH_RATES.items() if is_asked(options)]
        misused += [Problem(name, Message("does not go with --kind rate")) for name in refused]
    if options.censored is not None:
        refused = [name for name, is_asked in NOT_WITH_CENSORED.items() if is_asked(options)]
        misused += [Problem(name, Message("does not go with --censored")) for name in refused]
    misused += _idle(options)
    if misused:
        raise BadInput(misused)
    return options


def _idle(options: Options) -> list[Problem]:
    """Options that would change nothing, because the part that reads them is not asked for."""
    return [
        Problem(name, Message("is read only by --with %(parts)s", parts=", ".join(parts)))
        for name, (is_asked, parts) in OF_PARTS.items()
        if is_asked(options) and not set(parts) & set(options.with_parts)
    ]


def plan_of(options: Options) -> AnalysisPlan:
    """The plan that these options ask for.

    Raises
    ------
    BadInput
        If an option is unknown, out of its limits or does not go with another.
    """
    options = checked(options)
    names = set(AnalysisPlan.__dataclass_fields__) & set(Options.__dataclass_fields__)
    plan = AnalysisPlan(**{name: getattr(options, name) for name in names})
    plan = replace(
        plan,
        weights="exposure" if options.kind == "rate" else options.weights,
        better=None if options.better is None else Better(options.better),
    )
    return plan if options.look is None else _at_look(plan, options.look)


def _at_look(plan: AnalysisPlan, look: int) -> AnalysisPlan:
    """The plan with the level that this look leaves for its intervals."""
    level = looks_of(plan.looks, plan.level).level_of(look)
    few = _too_few_draws(plan.draws, level)
    if few:
        raise BadInput(few)
    return replace(plan, level=level, level_of_looks=plan.level)


def reading_of(options: Options) -> Reading:
    """The columns that these options name; of options that were checked."""
    names = set(Reading.__dataclass_fields__) & set(Options.__dataclass_fields__)
    return Reading(
        measure=OUTCOMES[options.kind],
        with_comparison=options.design not in WITHOUT_COMPARISON,
        with_dates=bool(options.with_parts),
        **{name: getattr(options, name) for name in names},
        dated=options.dated,
    )


def _check_choices(options: Options) -> None:
    for option, value, allowed in (
        ("--kind", options.kind, (*OUTCOMES, *OUTCOMES_LATER)),
        ("--design", options.design, DESIGNS),
        ("--weights", options.weights, WEIGHTS),
        ("--estimator", options.estimator, ESTIMATORS),
        ("--allocation", options.allocation, ALLOCATIONS),
        ("--time-unit", options.time_unit, TIME_UNITS),
        ("--better", options.better, tuple(b.value for b in Better)),
    ):
        if value is not None and value not in allowed:
            raise _unknown(option, value, allowed)
    for part in options.with_parts:
        if part not in PARTS:
            raise _unknown("--with", part, PARTS)


def _unknown(option: str, value: str, allowed: Collection[str]) -> BadInput:
    near = difflib.get_close_matches(str(value), allowed, n=1)
    said = {"cell": repr(value), "allowed": ", ".join(allowed)}
    what = Message("%(cell)s is not known; expected %(allowed)s", **said)
    if near:
        what = Message(
            "%(cell)s is not known; expected %(allowed)s; did you mean %(near)s?", near=near[0], **said
        )
    return BadInput([Problem(option, what)])


def _check_numbers(options: Options) -> None:
    level, draws = options.level, options.draws
    problems = []
    if not LOWEST_LEVEL <= level < 1.0:
        problems.append(Problem("--level", _outside(level, LOWEST_LEVEL, 1)))
    if not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        problems.append(Problem("--draws", _outside(draws, FEWEST_DRAWS, MOST_DRAWS)))
    if not problems:
        problems += _too_few_draws(draws, level)
    if options.seed < 0:
        problems.append(Problem("--seed", Message("%(value)s is negative", value=options.seed)))
    for option, value in (
        ("--smallest-effect", options.smallest_effect),
        ("--limit", options.limit),
        ("--target", options.target),
    ):
        if value is not None and not (math.isfinite(value) and value > 0.0):
            problems.append(Problem(option, _not_above_zero(value)))
    for option, count in (
        ("--minimum-branches", options.minimum_branches),
        ("--minimum-observations", options.minimum_observations),
        ("--network", options.network),
    ):
        if count is not None and count < 1:
            problems.append(Problem(option, _not_above_zero(count)))
    if problems:
        raise BadInput(problems)


def _too_few_draws(draws: int, level: float) -> list[Problem]:
    """A problem where not even the rarest of so many draws would be rare enough."""
    if (draws + 1) * (1.0 - level) >= 1.0:
        return []
    what = Message(
        "%(draws)s are too few for level %(level)s: no draw could be rare enough", draws=draws, level=level
    )
    return [Problem("--draws", what)]


def _outside(value: float, low: float, high: float) -> Message:
    return Message("%(value)s is not between %(low)s and %(high)s", value=value, low=low, high=high)


def _not_above_zero(value: float) -> Message:
    return Message("%(value)s is not above 0", value=value)
