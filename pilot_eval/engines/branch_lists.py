"""Branches with what they are to be allocated by, from a file or from columns in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.observations import BEFORE, LISTED, PERIODS
from pilot_eval.engines.cells import choices, numbers, texts
from pilot_eval.engines.columns import check_columns, check_one_each
from pilot_eval.engines.problems import Problems
from pilot_eval.engines.tables import read_table, table_of


@dataclass(frozen=True, slots=True)
class BranchList:
    """Branches by name.

    Parameters
    ----------
    strata : stratum of each branch; one empty name for all without such a column
    measure : mean of each branch's numbers; empty without such a column
    """

    strata: dict[str, str]
    measure: dict[str, float]


def read_branches(
    source: str | Path | Mapping[str, Any], *, by: str | None = None, measure: str | None = None
) -> BranchList:
    """Read the branches of a file with one row or more for each.

    Parameters
    ----------
    source : path of a CSV, XLSX or Parquet file, or column name -> values, with the column `branch`
    by : column of strata
    measure : number column; averaged over a branch's rows, of those before training where there is a `period`

    Raises
    ------
    BadInput
        If a column is not there, a branch is in two strata or in none, or has no number.
    """
    table = table_of(source) if isinstance(source, Mapping) else read_table(Path(source))
    wanted = [column for column in ("branch", by, measure) if column is not None]
    check_columns(table, wanted)
    problems = Problems()
    branch = texts(table, "branch")
    stratum = [""] * len(branch) if by is None else texts(table, by)
    if by is not None:
        check_one_each(table, branch, by, stratum, problems)
    value = np.zeros(len(branch)) if measure is None else numbers(table, measure, problems)
    period = None
    if measure is not None and "period" in table.columns:
        period = choices(table, "period", PERIODS, problems)
    problems.refuse()
    strata = {
        name: of for name, of in zip(branch, stratum, strict=True) if name is not None and of is not None
    }
    names = {name for name in branch if name is not None}
    known: dict[str, list[float]] = {name: [] for name in names}
    for place, name in enumerate(branch):
        if name is not None and not np.isnan(value[place]) and (period is None or period[place] == BEFORE):
            known[name].append(float(value[place]))
    lacking = [(name, by) for name in sorted(names - set(strata))]
    lacking += [(name, measure) for name in sorted(names) if not known[name]]
    if lacking:
        what = Message("is empty")
        found = [
            Problem(Message("branch %(branch)s, column %(column)s", branch=name, column=column), what)
            for name, column in lacking
        ]
        raise BadInput(found[:LISTED], total=len(found))
    means = {} if measure is None else {name: float(np.mean(known[name])) for name in sorted(names)}
    return BranchList(dict(sorted(strata.items())), means)
