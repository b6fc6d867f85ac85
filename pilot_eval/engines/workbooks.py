"""Cells of an XLSX workbook, read in a child process with limits of its own.

A workbook is a zip: small outside, large inside. Its real size is measured before anything is unpacked
for good, and what the reader may use of memory and time is bounded by the operating system.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem

MOST_ENTRIES = 1000
MOST_BYTES = 50_000_000
MOST_RATIO = 100
# A sheet of a few small cells may well be squeezed harder than that.
SMALL_BYTES = 1_000_000
MOST_ROWS = 100_000
MOST_COLUMNS = 500
_MEMORY = 1_000_000_000
_SECONDS = 30
_CHUNK = 1 << 20
_TOO_LARGE = Message("unpacks to more than this product accepts; save the one sheet as CSV UTF-8")
_NOT_READ = Message("cannot be read as an XLSX workbook")

Cells = list[list[Any]]


def read_workbook(content: bytes) -> Cells:
    """Rows of cells of the first sheet, empty ones None, dates as ISO text.

    Raises
    ------
    BadInput
        If it is not a workbook, unpacks to more than the limits, or its first sheet is too large or empty.
    """
    check_size(content)
    child = subprocess.run(
        [sys.executable, "-m", "pilot_eval.engines.workbooks"],
        input=content,
        capture_output=True,
        check=False,
        timeout=2 * _SECONDS,
    )
    if child.returncode:
        raise _refused(_NOT_READ)
    answer = json.loads(child.stdout)
    if "size" in answer:
        rows, columns = answer["size"]
        raise _refused(
            Message(
                "has %(rows)s rows and %(columns)s columns; "
                "at most %(most_rows)s rows and %(most_columns)s columns are read",
                rows=rows,
                columns=columns,
                most_rows=MOST_ROWS,
                most_columns=MOST_COLUMNS,
            )
        )
    cells: Cells = answer["rows"]
    return cells


def check_size(content: bytes) -> None:
    """Refuse a zip with too much in it, whatever its headers claim.

    Raises
    ------
    BadInput
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _refused(_NOT_READ) from None
    if len(entries) > MOST_ENTRIES:
        raise _refused(_TOO_LARGE)
    total = 0
    for entry in entries:
        size = _real_size(content, entry, MOST_BYTES - total)
        if size > SMALL_BYTES and size > MOST_RATIO * max(entry.compress_size, 1):
            raise _refused(_TOO_LARGE)
        total += size


def _real_size(content: bytes, entry: zipfile.ZipInfo, left: int) -> int:
    """Bytes that an entry really unpacks to; stops as soon as there are more than are left."""
    if entry.flag_bits & 0x1 or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _refused(_NOT_READ)
    header = content[entry.header_offset : entry.header_offset + 30]
    begin = entry.header_offset + 30 + sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    packed = content[begin : begin + entry.compress_size]
    size = len(packed)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        size, reader = 0, zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            while packed and size <= left:
                size += len(reader.decompress(packed, _CHUNK))
                packed = reader.unconsumed_tail
        except zlib.error:
            raise _refused(_NOT_READ) from None
    if size > left:
        raise _refused(_TOO_LARGE)
    return size


def _refused(what: Message) -> BadInput:
    return BadInput([Problem("", what)])


# In the child process ---------------------------------------------------------------------------------------


def _main() -> None:
    limit()
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheet = workbook.get_sheet_by_index(0)
    if sheet.total_height > MOST_ROWS + 1 or sheet.total_width > MOST_COLUMNS:
        answer: dict[str, Any] = {"size": [sheet.total_height, sheet.total_width]}
    else:
        rows = sheet.to_python(skip_empty_area=False)
        answer = {"rows": [[plain(cell) for cell in row] for row in rows]}
    json.dump(answer, sys.stdout, ensure_ascii=True)


def limit() -> None:
    """Bound what this process may use of memory and time."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))


def plain(cell: Any) -> Any:
    """A cell as JSON can hold it; a whole number without its point, so that 600000 stays a code."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    return cell


if __name__ == "__main__":
    _main()
