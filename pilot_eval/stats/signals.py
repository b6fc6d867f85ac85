"""What in a pilot's visits deserves a second look: copied, hurried or impossible visits, odd auditors.

Signals say where to look, not what is true: an excellent branch has nothing but the best answers, and a good
auditor may be severe. The limits are conventions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from pilot_eval.stats.families import holm
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.student import two_sided_pvalue
from pilot_eval.stats.two_way import LabelEffects, label_effects

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Bools = NDArray[np.bool_]
Place = tuple[float, float]

UNANSWERED = -1
_NOWHERE: tuple[Place, ...] = ((math.nan, math.nan),)
SECONDS_PER_ITEM = 2.0  # nobody reads and answers faster (Huang et al. 2012)
FEWEST_ANSWERS = 10  # below which answers are not compared
ALIKE = 0.9  # share of equal answers
SHORTEST_WAY = 600.0  # seconds between two branches, where the distance is not known
LONGEST_WAY = 24 * 3600.0  # beyond it no way is too long, wherever the branches are
FASTEST = 80 / 3.6  # metres a second as the crow flies, where it is known
EARTH_RADIUS = 6_371_000  # metres
LATE_SECONDS = 48 * 3600.0
FEWEST_CLOCK_TIMES = 10
HEAPED = 0.5  # share of typed minutes that are multiples of five; one in five by chance
UNLIKELY = 0.001
OUTLYING = 0.01  # of one in all auditors together, by Holm
FEWEST_VISITS = 5  # of an auditor whose scores are compared
APART = 5.0  # points between an auditor and the colleagues that matter
SPREAD_RATIO = 1.5  # of standard deviations


@dataclass(frozen=True, slots=True)
class Twin:
    """The visit of the same auditor that is most like this one.

    Parameters
    ----------
    other : (n,) its row; -1 where there is none
    equal, both : (n,) equal answers, and questions answered in both
    """

    other: Codes
    equal: Codes
    both: Codes

    @property
    def share(self) -> Floats:
        """(n,) of equal answers; NaN where there is no other."""
        share = np.full(len(self.other), np.nan)
        np.divide(self.equal, self.both, out=share, where=self.both > 0)
        return share


def too_fast(answered: Codes, seconds: Floats) -> Bools:
    """(n,) visits filled in faster than anybody reads; not those whose filling was not timed.

    Parameters
    ----------
    answered : (n,) number of answers
    seconds : (n,) with the form in sight; NaN where unknown
    """
    known = ~np.isnan(seconds) & (answered > 0)
    return np.asarray(known & (np.where(known, seconds, 0.0) < SECONDS_PER_ITEM * answered))


def straight_line(answers: Codes) -> Bools:
    """(n,) visits in which every answer has the same place among those offered.

    Parameters
    ----------
    answers : (n, m) place of the answer, UNANSWERED where there is none
    """
    there = answers != UNANSWERED
    highest = np.where(there, answers, -1).max(axis=1, initial=-1)
    lowest = np.where(there, answers, np.iinfo(np.intp).max).min(axis=1, initial=np.iinfo(np.intp).max)
    return np.asarray((there.sum(axis=1) >= FEWEST_ANSWERS) & (highest == lowest))


def twins(auditor: Codes, answers: Codes) -> Twin:
    """For each visit the one of the same auditor with the largest share of equal answers.

    Parameters
    ----------
    auditor : (n,)
    answers : (n, m) as in `straight_line`
    """
    n = len(auditor)
    other, equal, both = np.full(n, -1, np.intp), np.zeros(n, np.intp), np.zeros(n, np.intp)
    for rows in _groups(auditor):
        mine = answers[rows]
        there = mine != UNANSWERED
        for place, row in enumerate(rows):
            shared = there & there[place]
            n_both = shared.sum(axis=1)
            n_equal = (shared & (mine == mine[place])).sum(axis=1)
            share = np.where(n_both >= FEWEST_ANSWERS, n_equal / np.maximum(n_both, 1), -1.0)
            share[place] = -1.0
            best = int(share.argmax())
            if share[best] >= 0:
                other[row], equal[row], both[row] = rows[best], n_equal[best], n_both[best]
    return Twin(other, equal, both)


def same_words(auditor: Codes, words: tuple[str, ...]) -> Codes:
    """(n,) the first other visit of the same auditor with the same words; -1 where there is none.

    Parameters
    ----------
    words : (n,) empty ones are compared with nothing
    """
    found = np.full(len(auditor), -1, np.intp)
    seen: dict[tuple[int, str], int] = {}
    for row, said in enumerate(words):
        if not said:
            continue
        key = (int(auditor[row]), said)
        if key in seen:
            found[row] = seen[key]
            if found[seen[key]] == -1:
                found[seen[key]] = row
        else:
            seen[key] = row
    return found


@dataclass(frozen=True, slots=True)
class Journey:
    """The way to a visit's branch from the one visited before by the same auditor, or from there on.

    Parameters
    ----------
    other : (n,) the visit that is too near in time; -1 where none is
    seconds : (n,) between the two; below 0 they overlap
    metres : (n,) between their branches; NaN where the place of one is not known
    """

    other: Codes
    seconds: Floats
    metres: Floats


def impossible_journeys(
    auditor: Codes,
    branch: Codes,
    started: Floats,
    left: Floats,
    position: Floats | None = None,
) -> Journey:
    """Visits to two branches closer in time than the way between them takes.

    Parameters
    ----------
    started, left : (n,) seconds
    position : (n, 2), optional
        Latitude and longitude of branches in degrees, NaN where unknown; a way of unknown length takes the
        shortest time.
    """
    n = len(auditor)
    other, gap, apart = np.full(n, -1, np.intp), np.full(n, np.nan), np.full(n, np.nan)
    places = _NOWHERE * n if position is None else tuple(map(tuple, position.tolist()))
    longest = SHORTEST_WAY if position is None else LONGEST_WAY
    for rows in _groups(auditor):
        order = rows[np.argsort(started[rows], kind="stable")]
        for place, row in enumerate(order):
            # A long visit may overlap several that follow.
            for later in order[place + 1 :]:
                between = started[later] - left[row]
                if between >= longest:
                    break
                if branch[later] == branch[row]:
                    continue
                far = metres(places[row], places[later])
                if between >= _way(far):
                    continue
                for one, its in ((row, later), (later, row)):
                    if other[one] == -1 or between < gap[one]:
                        other[one], gap[one], apart[one] = its, between, far
    return Journey(other, gap, apart)


def _way(far: float) -> float:
    """Seconds that a way of so many metres takes at least; two visits at once are never possible."""
    return SHORTEST_WAY if math.isnan(far) else min(LONGEST_WAY, far / FASTEST)


def metres(one: Place, other: Place) -> float:
    """Great-circle distance of two places given by latitude and longitude in degrees; NaN if one is NaN."""
    (a, b), (c, d) = map(math.radians, one), map(math.radians, other)
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return math.nan if math.isnan(h) else 2 * EARTH_RADIUS * math.asin(math.sqrt(min(1.0, h)))


def late_fill(left: Floats, received: Floats) -> Bools:
    """(n,) visits that arrived long after the auditor had left."""
    return np.asarray(received - left > LATE_SECONDS)


@dataclass(frozen=True, slots=True)
class Heaping:
    """How many of an auditor's typed clock times are multiples of five minutes."""

    round_ones: int
    times: int
    pvalue: float

    @property
    def heaped(self) -> bool:
        return (
            self.times >= FEWEST_CLOCK_TIMES
            and self.round_ones >= HEAPED * self.times
            and self.pvalue <= UNLIKELY
        )


