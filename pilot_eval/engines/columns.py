"""Columns of a table, read as what they are said to be: branch, arm, period, outcome."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import AFTER, ARMS, BEFORE, PERIODS, Matrix, Observations
from pilot_eval.domain.outcomes import Outcome
from pilot_eval.engines.cells import choices, dates, flags, numbers, texts
from pilot_eval.engines.problems import Problems, at_column, at_row, quoted, refused
from pilot_eval.engines.tables import Table

ANY = "*"  # at the end of a name: every column that begins so


@dataclass(frozen=True, slots=True)
class Reading:
    """Which columns to read, and as what.

    Parameters
    ----------
    outcome : name of the outcome column
    measure : kind of outcome; its limits are those of every value
    with_comparison : whether the design needs the column `arm`
    dated : whether the design needs `date` and `trained_on` instead
    with_dates : whether days are read where they are there but not needed
    strata, exposure, censored : names of optional columns, without which a row cannot be used
    closed, operation, auditor, daypart, pair, entered : names of optional columns that a row may lack
    covariates, items : names of number columns; one that ends with * stands for all that begin so
    """

    outcome: str
    measure: Outcome
    with_comparison: bool
    dated: bool = False
    with_dates: bool = False
    strata: str | None = None
    exposure: str | None = None
    censored: str | None = None
    closed: str | None = None
    operation: str | None = None
    auditor: str | None = None
    daypart: str | None = None
    pair: str | None = None
    entered: str | None = None
    covariates: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Columns of names that a row may lack, by role."""
        named = {role: getattr(self, role) for role in ("operation", "auditor", "daypart", "pair")}
        return {role: column for role, column in named.items() if column is not None}

    @property
    def named(self) -> list[str]:
        """Every optional column that is named in full."""
        single = [self.strata, self.exposure, self.censored, self.closed, *self.labels.values(), self.entered]
        several = [name for name in (*self.covariates, *self.items) if not name.endswith(ANY)]
        return [column for column in single if column is not None] + several


@dataclass(frozen=True, slots=True)
class Columns:
    """Every row of a table, read as what it is: None, or NaN in numbers, where a cell is empty.

    Parameters
    ----------
    table : what was read
    outcome : name of the outcome column
    names : columns whose empty cells count as missing
    branch, arm, period : (n,) arm and period as positions in ARMS and PERIODS
    value : (n,) the outcome; NaN too where a column without which it means nothing is empty
    stratum : (n,), where strata are asked for; a row without one cannot be placed
    may_be_empty : columns in which an empty cell says something: no double visit, an item that did not apply,
        a branch that was open
    optional : further columns by their name in `Observations`
    """

    table: Table
    outcome: str
    names: Sequence[str]
    branch: Sequence[str | None]
    arm: Sequence[int | None]
    period: Sequence[int | None]
    value: NDArray[np.float64]
    stratum: Sequence[str | None] | None = None
    may_be_empty: frozenset[str] = frozenset()
    optional: Mapping[str, Any] = field(default_factory=dict)

    def observations(self) -> Observations:
        """The rows that have a branch, an arm and a period.

        Raises
        ------
        BadInput
            If there is none.
        """
        missing = {
            column: sum(cell is None for cell in self.table.columns[column])
            for column in self.names
            if column not in self.may_be_empty
        }
        needed = [self.branch, self.arm, self.period] + ([] if self.stratum is None else [self.stratum])
        kept = np.array([all(cell is not None for cell in cells) for cells in zip(*needed, strict=True)])
        if not kept.any():
            raise refused(Message("no row has all of %(columns)s", columns=", ".join(self.names)))
        return Observations.from_columns(
            branch=_chosen(self.branch, kept),
            trained=_chosen(self.arm, kept),
            period=_chosen(self.period, kept),
            value=self.value[kept],
            stratum=None if self.stratum is None else _chosen(self.stratum, kept),
            rows=len(self.table.rows),
            missing={column: count for column, count in missing.items() if count},
            digest=self.table.digest,
            **{role: _chosen(cells, kept) for role, cells in self.optional.items()},
        )


