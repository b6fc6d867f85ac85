"""Files that programs for statistics and for slides read: what they hold, read back as those would."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pptx
import pyreadstat
import pytest

from pilot_eval.reports.files import FORMATS, write_file
from pilot_eval.reports.files.observations import CODES, OBSERVATION_COLUMNS, OBSERVATION_KINDS
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.summaries import rows_of_rows
from pilot_eval.reports.words.slides import SLIDES
from tests.reports import samples
from tests.reports.test_files_board import decided

LANGUAGES = ("en", "ru")
ROWS = 1320
SAME_SUM = 1e-12  # sums over the same values in another order
OF_ROWS = ("parquet", "sav", "dta")


@cache
def content(name: str, language: str) -> bytes:
    return write_file(name, samples.summary(), language, rows_for(name))


def rows_for(name: str) -> Any:
    """What a format is made of beside the summary: observations, answers, or the files of the evidence."""
    if FORMATS[name].answers:
        return samples.answers()
    return [{"path": "a", "content": b"b"}] if FORMATS[name].evidence else samples.rows()


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str, bytes], str]:
    def save(name: str, file: bytes) -> str:
        path = tmp_path / f"rows.{name}"
        path.write_bytes(file)
        return str(path)

    return save


def table_of(name: str, path: str, language: str) -> pd.DataFrame:
    """The observations of any format under their column names, words as words."""
    if name == "parquet":
        return duckdb.sql(f"FROM '{path}'").df()  # our own path
    if name == "xlsx":
        _, header, *rows = openpyxl.load_workbook(path)[label("Observations", language)].iter_rows(
            values_only=True
        )
        names = {label(column, language): column for column in OBSERVATION_COLUMNS}
        frame = pd.DataFrame(rows, columns=[names[str(title)] for title in header])
        words = {label(word, language): word for kinds in CODES.values() for word in kinds}
        for column in CODES:
            frame[column] = frame[column].map(words)
        frame["included"] = frame["included"].map(_yes_no(language))
        return frame
    frame, meta = (pyreadstat.read_sav if name == "sav" else pyreadstat.read_dta)(path)
    for column, kinds in CODES.items():
        told = meta.variable_value_labels[column]
        assert list(told.values()) == [label(word, language) for word in kinds]
        frame[column] = frame[column].map(dict(zip(told, kinds, strict=True)))
    assert meta.variable_value_labels["included"] == {0: label("no", language), 1: label("yes", language)}
    return frame


def _yes_no(language: str) -> dict[str, bool]:
    return {label("yes", language): True, label("no", language): False}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_with_observations_agrees_in_counts_and_totals(
    saved: Callable[[str, bytes], str], language: str
) -> None:
    given = pd.DataFrame(samples.rows())
    with_rows = [name for name, chosen in FORMATS.items() if chosen.has_rows and name in {*OF_ROWS, "xlsx"}]
    assert len(with_rows) == 4
    for name in with_rows:
        table = table_of(name, saved(name, content(name, language)), language)
        assert len(table) == ROWS, name
        for column, kind in OBSERVATION_KINDS.items():
            if kind in {"number", "whole"}:
                told = pd.to_numeric(table[column])
                assert told.count() == given[column].count(), (name, column)
                assert told.sum() == pytest.approx(given[column].sum(), rel=SAME_SUM), (name, column)
        for column in ("record", "arm", "period", "included", "branch_code"):
            assert table[column].value_counts().to_dict() == given[column].value_counts().to_dict(), (
                name,
                column,
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_says_how_many_rows_it_holds_and_which_filters(language: str) -> None:
    whole, branches = rows_of_rows(ROWS, language), rows_of_rows(132, language)
    filters = label("no_filters", language)
    table = content("csv", language).decode("utf-8-sig")
    line = next(csv.DictReader(io.StringIO(table), delimiter=";" if language == "ru" else ","))
    assert (line[label("rows_total", language)], line[label("filters", language)]) == (branches, filters)
    passport = dict(
        openpyxl.load_workbook(io.BytesIO(content("xlsx", language)))[label("Passport", language)].iter_rows(
            min_row=3, values_only=True
        )
    )
    assert passport[label("observation_rows", language)] == whole
    texts = [text.replace("\n", " ") for text in slide_texts(content("pptx", language))]
    assert any(f"{label('branch_rows', language)}: {branches}" in text for text in texts)
    assert any(f"{label('filters', language)}: {filters}" in text for text in texts)
    assert json.loads(content("json", language))["rows"]["branches"] == {"written": 132, "of": 132}


@pytest.mark.parametrize("language", LANGUAGES)
def test_parquet_keeps_types_order_and_passport(saved: Callable[[str, bytes], str], language: str) -> None:
    path = saved("parquet", content("parquet", language))
    types = {row[0]: row[1] for row in duckdb.sql(f"DESCRIBE FROM '{path}'").fetchall()}
    assert types["observed_on"] == "DATE"
    assert (types["score_points"], types["wait_seconds"], types["included"]) == (
        "DOUBLE",
        "BIGINT",
        "BOOLEAN",
    )
    given = list(samples.rows())
    rows = duckdb.sql(f"SELECT record_id, branch, score_points FROM '{path}'").fetchall()  # noqa: S608
    assert rows == [(row["record_id"], row["branch"], row["score_points"]) for row in given]
    kept = {
        key.decode(): json.loads(value)
        for _, key, value in duckdb.sql(f"FROM parquet_kv_metadata('{path}')").fetchall()
    }
    assert kept["passport"][label("observation_rows", language)] == rows_of_rows(ROWS, language)
    assert kept["notice"] == label("made_up", language)
    assert set(kept["dictionary"]) == set(OBSERVATION_COLUMNS)


def test_parquet_tells_an_empty_text_from_none_and_keeps_quotes(saved: Callable[[str, bytes], str]) -> None:
    hostile = ['a,"b"\r\n;c', "", "'", "\\N"]
    given = list(samples.rows())
    for row, text in zip(given, hostile, strict=False):
        row["operation"] = text
    given[len(hostile)]["operation"] = None
    path = saved("parquet", write_file("parquet", samples.summary(), "en", given))
    told = duckdb.sql(f"SELECT operation FROM '{path}' LIMIT 5").fetchall()  # noqa: S608
    assert [row[0] for row in told] == [*hostile, None]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["sav", "dta"])
def test_files_for_statistics_label_variables_and_keep_dates(
    saved: Callable[[str, bytes], str], name: str, language: str
) -> None:
    path = saved(name, content(name, language))
    frame, meta = (pyreadstat.read_sav if name == "sav" else pyreadstat.read_dta)(path)
    assert meta.column_names == list(OBSERVATION_COLUMNS)
    assert all(meta.column_names_to_labels.values())
    assert meta.column_names_to_labels["record"] == label("record", language)
    first = next(iter(samples.rows()))
    assert str(frame["observed_on"][0]) == str(first["observed_on"])
    assert meta.file_label.startswith("vladimir-2014 3fa9c1d2")
    if name == "sav":
        assert label("made_up", language) in meta.notes
        joined = " ".join(meta.notes)
        assert samples.summary()["snapshot"]["sha256"] in joined
        assert rows_of_rows(ROWS, language).replace("\u00a0", " ") in joined
    else:
        assert "1\u00a0320 / 1\u00a0320" in meta.file_label


@pytest.mark.parametrize("name", ["sav", "dta"])
def test_an_observation_may_lack_its_arm_and_its_date(saved: Callable[[str, bytes], str], name: str) -> None:
    given = [row | {"arm": None, "observed_on": None} for row in samples.rows()]
    path = saved(name, write_file(name, samples.summary(), "en", given))
    frame, _ = (pyreadstat.read_sav if name == "sav" else pyreadstat.read_dta)(path)
    assert frame["arm"].isna().all()
    assert frame["observed_on"].isna().all()


@pytest.mark.parametrize("name", OF_ROWS)
def test_files_of_rows_need_all_the_rows(name: str) -> None:
    with pytest.raises(ValueError, match="observations"):
        write_file(name, samples.summary(), "en")
    with pytest.raises(ValueError, match="the snapshot holds 1320 rows"):
        write_file(name, samples.summary(), "en", list(samples.rows())[1:])


@pytest.mark.parametrize("name", OF_ROWS)
def test_files_of_a_running_pilot_hold_nothing_from_after(
    saved: Callable[[str, bytes], str], name: str
) -> None:
    path = saved(name, write_file(name, samples.summary(withheld=True), "en", samples.rows()))
    table = table_of(name, path, "en")
    assert set(table["period"]) == {"before"}
    assert len(table) == 660


def test_answers_are_a_plain_table_with_the_mark_of_their_data() -> None:
    english = content("answers", "en").decode("utf-8-sig").splitlines()
    assert english[0].endswith('Kind of answer,Answer,"Earned, points","Possible, points",Snapshot')
    assert english[1].endswith(",yes,post-branch 1,Hall,A1,A1,yes or no,yes,2.0,2,3fa9c1d2")
    assert english[2].endswith(",A9,A9,words,'=1+1,,,3fa9c1d2")
    russian = content("answers", "ru").decode("utf-8-sig").splitlines()
    assert russian[1].endswith(";да;post-branch 1;Hall;A1;A1;да или нет;yes;2,0;2;3fa9c1d2")


def test_answers_of_a_running_pilot_are_those_before_the_training() -> None:
    later = [row | {"period": "after"} for row in samples.answers()]
    file = write_file("answers", samples.summary(withheld=True), "en", [*samples.answers(), *later])
    assert len(file.splitlines()) == 1 + len(samples.answers())
    with pytest.raises(ValueError, match="needs them"):
        write_file("answers", samples.summary(), "en")


@pytest.mark.parametrize("name", FORMATS)
def test_the_bytes_do_not_know_when_they_were_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    given = content(name, "ru")
    later, local = time.time() + 100_000, time.localtime
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "localtime", lambda moment=later: local(moment))
    assert write_file(name, samples.summary(), "ru", rows_for(name)) == given


def slide_texts(file: bytes) -> list[str]:
    deck = pptx.Presentation(io.BytesIO(file))
    return [shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame]


@pytest.mark.parametrize("language", LANGUAGES)
def test_slides_ask_answer_show_limit_and_decide(language: str) -> None:
    deck = pptx.Presentation(io.BytesIO(content("pptx", language)))
    assert 4 <= len(deck.slides) <= 6
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert len(set(titles)) == len(titles)
    pictures = [shape for slide in deck.slides for shape in slide.shapes if shape.shape_type == 13]
    assert len(pictures) == 2
    assert all(len(shape._element.nvPicPr.cNvPr.get("descr")) > 40 for shape in pictures)
    everything = " ".join(slide_texts(content("pptx", language)))
    assert samples.summary()["snapshot"]["sha256"] in everything
    assert label("made_up", language) in everything
    assert f"☐ {label('decide_stop', language)}" in everything
    assert label("signed", language) + ":" in everything
    notes = [slide.notes_slide.notes_text_frame.text for slide in deck.slides if slide.has_notes_slide]
    assert all(len(text.splitlines()) > 44 for text in notes)


def test_nothing_stands_outside_a_slide() -> None:
    deck = pptx.Presentation(io.BytesIO(content("pptx", "ru")))
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= deck.slide_width
            assert shape.top + shape.height <= deck.slide_height


def test_slides_go_on_rather_than_cut_a_long_list_of_limits() -> None:
    from pilot_eval.reports.files.slide_shapes import Deck

    texts = [("", f"{place} " + "word " * 40) for place in range(30)]
    deck = Deck("en", "t", "a", "f", pd.Timestamp("2014-11-02").to_pydatetime())
    pages = deck.paged(texts)
    assert [text for page in pages for text in page] == texts
    assert len(pages) > 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_slides_tell_a_signed_decision_in_place_of_the_choices(language: str) -> None:
    document = samples.summary()
    document["decision"] = decided("Quality rose. " * 100)
    deck = pptx.Presentation(io.BytesIO(write_file("pptx", document, language)))
    title = say(SLIDES["decision"], language)
    slides = [slide for slide in deck.slides if slide.shapes.title.text_frame.text.startswith(title)]
    text = " ".join(
        shape.text_frame.text for slide in slides for shape in slide.shapes if shape.has_text_frame
    )
    assert f"{label('decision', language)}: {document['decision']['text'][language]}" in text
    assert text.count("Quality rose.") == 100
    assert "H-001" in text
    assert document["decision"]["notes"][0][language] in text
    assert "☐" not in text
    assert label("signed", language) + ":" not in text


def test_slides_of_a_running_pilot_say_that_the_result_is_withheld() -> None:
    document = samples.summary(withheld=True)
    texts = " ".join(slide_texts(write_file("pptx", document, "ru")))
    assert document["headline_withheld"]["text"]["ru"] in texts
    assert label("decide_stop", "ru") not in texts


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_text_becomes_a_formula_in_any_file(saved: Callable[[str, bytes], str], start: str) -> None:
    document, given = samples.summary(), list(samples.rows())
    document["branches"][0]["name"] = start
    document["pilot"]["title"] = {"en": start, "ru": start}
    for row in given:
        row["branch"] = start
    text = write_file("csv", document, "en").decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(text, newline="")))[label("branch", "en")] == "'" + start
    with zipfile.ZipFile(io.BytesIO(write_file("xlsx", document, "en", given))) as book:
        assert not any(
            b"<f>" in book.read(part) or b"<f " in book.read(part)
            for part in book.namelist()
            if part.startswith("xl/worksheets/")
        )
    for name in OF_ROWS:
        table = table_of(name, saved(name, write_file(name, document, "en", given)), "en")
        assert set(table["branch"]) == {start}, name  # a text column: no program runs it


def test_a_format_says_which_extra_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    import pilot_eval.reports.files as files

    assert {FORMATS[name].extra for name in ("sav", "dta")} == {"analysis"}
    assert FORMATS["pptx"].extra == "slides"
    assert all(chosen.installed for chosen in FORMATS.values())
    monkeypatch.setattr(files, "find_spec", lambda _module: None)
    missing = {name for name, chosen in FORMATS.items() if not chosen.installed}
    assert missing == {"sav", "dta", "pptx"}


def test_importing_the_formats_loads_no_extra() -> None:
    import subprocess
    import sys

    code = (
        "import sys, pilot_eval.reports.files; "
        "print(sorted({'pandas', 'pyreadstat', 'pptx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_any_value(saved: Callable[[str, bytes], str]) -> None:
    """Values of files are numbers of any size; they come back to the last digit."""
    given: list[dict[str, Any]] = list(samples.rows())
    values = [0.1, 1e-300, 1e300, -2.5, 1 / 3]
    for row, value in zip(given, values, strict=False):
        row["value"] = value
    for name in OF_ROWS:
        table = table_of(name, saved(name, write_file(name, samples.summary(), "en", given)), "en")
        assert table["value"].dropna().tolist() == values, name
