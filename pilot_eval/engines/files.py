"""Observations from a CSV, XLSX or Parquet file, or from columns in memory.

What cannot be read as what it is said to be is refused whole, with the rows and columns to look at; nothing
is guessed, dropped or repaired. An empty cell is missing: its row is counted and left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.engines.columns import Reading, read_columns
from pilot_eval.engines.problems import Problems
from pilot_eval.engines.tables import read_table, table_of


def read(source: str | Path | Mapping[str, Any], reading: Reading) -> Observations:
    """Read observations from a file or from columns in memory.

    Parameters
    ----------
    source : path of a CSV (UTF-8; comma, semicolon or tab) or Parquet file, or column name -> values
    reading : which columns, and as what

    Raises
    ------
    BadInput
        Anything that is not as it should be, with its row and column.
    """
    table = table_of(source) if isinstance(source, Mapping) else read_table(Path(source))
    problems = Problems()
    columns = read_columns(table, reading, problems)
    problems.refuse()
    return columns.observations()
