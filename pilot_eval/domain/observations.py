"""Observations: what was seen in branches before, during and after training, as columns.

Every engine (files, records) hands over this one class; the statistics take nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pilot_eval.domain.errors import BadInput, Message, Problem

ARMS = ("comparison", "trained")
PERIODS = ("before", "during", "after")
BEFORE, DURING, AFTER = range(3)
LISTED = 20  # problems told one by one; the rest are counted


@dataclass(frozen=True, slots=True)
class Labels:
    """A column of names: `names[codes[i]]` is the name of element i.

    Parameters
    ----------
    names : distinct names, sorted
    codes : (n,) positions in `names`
    """

    names: tuple[str, ...]
    codes: NDArray[np.intp]

    @classmethod
    def of(cls, values: Sequence[str] | NDArray[np.str_]) -> Labels:
        """Code a column of names."""
        names, codes = np.unique(np.asarray(values, dtype=np.str_), return_inverse=True)
        return cls(tuple(names.tolist()), codes.astype(np.intp))


@dataclass(frozen=True, slots=True)
class Observations:
    """Columns of one outcome, one element per observation, in a canonical order of rows.

    Parameters
    ----------
    branches : names of the G branches, sorted
    trained : (G,) whether a branch is in the trained arm
    branch : (n,) position of each row's branch in `branches`
    period : (n,) BEFORE, DURING or AFTER
    value : (n,) the outcome; NaN where it is missing
    stratum : (G,) stratum of each branch
    operation, auditor : (n,) label of each row
    rows : rows in the source, including those that lack a branch, an arm or a period and are not here
    missing : empty cells by column name
    digest : SHA-256 of the source, where it has one
    """

    branches: tuple[str, ...]
    trained: NDArray[np.bool_]
    branch: NDArray[np.intp]
    period: NDArray[np.int8]
    value: NDArray[np.float64]
    stratum: Labels | None = None
    operation: Labels | None = None
    auditor: Labels | None = None
    rows: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    digest: str | None = None

    @classmethod
    def from_columns(
        cls,
        *,
        branch: Sequence[str] | NDArray[np.str_],
        trained: ArrayLike,
        period: ArrayLike,
        value: ArrayLike,
        stratum: Sequence[str] | NDArray[np.str_] | None = None,
        operation: Sequence[str] | NDArray[np.str_] | None = None,
        auditor: Sequence[str] | NDArray[np.str_] | None = None,
        rows: int | None = None,
        missing: Mapping[str, int] | None = None,
        digest: str | None = None,
    ) -> Observations:
        """Build observations from columns of equal length n.

        Parameters
        ----------
        branch : (n,) name of each row's branch
        trained : (n,) whether that branch is in the trained arm; one answer per branch
        period : (n,) BEFORE, DURING or AFTER
        value : (n,) the outcome, NaN = missing
        stratum : (n,) name of the branch's stratum; one answer per branch
        operation, auditor : (n,) names
        rows : rows in the source, when some could not be placed; by default n
        missing : empty cells by column name
        digest : SHA-256 of the source

        Raises
        ------
        BadInput
            A branch is in two arms or in two strata.
        ValueError
            Columns differ in length.
        """
        branches = Labels.of(branch)
        periods = np.asarray(period, dtype=np.int8)
        values = np.asarray(value, dtype=np.float64)
        if not len(periods) == len(values) == len(branches.codes):
            raise ValueError("branch, period and value must have the same length")
        order = np.lexsort((values, periods, branches.codes))
        count = len(branches.names)
        arm = _one_per_branch(branches, np.asarray(trained, dtype=np.intp), ARMS, "arm")
        strata = None
        if stratum is not None:
            labels = Labels.of(stratum)
            strata = Labels(labels.names, _one_per_branch(branches, labels.codes, labels.names, "stratum"))
        return cls(
            branches=branches.names,
            trained=arm.astype(np.bool_) if count else np.zeros(0, dtype=np.bool_),
            branch=branches.codes[order],
            period=periods[order],
            value=values[order],
            stratum=strata,
            operation=_ordered(operation, order),
            auditor=_ordered(auditor, order),
            rows=len(values) if rows is None else rows,
            missing=dict(missing or {}),
            digest=digest,
        )


def _ordered(values: Sequence[str] | NDArray[np.str_] | None, order: NDArray[np.intp]) -> Labels | None:
    if values is None:
        return None
    labels = Labels.of(values)
    return Labels(labels.names, labels.codes[order])


def _one_per_branch(
    branches: Labels, codes: NDArray[np.intp], names: Sequence[str], column: str
) -> NDArray[np.intp]:
    """Give the one code of each branch, or say which branches have two."""
    count = len(branches.names)
    low = np.full(count, len(names), dtype=np.intp)
    high = np.full(count, -1, dtype=np.intp)
    np.minimum.at(low, branches.codes, codes)
    np.maximum.at(high, branches.codes, codes)
    mixed = np.flatnonzero(low != high)
    if mixed.size:
        problems = [
            Problem(
                Message("branch %(branch)s", branch=branches.names[b]),
                Message(
                    "is both %(one)s and %(other)s; a branch has one %(column)s",
                    one=repr(names[low[b]]),
                    other=repr(names[high[b]]),
                    column=column,
                ),
            )
            for b in mixed[:LISTED]
        ]
        raise BadInput(problems, total=int(mixed.size))
    return low
