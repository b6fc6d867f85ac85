"""Rows on cells (branch x period) and one more label, such as auditors or operations.

The label's effects are estimated within cells only: what differs between branches or periods is never taken
for a difference between labels. The effect of training with the label taken out follows from them, with an
uncertainty that includes theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from pilot_eval.stats.contrasts import LEVERAGE_LIMIT, SPREAD_LIMIT, StratumDesign
from pilot_eval.stats.estimates import ByStudent
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.student import two_sided_quantile

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

LINKED = 1e-9  # of the largest share: a remainder this small is rounding


@dataclass(frozen=True, slots=True)
class LabelEffects:
    """Effects of L labels within cells.

    Labels that share a cell, or are joined by a chain of such labels, form a group; only labels of one group
    can be compared, and effects are told against the mean of their group's labels.

    Parameters
    ----------
    effect : (L,) difference from the mean of the group's labels; NaN for a label alone in its group
    standard_error : (L,) of it, rows varying alike and independent of one another within a cell
    group : (L,) number of the label's group
    rows : (L,) rows of each label
    counts : (C, L) rows of each cell and label
    variance : of rows within a cell and label
    df : its degrees of freedom
    statistic, pvalue : F test that labels do not differ
    inverse : (L, L) Moore-Penrose inverse of the labels' cross products within cells
    """

    effect: Floats
    standard_error: Floats
    group: Codes
    rows: Floats
    counts: Floats = field(repr=False)
    variance: float
    df: int
    statistic: float
    pvalue: float
    inverse: Floats = field(repr=False)

    @property
    def groups(self) -> int:
        return int(self.group.max()) + 1

    def confidence_interval(self, confidence_level: float = 0.95) -> tuple[Floats, Floats]:
        """(L,) low and (L,) high ends; each label by itself, not all at once."""
        half = two_sided_quantile(confidence_level, self.df) * self.standard_error
        return self.effect - half, self.effect + half


def label_effects(
    cell: Codes, label: Codes, value: Floats, *, cells: int, labels: int
) -> LabelEffects | NotEstimable:
    """Least squares of rows on cells and labels.

    Parameters
    ----------
    cell : (n,) 0 to cells - 1
    label : (n,) 0 to labels - 1
    value : (n,) finite

    Returns
    -------
    LabelEffects or NotEstimable
        `labels_alone` where no cell has two labels; `no_rows_left` where nothing is repeated enough to tell
        chance from difference.

    References
    ----------
    Searle 1987, Linear Models for Unbalanced Data, chapters 4 and 5 (two-way crossed without interaction;
    connected data); Abowd, Creecy & Kramarz 2002 (groups).
    """
    counts = np.bincount(cell * labels + label, minlength=cells * labels).reshape(cells, labels).astype(float)
    size = counts.sum(axis=1)
    centred = value - _means(cell, value, size)[cell]
    per_row = np.divide(1.0, size, out=np.zeros(cells), where=size > 0)
    cross = np.diag(counts.sum(axis=0)) - counts.T @ (counts * per_row[:, None])
    group = _groups(counts)
    inverse = _inverse(cross, group)
    effect = inverse @ np.bincount(label, weights=centred, minlength=labels)
    rank = labels - (int(group.max()) + 1)
    if rank == 0:
        return NotEstimable("labels_alone", {"n": labels})
    df = len(value) - int(np.sum(size > 0)) - rank
    if df < 1:
        return NotEstimable("no_rows_left", {"n": len(value)})
    fitted = effect[label]
    residual = centred - (fitted - _means(cell, fitted, size)[cell])
    variance = float(residual @ residual) / df
    if np.sqrt(variance) <= SPREAD_LIMIT * max(float(np.abs(value).max()), 1e-300):
        return NotEstimable("no_variation_within", {"n": len(value)})
    statistic = float(effect @ cross @ effect) / rank / variance
    alone = np.bincount(group)[group] == 1
    error = np.sqrt(variance * np.diag(inverse).clip(0.0))
    return LabelEffects(
        effect=np.where(alone, np.nan, effect),
        standard_error=np.where(alone, np.nan, error),
        group=group,
        rows=counts.sum(axis=0),
        counts=counts,
        variance=variance,
        df=df,
        statistic=statistic,
        pvalue=float(fdtrc(rank, df, statistic)),
        inverse=inverse,
    )


def _means(cell: Codes, value: Floats, size: Floats) -> Floats:
    """(C,) means of cells, shifted so that large values do not cancel; 0 in empty cells."""
    shift = float(value[0]) if len(value) else 0.0
    sums = np.bincount(cell, weights=value - shift, minlength=len(size))
    return np.asarray(np.divide(sums, size, out=np.zeros(len(size)), where=size > 0) + shift)


def _groups(counts: Floats) -> Codes:
    """(L,) group of each label: labels that cells join, numbered by their first label."""
    seen = (counts > 0).astype(float)
    joined = (seen.T @ seen) > 0
    np.fill_diagonal(joined, val=True)
    group = np.full(len(joined), -1, dtype=np.intp)
    for first in range(len(joined)):
        if group[first] >= 0:
            continue
        members = joined[first]
        while True:
            wider = joined[members].any(axis=0)
            if np.array_equal(wider, members):
                break
            members = wider
        group[members] = group.max() + 1
    return group


def _inverse(cross: Floats, group: Codes) -> Floats:
    """Moore-Penrose inverse of a matrix whose null space is spanned by the groups' indicators."""
    member = (group[:, None] == np.arange(group.max() + 1)).astype(float)
    constant = (member / member.sum(axis=0)) @ member.T
    return np.asarray(np.linalg.inv(cross + constant) - constant)


