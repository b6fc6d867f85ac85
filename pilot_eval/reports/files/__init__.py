"""The files a pilot's summary is written to; one line of `FORMATS` per format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from pilot_eval.reports.files import (
    annex,
    answers,
    board,
    bundle,
    data,
    labelled,
    parquet,
    slides,
    tables,
    workbook,
)
from pilot_eval.reports.labels import label
from pilot_eval.reports.summaries import Row, Summary, snapshot_mark

__all__ = ["FORMATS", "Format", "file_name", "write_file"]

Writer = Callable[[Summary, str, Iterable[Row] | None], bytes]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: how it is named, sent and written.

    Attributes
    ----------
    name : str
        Key in `FORMATS` and in addresses.
    media_type, extension : str
    label_key : str
        Its name for people, in `labels`.
    write : callable
        `(summary, language, rows) -> bytes`; rows are the observations of the snapshot, or None where the
        reader may not have them. Formats without observations leave them unread.
    has_rows : bool
        Whether the format holds the observations.
    only_rows : bool
        Whether it holds nothing else, so that it is for those only who may have them.
    extra : str
        The extra of this package that has to be installed for it; empty where none has.
    needs : tuple of str
        The modules that the extra brings.
    evidence : bool
        Whether it is made of the files that `operations.evidence` hands over as rows, and of nothing less.
    answers : bool
        Whether its rows are the answers of visits instead of the observations.
    parts : tuple of str
        What it tells beside the effect of primary outcomes: names of `reports.parts`.
    said : str
        What stands in the file's name beside pilot, snapshot and language.
    """

    name: str
    media_type: str
    extension: str
    label_key: str
    write: Writer
    has_rows: bool = False
    only_rows: bool = False
    extra: str = ""
    needs: tuple[str, ...] = ()
    evidence: bool = False
    answers: bool = False
    parts: tuple[str, ...] = ()
    said: str = ""

    def label(self, language: str) -> str:
        """Return the format's name for people."""
        return label(self.label_key, language)

    @property
    def installed(self) -> bool:
        """Whether everything is there that the format needs."""
        return all(find_spec(module) is not None for module in self.needs)


FORMATS: Final[Mapping[str, Format]] = {
    entry.name: entry
    for entry in (
        Format("pdf", "application/pdf", "pdf", "file_pdf", board.write, parts=("roll_out",)),
        Format(
            "annex",
            "application/pdf",
            "pdf",
            "file_annex",
            annex.write,
            parts=("variance", "roll_out", "ranking", "sensitivity", "threats"),
            said="annex",
        ),
        Format(
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            "file_xlsx",
            workbook.write,
            has_rows=True,
        ),
        Format("csv", "text/csv; charset=utf-8", "csv", "file_csv", tables.write),
        Format("json", "application/json", "json", "file_json", data.write),
        Format(
            "pptx",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "pptx",
            "file_pptx",
            slides.write,
            extra="slides",
            needs=("pptx",),
        ),
        Format(
            "answers",
            "text/csv; charset=utf-8",
            "csv",
            "file_answers",
            answers.write,
            has_rows=True,
            only_rows=True,
            answers=True,
            said="answers",
        ),
        Format(
            "parquet",
            "application/vnd.apache.parquet",
            "parquet",
            "file_parquet",
            parquet.write,
            has_rows=True,
            only_rows=True,
        ),
        Format(
            "sav",
            "application/x-spss-sav",
            "sav",
            "file_sav",
            labelled.write_spss,
            has_rows=True,
            only_rows=True,
            extra="analysis",
            needs=("pandas", "pyreadstat"),
        ),
        Format(
            "dta",
            "application/x-stata-dta",
            "dta",
            "file_dta",
            labelled.write_stata,
            has_rows=True,
            only_rows=True,
            extra="analysis",
            needs=("pandas", "pyreadstat"),
        ),
        Format(
            "bundle",
            "application/zip",
            "zip",
            "file_bundle",
            bundle.write,
            has_rows=True,
            only_rows=True,
            evidence=True,
            said="evidence",
        ),
    )
}


def write_file(name: str, summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write one file.

    Raises
    ------
    ValueError
        If there is no such format (the message lists those there are), no such language, or the rows are not
        those of the snapshot.
    """
    if name not in FORMATS:
        raise ValueError(f"unknown format {name!r}: choose one of {', '.join(FORMATS)}")
    return FORMATS[name].write(summary, language, rows)


def file_name(name: str, summary: Summary, language: str) -> str:
    """Return the name under which a file is saved: pilot, snapshot, language."""
    chosen = FORMATS[name]
    named = [summary["pilot"]["slug"], snapshot_mark(summary), *([chosen.said] if chosen.said else [])]
    return f"{'-'.join([*named, language])}.{chosen.extension}"
