"""Evidence bundles as they are handed in: opened with care, file by file, without touching the disk."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pilot_eval.reports.files.bundle import FILES, MARK, SCHEMA
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.words.evidence import NOT_A_BUNDLE

MEGABYTE = 1024 * 1024
LARGEST = 1024 * MEGABYTE  # unpacked; a pilot of a million rows has about 250 MB
DENSEST = 200  # times the packed size; tables of numbers shrink to a tenth
SMALL = MEGABYTE  # below, any density is harmless
_DATA = re.compile(r"data/[0-9]{2,4}\.csv")


class NotABundle(Exception):
    """What was handed in is no evidence bundle, or not safe to open.

    Parameters
    ----------
    why : Sentence
    """

    def __init__(self, why: Sentence) -> None:
        self.why = why
        super().__init__(why.en)


def open_bundle(path: Path) -> dict[str, bytes]:
    """Read the files of a bundle by name.

    Names and sizes are looked at before anything is unpacked; nothing is written to the disk.

    Raises
    ------
    NotABundle
        If the file is none, or has names or sizes that no bundle has.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(archive.infolist())
            files = {entry.filename: _content(archive, entry) for entry in archive.infolist()}
    except OSError:
        raise NotABundle(NOT_A_BUNDLE["no_file"]) from None
    except zipfile.BadZipFile:
        raise NotABundle(NOT_A_BUNDLE["no_zip"]) from None
    if mark_of(files).get("schema") != SCHEMA:
        raise NotABundle(NOT_A_BUNDLE["no_mark"])
    return files


def mark_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What `bundle.json` says; nothing where it cannot be read."""
    try:
        found = json.loads(files.get(MARK, b"{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _check(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if name not in FILES and not _DATA.fullmatch(name):
            raise NotABundle(NOT_A_BUNDLE["paths"].filled(path=repr(name)))
        if name in seen:
            raise NotABundle(NOT_A_BUNDLE["twice"].filled(path=name))
        seen.add(name)
        ratio = entry.file_size // max(1, entry.compress_size)
        if entry.file_size > SMALL and ratio > DENSEST:
            why = NOT_A_BUNDLE["too_dense"].filled(path=name, ratio=str(ratio), most=str(DENSEST))
            raise NotABundle(why)
    size = sum(entry.file_size for entry in entries)
    if size > LARGEST:
        sizes = {"size": str(size // MEGABYTE), "most": str(LARGEST // MEGABYTE)}
        raise NotABundle(NOT_A_BUNDLE["too_large"].filled(**sizes))


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as file:
            content = file.read(entry.file_size + 1)  # never more than was promised and checked
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        raise NotABundle(NOT_A_BUNDLE["damaged"].filled(path=entry.filename)) from None
    if len(content) != entry.file_size:
        raise NotABundle(NOT_A_BUNDLE["damaged"].filled(path=entry.filename))
    return content