@dataclass(frozen=True, slots=True)
class AdjustedEffect(ByStudent):
    """Effect of training with a label's effects taken out of the rows.

    Parameters
    ----------
    estimate, standard_error, df : on the analysis scale
    mean : (G, 2) adjusted means of branches before and after
    parts : (G,) contributions of the branches, whose squares add up to the variance
    shift : what taking the label out has changed, estimate less the unadjusted one
    """

    estimate: float
    standard_error: float
    df: float
    mean: Floats = field(repr=False)
    parts: Floats = field(repr=False)
    shift: float = 0.0
    method: str = "two_way"


def adjusted_effect(
    branch: Codes,
    after: NDArray[np.integer] | NDArray[np.bool_],
    label: Codes,
    value: Floats,
    trained: NDArray[np.bool_],
    *,
    stratum: Codes | None = None,
) -> AdjustedEffect | NotEstimable:
    """Effect of training after subtracting each row's label effect, every branch counting once.

    The estimate is linear in the rows: a branch adds s_b (change_b - p_b'g) with s_b its weight in the
    contrast, p_b the change of its shares of labels and g the label effects; with d = sum of s_b p_b, the
    estimate is the raw effect less d'g. A branch's influence is therefore
    s_b x residual of its adjusted change - d'Q W_b'e_b, with W_b its rows' labels and e_b their residuals,
    both within cells, and Q = (W'W)^+. Each squared influence is scaled by the ratio of its contribution's
    variance to its own expectation (CR2's condition), and the degrees of freedom match the mean and variance
    of the sum (Satterthwaite), in the working model where branch changes vary alike and rows vary alike
    within cells, with both variances as estimated. Where labels are spread alike everywhere this is CR2 of
    branch changes exactly.

    Parameters
    ----------
    branch, after, label, value : (n,) rows of branches that have rows before and after
    trained : (G,) arm
    stratum : (G,) codes, each with branches of both arms

    Returns
    -------
    AdjustedEffect or NotEstimable
        `labels_not_linked` where the effect rests on differences between labels that no cell compares.

    References
    ----------
    Bell & McCaffrey 2002, Survey Methodology 28(2); Pustejovsky & Tipton 2018, JBES 36(4), eq. 5 and 11;
    Newey & McFadden 1994, section 6 (two-step estimators).
    """
    count, labels = len(trained), int(label.max()) + 1
    cell = np.asarray(2 * branch + after, dtype=np.intp)
    fitted = label_effects(cell, label, value, cells=2 * count, labels=labels)
    if isinstance(fitted, NotEstimable):
        return fitted
    weight, basis = _contrast(trained, stratum)
    size = fitted.counts.sum(axis=1)
    shares = (fitted.counts / size[:, None]).reshape(count, 2, labels)
    moved = shares[:, 1] - shares[:, 0]
    imbalance = weight @ moved
    per_group = np.bincount(fitted.group, weights=imbalance)
    if np.abs(per_group).max() > LINKED:
        return NotEstimable("labels_not_linked", {"n": fitted.groups})
    effect = np.nan_to_num(fitted.effect)
    mean = _means(cell, value - effect[label], size).reshape(count, 2)
    change = mean[:, 1] - mean[:, 0]

    pull = fitted.inverse @ imbalance  # k = Q d
    own = _own_products(fitted.counts, size, pull).reshape(count, 2, labels).sum(axis=1)
    residual_rows = value - effect[label]
    residual_rows = residual_rows - _means(cell, residual_rows, size)[cell]
    pulled = np.bincount(branch, weights=pull[label] * residual_rows, minlength=count)
    residual = change - basis @ (basis.T @ change)
    influence = weight * residual - pulled
    between = float(residual @ residual) / (count - basis.shape[1])
    precision = _Precision.of(weight, basis, moved, own, pull, fitted, between)
    if precision is None:
        return NotEstimable("few_branches_in_strata", {"n": count})
    parts = np.sqrt(precision.factor) * influence
    variance = float(parts @ parts)
    if np.sqrt(variance) <= SPREAD_LIMIT * max(float(np.abs(value).max()), 1e-300):
        return NotEstimable("no_variation", {"n": count})
    return AdjustedEffect(
        estimate=float(weight @ change),
        standard_error=float(np.sqrt(variance)),
        df=precision.df,
        mean=mean,
        parts=parts,
        shift=-float(imbalance @ effect),
    )


