"""Observations: what was seen in branches before, during and after training, as columns.

Every engine (files, records) hands over this one class; the statistics take nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pilot_eval.domain.errors import BadInput, Message, Problem

ARMS = ("comparison", "trained")
PERIODS = ("before", "during", "after")
BEFORE, DURING, AFTER = range(3)
MISSING = -1  # code of a name that is not there
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

    @classmethod
    def with_gaps(cls, values: Sequence[str | None] | NDArray[np.str_]) -> Labels:
        """Code a column of names in which some are missing: their code is MISSING."""
        cells = np.asarray(values, dtype=object)
        there = np.array([cell is not None for cell in cells], dtype=np.bool_)
        known = cls.of(cells[there].astype(np.str_))
        codes = np.full(len(cells), MISSING, dtype=np.intp)
        codes[there] = known.codes
        return cls(known.names, codes)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Number columns that belong together, such as the items of a checklist.

    Parameters
    ----------
    names : names of the k columns
    values : (n, k) one row per observation; NaN where a cell is empty
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Matrix:
        """The matrix of some rows, in their order."""
        return Matrix(self.names, self.values[rows])


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
    trained_on : (G,) day of training; NaT where a branch is not trained within the data
    date : (n,) day of each row; NaT where it is missing
    exposure : (n,) what a count is a count of; NaN where it is missing
    censored : (n,) whether a length of time was broken off before its end
    closed : (n,) whether the branch was found closed, so that there was nothing to see
    operation, auditor, daypart, pair : (n,) label of each row, its code MISSING where there is none; rows of
        one pair are a double visit
    entered : (n,) day on which the row was entered; NaT where it is missing
    covariates, items : (n, k) number columns
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
    trained_on: NDArray[np.datetime64] | None = None
    date: NDArray[np.datetime64] | None = None
    exposure: NDArray[np.float64] | None = None
    censored: NDArray[np.bool_] | None = None
    closed: NDArray[np.bool_] | None = None
    operation: Labels | None = None
    auditor: Labels | None = None
    daypart: Labels | None = None
    pair: Labels | None = None
    entered: NDArray[np.datetime64] | None = None
    covariates: Matrix | None = None
    items: Matrix | None = None
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
        trained_on: ArrayLike | None = None,
        date: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
        censored: ArrayLike | None = None,
        closed: ArrayLike | None = None,
        operation: Sequence[str | None] | NDArray[np.str_] | None = None,
        auditor: Sequence[str | None] | NDArray[np.str_] | None = None,
        daypart: Sequence[str | None] | NDArray[np.str_] | None = None,
        pair: Sequence[str | None] | NDArray[np.str_] | None = None,
        entered: ArrayLike | None = None,
        covariates: Matrix | None = None,
        items: Matrix | None = None,
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
        trained_on : (n,) days or NaT; one answer per branch
        date, entered : (n,) days or NaT
        exposure, censored, closed : (n,)
        operation, auditor, daypart, pair : (n,) names or None
        covariates, items : (n, k)
        rows : rows in the source, when some could not be placed; by default n
        missing : empty cells by column name
        digest : SHA-256 of the source

        Raises
        ------
        BadInput
            A branch is in two arms or in two strata, or was trained on two days.
        ValueError
            Columns differ in length.
        """
        branches = Labels.of(branch)
        periods = np.asarray(period, dtype=np.int8)
        values = np.asarray(value, dtype=np.float64)
        if not len(periods) == len(values) == len(branches.codes):
            raise ValueError("branch, period and value must have the same length")
        days, exposures = _days(date), None if exposure is None else np.asarray(exposure, dtype=np.float64)
        ties = [column for column in (exposures, days) if column is not None]
        order = np.lexsort((*ties, values, periods, branches.codes))
        count = len(branches.names)
        arm = _one_per_branch(branches, np.asarray(trained, dtype=np.intp), ARMS, "arm")
        strata = None
        if stratum is not None:
            labels = Labels.of(stratum)
            strata = Labels(labels.names, _one_per_branch(branches, labels.codes, labels.names, "stratum"))
        cut = None if censored is None else np.asarray(censored, dtype=np.bool_)
        shut = None if closed is None else np.asarray(closed, dtype=np.bool_)
        return cls(
            branches=branches.names,
            trained=arm.astype(np.bool_) if count else np.zeros(0, dtype=np.bool_),
            branch=branches.codes[order],
            period=periods[order],
            value=values[order],
            stratum=strata,
            trained_on=_day_per_branch(branches, _days(trained_on)),
            date=_taken(days, order),
            exposure=_taken(exposures, order),
            censored=_taken(cut, order),
            closed=_taken(shut, order),
            operation=_ordered(operation, order),
            auditor=_ordered(auditor, order),
            daypart=_ordered(daypart, order),
            pair=_ordered(pair, order),
            entered=_taken(_days(entered), order),
            covariates=None if covariates is None else covariates.take(order),
            items=None if items is None else items.take(order),
            rows=len(values) if rows is None else rows,
            missing=dict(missing or {}),
            digest=digest,
        )


def _days(values: ArrayLike | None) -> NDArray[np.datetime64] | None:
    return None if values is None else np.asarray(values, dtype="datetime64[D]")


def _taken(values: NDArray[Any] | None, order: NDArray[np.intp]) -> NDArray[Any] | None:
    return None if values is None else values[order]


def _day_per_branch(branches: Labels, days: NDArray[np.datetime64] | None) -> NDArray[np.datetime64] | None:
    """(G,) the one day of each branch, NaT where it has none."""
    if days is None:
        return None
    known = Labels.of(days.astype(np.str_))
    codes = _one_per_branch(branches, known.codes, known.names, "trained_on")
    return np.asarray(known.names, dtype="datetime64[D]")[codes]


def _ordered(
    values: Sequence[str | None] | NDArray[np.str_] | None, order: NDArray[np.intp]
) -> Labels | None:
    if values is None:
        return None
    labels = Labels.with_gaps(values)
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