def heaping(minutes: Codes) -> Heaping:
    """Typed times against chance, by which one in five is a multiple of five minutes.

    Parameters
    ----------
    minutes : (n,) of the hour
    """
    n, round_ones = len(minutes), int(np.sum(minutes % 5 == 0))
    pvalue = float(bdtrc(round_ones - 1, n, 0.2)) if round_ones else 1.0
    return Heaping(round_ones, n, pvalue)


@dataclass(frozen=True, slots=True)
class Outliers:
    """Auditors against their colleagues.

    Parameters
    ----------
    visits : (A,) scores compared
    apart : (A,) points above the mean of those who visited the same; NaN where it cannot be told
    apart_pvalue : (A,) by Holm over auditors
    spread : (A,) standard deviation over that of the colleagues
    spread_pvalue : (A,) by Holm over auditors
    same_branches : whether scores were compared within branch and wave; else within the wave alone
    """

    visits: Codes
    apart: Floats
    apart_pvalue: Floats
    spread: Floats
    spread_pvalue: Floats
    same_branches: bool

    @property
    def outlying(self) -> Bools:
        """(A,) severity or generosity that matters and is hardly chance."""
        return _at_most(self.apart_pvalue, OUTLYING) & (np.abs(np.nan_to_num(self.apart)) >= APART)

    @property
    def spread_outlying(self) -> Bools:
        """(A,) a spread much wider or narrower than that of the colleagues, and hardly by chance."""
        ratio = np.where(np.isnan(self.spread), 1.0, np.maximum(self.spread, 1e-9))
        wide = np.maximum(ratio, 1 / ratio) >= SPREAD_RATIO
        return _at_most(self.spread_pvalue, OUTLYING) & wide


