"""What a pilot of given size could find, from what is known or assumed of how branches vary."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, fdtrc

from pilot_eval.domain.outcomes import OUTCOMES, Better
from pilot_eval.stats.families import interval_level
from pilot_eval.stats.looks import looks_of
from pilot_eval.stats.power import (
    Precision,
    Spread,
    Study,
    can_reject,
    detectable_effect,
    fewest_branches,
    patterns,
    power,
    precision_of,
    required_branches,
    required_visits,
    resized,
)
from pilot_eval.stats.results import Caution, ConfidenceInterval, NotEstimable
from pilot_eval.stats.variance_components import VarianceComponents

Floats = NDArray[np.float64]

FEW_BRANCHES = 6  # in the smaller arm, as in an evaluation
FEW_BEHIND = 10  # degrees of freedom behind variances estimated from data
ENOUGH_PATTERNS = 4  # per 1 / (1 - level): below, permutations and signs find less than t does
LARGEST_FALL = 2.0  # log rate ratio up to which events become rarer; a fall of 86 per cent
_ROUNDS, _SETTLED = 60, 1e-6  # of an effect and its own spread
UNLIKELY = 0.05  # p-value of the F test below which arms are said to vary unequally
UNEVEN = 0.55  # assumed coefficient of variation of visits, above which 1 + cv^2 says too little
BRANCHES = (4, 6, 8, 10, 14, 20, 28, 40, 60, 80, 120, 200, 400, 1000)
VISITS = (1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100)
BELOW, ABOVE = 3, 4  # sizes of these beside the asked one
HOPELESS = math.log(1_000.0)  # of a ratio
LARGEST_TOLD = 12.0  # log ratio; the curve ends below it
CURVE_POINTS = 17
CURVE_END = 1.6  # in detectable effects


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of how values vary.

    Parameters
    ----------
    spread : variances on the analysis scale
    before : mean before training, in the outcome's own unit (seconds, share in per cent); None where unknown
    components : what the spread was estimated by; None where it was assumed
    lognormal : whether the spread of logarithms was worked out from that of seconds
    """

    spread: Spread
    before: float | None = None
    components: VarianceComponents | None = None
    lognormal: bool = False

    @property
    def of_single_visits(self) -> bool:
        """Whether the data had one visit per branch and period, so that more visits cannot be judged."""
        return self.components is not None and self.components.visit is None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a pilot to come.

    Parameters
    ----------
    study : its branches and visits
    kind, better : as in an evaluation
    estimator : change or ancova
    level : confidence level of the evaluation
    power : probability with which an effect should be found
    primary : outcomes that are to hold together
    looks : shares of the information at which the plan looks
    smallest_effect : smallest effect of interest in the kind's unit
    """

    study: Study
    kind: str
    better: Better
    estimator: str = "change"
    level: float = 0.95
    power: float = 0.8
    primary: int = 1
    looks: tuple[float, ...] = ()
    smallest_effect: float | None = None

    @property
    def last_level(self) -> float:
        """Level of the interval that decides: of one of several outcomes, at the last look."""
        return _last_level(self.level, self.primary, self.looks)


@lru_cache(maxsize=64)
def _last_level(level: float, primary: int, looks: tuple[float, ...]) -> float:
    own = interval_level(level, primary)
    return looks_of(looks, own).level_of(len(looks)) if looks else own


@dataclass(frozen=True, slots=True)
class Size:
    """One size with the smallest effect that it finds, on the analysis scale."""

    study: Study
    effect: float


@dataclass(frozen=True, slots=True)
class Sizing:
    """The answer to a question.

    Parameters
    ----------
    question, known : what was asked, of what
    precision : of the study asked about
    detectable : smallest effect that it finds with the wanted power, on the analysis scale
    interval : of `detectable`, as far as the variances are known from data
    sizes : other sizes, by branches and visits
    effects, powers : (n,) power against effect
    smallest_power : probability of finding the smallest effect of interest
    branches : smallest study with as many visits that finds it
    visits : fewest visits to as many branches that find it
    cautions : what to know beside the numbers
    """

    question: Question
    known: Known
    precision: Precision
    detectable: float
    interval: ConfidenceInterval | None
    sizes: tuple[Size, ...]
    effects: Floats
    powers: Floats
    smallest_power: float | None
    branches: Study | None
    visits: int | None
    cautions: tuple[Caution, ...]

    @property
    def room(self) -> float:
        """The largest effect that there is room for."""
        return room_of(self.known, self.question)

    def told(self, effect: float) -> float | None:
        """An effect on the analysis scale in the unit of the smallest effect of interest.

        None where a ratio is beyond anything that could be meant.
        """
        if _is_ratio(self.question) and effect > LARGEST_TOLD:
            return None
        return effect_in_unit(effect, self.question.kind, self.question.better)

    def percent(self, effect: float) -> float | None:
        """The effect in per cent of the level before, towards the better; None where that is unknown."""
        if _is_ratio(self.question):
            return self.told(effect)
        before = self.known.before
        return None if before is None or before <= 0.0 else 100.0 * effect / before


def room_of(known: Known, question: Question) -> float:
    """The largest effect that a share has room for, in percentage points; inf for other kinds."""
    if question.kind != "proportion" or known.before is None:
        return math.inf
    return 100.0 - known.before if question.better is Better.HIGHER else known.before


def size_pilot(known: Known, question: Question) -> Sizing | NotEstimable:
    """What the pilot asked about would find, beside pilots of other sizes.

    Returns
    -------
    Sizing or NotEstimable
        The latter where only a change by the factor of a thousand would be found.

    Raises
    ------
    ValueError
        If the study cannot be analysed, or the power is not between 1 - level and 1, or the orders of a
        stepped wedge are so few that none could be rare enough.
    """
    study, level = question.study, question.last_level
    if study.steps and not can_reject(study, level):
        raise ValueError(f"with {patterns(study)} orders of crossing no effect could be rare enough")
    detectable = _detectable(known, question, study)
    if _is_ratio(question) and detectable > HOPELESS:
        return NotEstimable("nothing_to_find", {"n": study.trained + study.comparison})
    precision = _precision(known, question, study, detectable)
    effects = np.linspace(0.0, CURVE_END * detectable, CURVE_POINTS)
    smallest = _smallest_effect(question)
    branches, visits = _required(known, question, smallest)
    return Sizing(
        question=question,
        known=known,
        precision=precision,
        detectable=detectable,
        interval=_uncertainty(known, question, detectable),
        sizes=tuple(_size(known, question, other) for other in _others(known, question)),
        effects=effects,
        powers=np.array([_power(known, question, effect) for effect in effects.tolist()]),
        smallest_power=None if smallest is None else _power(known, question, smallest),
        branches=branches,
        visits=visits,
        cautions=_cautions(known, question, detectable),
    )


def _is_ratio(question: Question) -> bool:
    return OUTCOMES[question.kind].scale != "difference"


def effect_in_unit(effect: float, kind: str, better: Better) -> float:
    """The size of an effect on the analysis scale, in the unit of the smallest effect of interest.

    Points, percentage points, per cent of speed (of time, where longer is better), per cent of a rate. Ratios
    are told as changes towards the better.
    """
    if OUTCOMES[kind].scale == "difference":
        return effect
    if kind == "rate" and better is Better.LOWER:
        return -100.0 * math.expm1(-effect)
    return 100.0 * math.expm1(effect)


def effect_on_scale(told: float, kind: str, better: Better) -> float:
    """The inverse of `effect_in_unit`.

    Raises
    ------
    ValueError
        If a rate is to fall by 100 per cent or more.
    """
    if OUTCOMES[kind].scale == "difference":
        return told
    if kind == "rate" and better is Better.LOWER:
        if told >= 100.0:
            raise ValueError("a rate cannot fall by 100 per cent or more")
        return -math.log1p(-told / 100.0)
    return math.log1p(told / 100.0)


def _smallest_effect(question: Question) -> float | None:
    if question.smallest_effect is None:
        return None
    return effect_on_scale(question.smallest_effect, question.kind, question.better)


def _size(known: Known, question: Question, study: Study) -> Size:
    return Size(study, _detectable(known, question, study))


def _detectable(known: Known, question: Question, study: Study) -> float:
    """The effect that the study finds, its spread being that under this very effect."""
    effect = 0.0
    for _ in range(_ROUNDS):
        made = _precision(known, question, study, effect)
        found = detectable_effect(made, question.last_level, question.power)
        if abs(found - effect) <= _SETTLED * found:
            break
        effect = found
    return found


def _power(known: Known, question: Question, effect: float) -> float:
    made = _precision(known, question, question.study, effect)
    return float(power(effect, made, question.last_level)[0])


def _precision(known: Known, question: Question, study: Study, effect: float) -> Precision:
    return precision_of(_spread_under(known, question, effect), study, question.estimator)


def _spread_under(known: Known, question: Question, effect: float) -> Spread:
    """The spread under an effect towards the better: a share varies by p (1 - p), a rate by its events."""
    spread, before = known.spread, known.before
    if question.kind == "rate":
        moved = min(effect, LARGEST_FALL) if question.better is Better.LOWER else -effect
        return replace(spread, visit_trained=spread.visit * math.exp(moved))
    if question.kind != "proportion" or before is None or not 0.0 < before < 100.0:
        return spread
    share = before + (effect if question.better is Better.HIGHER else -effect)
    share = min(max(share, 0.0), 100.0)
    ratio = share * (100.0 - share) / (before * (100.0 - before))
    return replace(spread, visit_trained=spread.visit * ratio)


def _others(known: Known, question: Question) -> list[Study]:
    """Studies with more and fewer branches and visits, the asked one among them."""
    study = question.study
    total = study.trained + study.comparison
    fewest = fewest_branches(study, question.estimator)
    totals = _around(total, tuple(n for n in BRANCHES if n >= fewest))
    totals = [n for n in totals if n == total or can_reject(resized(study, int(n)), question.last_level)]
    visits: list[float] = [study.visits]
    if question.kind == "rate":
        visits = [study.visits * factor for factor in (0.25, 0.5, 1.0, 2.0, 4.0)]
    elif not known.of_single_visits:
        visits = _around(study.visits, VISITS)
    sizes = {n: study if n == total else resized(study, int(n)) for n in totals}
    return [replace(sizes[n], visits=count) for n in totals for count in visits]


def _around(asked: float, ladder: tuple[int, ...]) -> list[float]:
    below = [float(step) for step in ladder if step < asked][-BELOW:]
    above = [float(step) for step in ladder if step > asked][:ABOVE]
    return [*below, float(asked), *above]


def _required(known: Known, question: Question, smallest: float | None) -> tuple[Study | None, int | None]:
    """The smallest study with as many visits, and the fewest visits, that find the smallest effect."""
    if smallest is None:
        return None, None
    spread = _spread_under(known, question, smallest)
    asked = {"level": question.last_level, "wanted": question.power}
    estimator = question.estimator
    branches = required_branches(spread, question.study, smallest, **asked, estimator=estimator)
    if known.of_single_visits:
        return branches, None
    return branches, required_visits(spread, question.study, smallest, **asked, estimator=estimator)


def _uncertainty(known: Known, question: Question, detectable: float) -> ConfidenceInterval | None:
    """Interval of the detectable effect from the chi-squared distribution of the variance of changes.

    References
    ----------
    Satterthwaite 1946, Biometrics Bulletin 2(6), for the degrees of freedom of the combined mean squares.
    """
    found = known.components
    if found is None:
        return None
    mean, lasting = known.spread.of_means(question.study.visits)
    variance = 2.0 * (mean - lasting)
    moved = variance - found.change_variance  # by the visits' variance, in other numbers than in the data
    squares = found.change_variance**2 / found.change_df
    squares += moved**2 / found.visit_df if found.visit is not None and found.visit_df > 0 else 0.0
    df = variance**2 / squares
    tail = (1.0 - question.level) / 2.0
    low, high = (math.sqrt(df / float(chdtri(df, part))) for part in (tail, 1.0 - tail))
    return ConfidenceInterval(detectable * low, detectable * high)


def _cautions(known: Known, question: Question, detectable: float) -> tuple[Caution, ...]:
    study, found = question.study, known.components
    smaller = min(study.trained, study.comparison or study.trained)
    cautions = []
    if not study.comparison and not study.steps:
        cautions.append(Caution("no_comparison_group"))
    if study.steps:
        smaller = study.trained + study.comparison
    if not can_reject(study, question.last_level):
        cautions.append(Caution("checks_cannot_agree", {"n": patterns(study)}))
    elif patterns(study) < ENOUGH_PATTERNS / (1.0 - question.last_level):
        code = "few_orders_planned" if study.steps else "checks_seldom_agree"
        cautions.append(Caution(code, {"n": patterns(study)}))
    if smaller < FEW_BRANCHES:
        cautions.append(Caution("few_branches_planned", {"n": smaller}))
    if found is not None and found.change_df < FEW_BEHIND:
        cautions.append(Caution("few_branches_behind_plan", {"n": found.branches}))
    if known.of_single_visits:
        cautions.append(Caution("single_visits_behind_plan"))
    if found is not None and found.visit is not None and found.branch_period.raw < 0.0:
        cautions.append(Caution("swing_below_zero"))
    if known.lognormal:
        cautions.append(Caution("lognormal_assumed"))
    ratio = _unequal(found)
    if ratio is not None:
        cautions.append(Caution("arms_vary_unequally", {"ratio": ratio}))
    if found is None and not known.spread.pooled and known.spread.unevenness > 1.0 + UNEVEN**2:
        cautions.append(Caution("visits_vary_much"))
    room = room_of(known, question)
    if detectable > room:
        cautions.append(Caution("no_room_for_effect", {"room": room}))
    if question.smallest_effect is not None and question.smallest_effect > room:
        cautions.append(Caution("no_room_for_smallest_effect", {"room": room}))
    return tuple(cautions)


def _unequal(found: VarianceComponents | None) -> float | None:
    """How many times more one arm's changes vary than the other's, where that is hardly chance."""
    if found is None or len(found.arm_variances) < 2:
        return None
    (small, small_df), (large, large_df) = sorted(found.arm_variances)
    if small <= 0.0:
        return None
    ratio = large / small
    return ratio if 2.0 * float(fdtrc(large_df, small_df, ratio)) < UNLIKELY else None