def _contrast(trained: NDArray[np.bool_], stratum: Codes | None) -> tuple[Floats, Floats]:
    """(G,) weight of each branch's change in the effect, (G, k) orthonormal basis of the regressors."""
    count = len(trained)
    if trained.all():
        return np.full(count, 1.0 / count), np.full((count, 1), count**-0.5)
    design = StratumDesign.of(trained, np.zeros(count, dtype=np.intp) if stratum is None else stratum)
    dummies = (design.stratum[:, None] == np.arange(len(design.size))) / np.sqrt(design.size)
    return design.arm / design.total, np.column_stack([dummies, design.arm / np.sqrt(design.total)])


def _own_products(counts: Floats, size: Floats, pull: Floats) -> Floats:
    """(C, L) W_c'W_c k of each cell."""
    return np.asarray(counts * (pull - (counts @ pull / size)[:, None]))


@dataclass(frozen=True, slots=True)
class _Precision:
    """Factors of the squared influences, and degrees of freedom of their sum."""

    factor: Floats
    df: float

    @classmethod
    def of(
        cls,
        weight: Floats,
        basis: Floats,
        moved: Floats,
        own: Floats,
        pull: Floats,
        fitted: LabelEffects,
        between: float,
    ) -> _Precision | None:
        """Covariance of influences: diagonal + signed outer products of a few columns.

        With V = s_b x residual of p_b, Z = W_b'W_b k, t and v the variances between branches and of rows:
        diag(t s^2 + v k'Z) - t (sB)(sB)' + v (V Q V' - Z Q Z').
        """
        spread = weight[:, None] * (moved - basis @ (basis.T @ moved))
        half = _half(fitted.inverse)
        row_error, branch_error = np.sqrt(fitted.variance), np.sqrt(between)
        diagonal = between * weight**2 + fitted.variance * (own @ pull)
        columns = np.hstack(
            [branch_error * weight[:, None] * basis, row_error * spread @ half, row_error * own @ half]
        )
        sign = np.repeat([-1.0, 1.0, -1.0], [basis.shape[1], half.shape[1], half.shape[1]])
        expected = diagonal + (columns**2) @ sign
        if not np.all(expected > (1.0 - LEVERAGE_LIMIT) * diagonal):
            return None
        factor = diagonal / expected
        scaled = np.sqrt(factor)[:, None] * columns
        inner = scaled.T @ scaled
        trace_of_square = (
            np.sum((factor * diagonal) ** 2)
            + 2.0 * np.sum(factor * diagonal * ((scaled**2) @ sign))
            + sign @ (inner**2) @ sign
        )
        return cls(factor, float(diagonal.sum() ** 2 / trace_of_square))


def _half(inverse: Floats) -> Floats:
    """A root R of a positive semi-definite matrix: R R' is the matrix."""
    values, vectors = np.linalg.eigh(inverse)
    return np.asarray(vectors * np.sqrt(values.clip(0.0)))