def outliers(auditor: Codes, branch: Codes, wave: Codes, score: Floats) -> Outliers | None:
    """Means and spreads of auditors, with what differs between branches and waves taken out.

    Where no branch was visited twice in a wave, scores are compared within the wave alone: then a part of a
    difference may be that of the branches. Spreads are compared as Brown and Forsythe do, by how far scores
    lie from what was to be expected, with Welch's correction.

    Parameters
    ----------
    auditor, branch, wave : (n,)
    score : (n,) points, NaN where there is none

    Returns
    -------
    Outliers or None
        None where there is nobody to compare with.
    """
    count = int(auditor.max()) + 1 if len(auditor) else 0
    there = ~np.isnan(score)
    own, value = auditor[there], score[there]
    visits = np.bincount(own, minlength=count).astype(np.intp)
    cells = _numbered(branch[there] * (int(wave.max(initial=0)) + 1) + wave[there])
    if not len(value):
        return None
    effects = label_effects(cells, own, value, cells=int(cells.max()) + 1, labels=count)
    same_branches = not isinstance(effects, NotEstimable)
    if isinstance(effects, NotEstimable):
        cells = _numbered(wave[there])
        effects = label_effects(cells, own, value, cells=int(cells.max()) + 1, labels=count)
    if isinstance(effects, NotEstimable):
        return None
    apart, error = _against_the_others(effects, visits)
    pvalue = np.array(
        [
            two_sided_pvalue(float(a / e), float(effects.df)) if e > 0 else np.nan
            for a, e in zip(apart, error, strict=True)
        ]
    )
    enough = visits >= FEWEST_VISITS
    spread, spread_pvalue = _spreads(cells, own, value, np.nan_to_num(effects.effect), count)
    return Outliers(
        visits=visits,
        apart=np.where(enough, apart, np.nan),
        apart_pvalue=_holm(np.where(enough, pvalue, np.nan)),
        spread=np.where(enough, spread, np.nan),
        spread_pvalue=_holm(np.where(enough, spread_pvalue, np.nan)),
        same_branches=same_branches,
    )


def _against_the_others(effects: LabelEffects, visits: Codes) -> tuple[Floats, Floats]:
    """(A,) difference from the mean of the others of the group, and (A,) its standard error."""
    count = len(visits)
    apart, error = np.full(count, np.nan), np.full(count, np.nan)
    for own in range(count):
        others = (effects.group == effects.group[own]) & (visits > 0)
        others[own] = False
        if visits[own] == 0 or not others.any():
            continue
        contrast = np.where(others, -1.0 / max(others.sum(), 1), 0.0)
        contrast[own] = 1.0
        apart[own] = float(contrast @ np.nan_to_num(effects.effect))
        error[own] = math.sqrt(effects.variance * max(float(contrast @ effects.inverse @ contrast), 0.0))
    return apart, error


def _spreads(cell: Codes, auditor: Codes, value: Floats, effect: Floats, count: int) -> tuple[Floats, Floats]:
    """(A,) ratio of standard deviations, and Welch's p-value of mean distances from the expected."""
    centred = value - effect[auditor]
    size = np.bincount(cell)
    residual = centred - (np.bincount(cell, weights=centred) / size)[cell]
    # A residual of a small cell is too small by what its mean took up.
    several = size[cell] > 1
    scale = np.sqrt(np.where(several, 1.0 - 1.0 / size[cell].astype(np.float64), 1.0))
    distance = np.where(several, np.abs(residual) / scale, np.nan)
    spread, pvalue = np.full(count, np.nan), np.full(count, np.nan)
    for own in range(count):
        mine, theirs = (_known(distance[chosen]) for chosen in (auditor == own, auditor != own))
        if len(mine) < FEWEST_VISITS or len(theirs) < FEWEST_VISITS:
            continue
        rest = float(np.sqrt(np.mean(theirs**2)))
        if rest > 0:
            spread[own] = float(np.sqrt(np.mean(mine**2))) / rest
            # Roots of distances are nearly symmetric, so that Student's t holds in its tails too.
            pvalue[own] = _welch(np.sqrt(mine), np.sqrt(theirs))
    return spread, pvalue


def _known(values: Floats) -> Floats:
    return np.asarray(values[~np.isnan(values)])


def _welch(one: Floats, other: Floats) -> float:
    """Two-sided p-value that two means are equal, whatever their variances."""
    a, b = (float(values.var(ddof=1)) / len(values) for values in (one, other))
    if a + b <= 0:
        return 1.0
    df = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(other) - 1))
    return two_sided_pvalue(float(one.mean() - other.mean()) / float(np.sqrt(a + b)), df)


def _at_most(pvalue: Floats, limit: float) -> Bools:
    return np.asarray(np.where(np.isnan(pvalue), 1.0, pvalue) <= limit)


def _holm(pvalues: Floats) -> Floats:
    known = ~np.isnan(pvalues)
    adjusted = np.full(len(pvalues), np.nan)
    adjusted[known] = holm([float(pvalue) for pvalue in pvalues[known]])
    return adjusted


def _numbered(codes: Codes) -> Codes:
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)


def _groups(codes: Codes) -> list[Codes]:
    """Rows of each code that has several."""
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return [part for part in parts if len(part) > 1]
