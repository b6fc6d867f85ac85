"""What pyxform and a reader of workbooks make of a file, in a child process with limits of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.engines.workbooks import Cells, check_size, limit, plain

_SECONDS = 30
MOST_ROWS = 5_000
MOST_COLUMNS = 200
# How a workbook of Excel 97 to 2003 begins; unlike the newer ones it is no zip, and not larger inside.
_OLDER = bytes.fromhex("d0cf11e0a1b11ae1")


@dataclass(frozen=True, slots=True)
class Converted:
    """A workbook that is an XLSForm.

    Parameters
    ----------
    sheets : dict of str to rows of cells
        By name in small letters.
    warnings : tuple of str
        What pyxform says of it, in English.
    """

    sheets: dict[str, Cells]
    warnings: tuple[str, ...]


def convert(content: bytes) -> Converted:
    """Read a workbook and let pyxform convert it.

    Raises
    ------
    BadInput
        If it is no workbook, unpacks to more than the limits, or pyxform refuses it.
    """
    if not content.startswith(_OLDER):
        check_size(content)
    try:
        child = subprocess.run(
            [sys.executable, "-m", "pilot_eval.engines.xlsforms.checking"],
            input=content,
            capture_output=True,
            check=False,
            timeout=2 * _SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise _refused(Message("takes too long to be read")) from None
    if child.returncode:
        raise _refused(Message("cannot be read as a workbook"))
    answer = json.loads(child.stdout)
    if answer["too_large"]:
        message = Message(
            "has a sheet with more than %(rows)s rows or %(columns)s columns",
            rows=MOST_ROWS,
            columns=MOST_COLUMNS,
        )
        raise _refused(message)
    if answer["error"]:
        raise _refused(Message("is not a valid XLSForm; pyxform says: %(what)s", what=answer["error"]))
    return Converted(answer["sheets"], tuple(answer["warnings"]))


def _refused(what: Message) -> BadInput:
    return BadInput([Problem("", what)])


# In the child process ---------------------------------------------------------------------------------------


def _main() -> None:
    limit()
    from python_calamine import CalamineWorkbook

    content = sys.stdin.buffer.read()
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found = {name.strip().lower(): workbook.get_sheet_by_name(name) for name in workbook.sheet_names}
    too_large = any(
        sheet.total_height > MOST_ROWS or sheet.total_width > MOST_COLUMNS for sheet in found.values()
    )
    sheets: dict[str, Cells] = {}
    warnings: list[str] = []
    error = ""
    if not too_large:
        sheets = {name: _rows(sheet) for name, sheet in found.items()}
        error = _error(content, warnings)
    answer = {"sheets": sheets, "warnings": warnings, "error": error, "too_large": too_large}
    json.dump(answer, sys.stdout, ensure_ascii=True)


def _rows(sheet: Any) -> Cells:
    rows = sheet.to_python(skip_empty_area=False)
    return [[plain(cell) for cell in row] for row in rows]


def _error(content: bytes, warnings: list[str]) -> str:
    """What pyxform has against the form; empty if nothing."""
    from pyxform.errors import PyXFormError
    from pyxform.xls2xform import convert as to_xform

    kind = ".xls" if content.startswith(_OLDER) else ".xlsx"
    try:
        to_xform(io.BytesIO(content), warnings=warnings, file_type=kind, form_name="data")
    except PyXFormError as error:
        return str(error)
    except Exception as error:  # whatever a strange form makes it do, the form is at fault
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    _main()