def _chosen(cells: Any, kept: NDArray[np.bool_]) -> Any:
    if isinstance(cells, Matrix):
        return cells.take(kept)
    if isinstance(cells, np.ndarray):
        return cells[kept]
    return [cell for cell, keep in zip(cells, kept, strict=True) if keep]


def read_columns(table: Table, reading: Reading, problems: Problems) -> Columns:
    """Read every row, adding what is wrong to `problems`; with problems the columns are of no use.

    Raises
    ------
    BadInput
        If a column is not there, or dates cannot be told apart into before and after.
    """
    names = _needed(table, reading)
    branch = texts(table, "branch")
    value = numbers(table, reading.outcome, problems, reading.measure)
    optional = _optional(table, reading, problems)
    arm: list[int | None] = [1] * len(table.rows)
    if "arm" in table.columns:
        arm = choices(table, "arm", ARMS, problems)
    if reading.dated:
        arm, period = _from_own_dates(table, branch, arm, optional, problems)
    elif "period" in names:
        period = choices(table, "period", PERIODS, problems)
    else:
        period = _periods_from_dates(table, arm, optional, problems)
    check_one_each(table, branch, "arm", arm, problems)
    stratum = None if reading.strata is None else texts(table, reading.strata)
    if reading.strata is not None and stratum is not None:
        check_one_each(table, branch, reading.strata, stratum, problems)
    value = _without_what_it_needs(value, optional)
    empty = frozenset(one for one in (reading.pair, reading.closed) if one is not None)
    empty |= frozenset(reading.items)
    return Columns(table, reading.outcome, names, branch, arm, period, value, stratum, empty, optional)


def _without_what_it_needs(value: NDArray[np.float64], optional: Mapping[str, Any]) -> NDArray[np.float64]:
    """The outcome, missing too where its exposure is, or whether it was broken off."""
    gone = np.zeros(len(value), dtype=np.bool_)
    if "exposure" in optional:
        gone |= np.isnan(optional["exposure"])
    if "censored" in optional:
        gone |= np.array([flag is None for flag in optional["censored"]])
    return np.where(gone, np.nan, value)


def _optional(table: Table, reading: Reading, problems: Problems) -> dict[str, Any]:
    """The optional columns by their name in `Observations`."""
    found: dict[str, Any] = {role: texts(table, column) for role, column in reading.labels.items()}
    if reading.exposure is not None:
        found["exposure"] = numbers(table, reading.exposure, problems, above_zero=True)
    if reading.censored is not None:
        found["censored"] = flags(table, reading.censored, problems)
    if reading.closed is not None:
        found["closed"] = [flag is True for flag in flags(table, reading.closed, problems)]
    if reading.entered is not None:
        found["entered"] = _days(dates(table, reading.entered, problems))
    for role, columns in (("covariates", reading.covariates), ("items", reading.items)):
        if columns:
            found[role] = _matrix(table, columns, {"branch", reading.outcome}, problems)
    asked = reading.dated or reading.with_dates or "period" not in table.columns
    for column in ("date", "trained_on"):
        if asked and column in table.columns:
            found[column] = _days(dates(table, column, problems))
    return found


def _days(found: Sequence[date | None]) -> NDArray[np.datetime64]:
    return np.array(found, dtype="datetime64[D]")


def _matrix(table: Table, wanted: Sequence[str], never: set[str], problems: Problems) -> Matrix:
    names: list[str] = []
    for name in wanted:
        if not name.endswith(ANY):
            names.append(name)
            continue
        begun = [column for column in table.columns if column.startswith(name[:-1]) and column not in never]
        if not begun:
            what = Message("there is no column that begins with %(start)s", start=quoted(name[:-1]))
            raise BadInput([Problem(at_row(1), what)])
        names += begun
    names = list(dict.fromkeys(names))
    return Matrix(tuple(names), np.column_stack([numbers(table, name, problems) for name in names]))


def _needed(table: Table, reading: Reading) -> list[str]:
    """Names of the columns used, the optional and the dated ones resolved; refused where one is not there.

    `trained_on` is not among them: an empty one means that the branch is not trained.
    """
    needed = ["branch", reading.outcome, *reading.named]
    if not reading.dated and (reading.with_comparison or "arm" in table.columns):
        needed.append("arm")
    dated = reading.dated or ("period" not in table.columns and {"date", "trained_on"} & set(table.columns))
    needed.append("date" if dated else "period")
    check_columns(table, [*needed, *(["trained_on"] if dated else [])])
    return list(dict.fromkeys(needed))


