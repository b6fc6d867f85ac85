"""XLSX: what is read, and what is refused before it can do harm."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pilot_eval.domain.errors import BadInput
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.engines import workbooks
from pilot_eval.engines.columns import Reading
from pilot_eval.engines.files import read

# Refused within this time on a busy machine.
SECONDS = 2.0
HEADER = ["branch", "arm", "period", "score"]


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def packed(name: str, content: bytes, entries: int = 1) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(entries):
            archive.writestr(f"{number}/{name}", content)
    return file.getvalue()


def test_cells_keep_what_they_are() -> None:
    cells = workbooks.read_workbook(
        workbook([HEADER, [600000, "trained", date(2014, 8, 1), 12.5], ["Б", None, "", 3]])
    )
    assert cells == [HEADER, [600000, "trained", "2014-08-01", 12.5], ["Б", None, None, 3]]


def test_a_workbook_gives_the_observations_of_the_same_csv(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEADER]
    for number in range(8):
        for period in ("before", "after"):
            rows.append([f"B{number}", "trained" if number % 2 else "comparison", period, number + 0.5])
    (tmp_path / "a.xlsx").write_bytes(workbook(rows))
    (tmp_path / "a.csv").write_text("\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")
    reading = Reading("score", OUTCOMES["score"], with_comparison=True)
    first, second = (read(tmp_path / name, reading) for name in ("a.xlsx", "a.csv"))
    assert first.branches == second.branches
    assert first.value.tolist() == second.value.tolist()


def test_a_problem_is_named_by_the_row_of_the_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        workbook([HEADER, ["A", "trained", "before", 1], [None] * 4, ["A", "trained", "before", "NA"]])
    )
    with pytest.raises(BadInput, match="row 4, column score"):
        read(path, Reading("score", OUTCOMES["score"], with_comparison=True))


def liar() -> bytes:
    """A zip whose directory says that its large entry is small."""
    content = bytearray(packed("xl/worksheets/sheet1.xml", b"\0" * 60_000_000))
    directory = content.rindex(b"PK\1\2")
    content[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed("xl/worksheets/sheet1.xml", b"\0" * 200_000_000), id="bomb"),
        pytest.param(liar(), id="liar"),
        pytest.param(packed("sheet.xml", b" " * 2_000_000, entries=3), id="squeezed"),
        pytest.param(packed("a", b"", entries=1001), id="many entries"),
        pytest.param(b"PK\3\4 and nothing else", id="junk"),
        pytest.param(packed("readme.txt", b"hello"), id="not a workbook"),
        pytest.param(packed("../../etc/passwd", b"hello"), id="path trick"),
        pytest.param(workbook([HEADER])[:-200], id="half"),
    ],
)
def test_what_could_do_harm_is_refused_quickly(content: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(BadInput):
        workbooks.read_workbook(content)
    assert time.monotonic() - begun < SECONDS


def test_a_sheet_of_two_far_cells_is_refused_without_filling_the_memory() -> None:
    book = openpyxl.Workbook()
    book.active.cell(1, 1, "branch")
    book.active.cell(1_048_576, 16_384, 1)
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(BadInput):
        workbooks.read_workbook(file.getvalue())