def check_columns(table: Table, wanted: Sequence[str]) -> None:
    """Refuse a table that lacks one of these columns.

    Raises
    ------
    BadInput
        With the nearest name there is.
    """
    absent = [column for column in wanted if column not in table.columns]
    if absent:
        raise BadInput([Problem(at_row(1), _absent(column, list(table.columns))) for column in absent])


def _absent(column: str, there: Sequence[str]) -> Message:
    folded = {name.casefold(): name for name in there}
    near = difflib.get_close_matches(column.casefold(), folded, n=1)
    said = {
        "column": quoted(column),
        "also": Message(" (or date with trained_on)") if column == "period" else "",
        "columns": ", ".join(there),
    }
    if near:
        return Message(
            "there is no column %(column)s%(also)s; did you mean %(near)s? The columns are: %(columns)s",
            near=quoted(folded[near[0]]),
            **said,
        )
    return Message("there is no column %(column)s%(also)s. The columns are: %(columns)s", **said)


def check_one_each(
    table: Table, branch: Sequence[str | None], column: str, cells: Sequence[Any], problems: Problems
) -> None:
    """Find branches that are in two arms or in two strata."""
    first: dict[str, tuple[Any, int]] = {}
    for row, name, code, cell in zip(
        table.rows, branch, cells, table.columns.get(column, cells), strict=True
    ):
        if name is None or code is None:
            continue
        known, where = first.setdefault(name, (code, row))
        if known != code:
            what = Message(
                "branch %(branch)s is %(cell)s here and something else in row %(row)s",
                branch=quoted(name),
                cell=quoted(cell),
                row=where,
            )
            problems.add(row, column, what)


def _from_own_dates(
    table: Table,
    branch: Sequence[str | None],
    arm: list[int | None],
    optional: Mapping[str, Any],
    problems: Problems,
) -> tuple[list[int | None], list[int | None]]:
    """Arm and period of each row where every branch has its own day of training, or none."""
    problems.refuse()
    day, trained_on = optional["date"], optional["trained_on"]
    untrained = np.isnat(trained_on)
    if untrained.all():
        raise refused(Message("no row has a date of training"), at_column("trained_on"))
    check_one_each(table, branch, "trained_on", [str(one) for one in trained_on], problems)
    if "arm" in table.columns:
        for row, code, without in zip(table.rows, arm, untrained, strict=True):
            if code == 0 and not without:
                problems.add(
                    row, "trained_on", Message("is filled although the branch is a comparison branch")
                )
    after = ~untrained & (day >= trained_on)
    arms: list[int | None] = [int(not without) for without in untrained]
    periods = [
        None if np.isnat(one) else (AFTER if late else BEFORE) for one, late in zip(day, after, strict=True)
    ]
    return arms, periods


def _periods_from_dates(
    table: Table, arm: Sequence[int | None], optional: Mapping[str, Any], problems: Problems
) -> list[int | None]:
    """Before or after, from each row's date and the one date of training."""
    problems.refuse()
    day, trained_on = optional["date"], optional["trained_on"]
    days = np.unique(trained_on[~np.isnat(trained_on)])
    if not len(days):
        raise refused(Message("no row has a date of training"), at_column("trained_on"))
    if len(days) > 1:
        what = Message(
            "there are %(count)s different dates of training, from %(first)s to %(last)s; that is the "
            "design staggered of pilot-eval evaluate. Give the column period or one date for another design",
            count=len(days),
            first=days[0],
            last=days[-1],
        )
        raise refused(what, at_column("trained_on"))
    for row, own, code in zip(table.rows, trained_on, arm, strict=True):
        if np.isnat(own) and code == 1 and "arm" in table.columns:
            problems.add(row, "trained_on", Message("is empty although the branch is trained"))
    return [None if np.isnat(one) else (BEFORE if one < days[0] else AFTER) for one in day]
