"""Files made from one summary: what they hold, how they load, and that they agree."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import openpyxl
import pytest

from pilot_eval.reports import summaries
from pilot_eval.reports.files import FORMATS, file_name, tables, write_file
from pilot_eval.reports.files.item_sheet import ITEM_COLUMNS
from pilot_eval.reports.files.observations import OBSERVATION_COLUMNS
from pilot_eval.reports.labels import LABELS, MEANINGS, label
from tests.reports import samples
from tests.reports.schemas import problems

# Sums over forty-four rows are added in another order by the reader: a few units of the last place.
SAME_SUM = 1e-12

LANGUAGES = ("en", "ru")


@cache
def usual_workbook(language: str) -> bytes:
    return write_file("xlsx", samples.with_items(samples.summary()), language, samples.rows())


def read_csv(content: bytes, language: str) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if language == "ru" else ","))


def read_workbook(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def table_of(book: openpyxl.Workbook, key: str, language: str) -> list[dict[str, Any]]:
    _, header, *lines = book[label(key, language)].iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_the_sample_keeps_the_published_contract() -> None:
    schema = json.loads(summaries.SCHEMA_FILE.read_text())
    for document in (
        samples.summary(),
        samples.summary("before_after"),
        samples.not_estimable(samples.summary(), "speed"),
        samples.with_items(samples.summary()),
    ):
        assert problems(document, schema) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.pop("audit"), "audit"),
        (lambda d: d["pilot"].update(status="over"), "pilot.status"),
        (lambda d: d["snapshot"].update(sha256="short"), "snapshot.sha256"),
        (
            lambda d: d["branches"][0]["outcomes"]["quality"]["before"].update(n="3"),
            "branches.0.outcomes.quality.before",
        ),
        (lambda d: d["outcomes"][0].update(surprise=1), "outcomes.0.surprise"),
    ],
)
def test_the_published_contract_refuses_what_it_does_not_know(change: Any, where: str) -> None:
    document = samples.summary()
    change(document)
    found = problems(document, json.loads(summaries.SCHEMA_FILE.read_text()))
    assert any(problem.startswith(where) for problem in found), found


def test_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="pilot-summary/1"):
        write_file("json", {"schema": "pilot-summary/2"}, "en")


def test_an_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError,
        match="choose one of pdf, annex, xlsx, csv, json, pptx, answers, parquet, sav, dta, bundle",
    ):
        write_file("docx", samples.summary(), "en")


def test_a_file_is_named_after_pilot_snapshot_and_language() -> None:
    assert file_name("pdf", samples.summary(), "ru") == "vladimir-2014-3fa9c1d2-ru.pdf"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_snapshot_gives_the_same_bytes_again(name: str, language: str) -> None:
    def write() -> bytes:
        files = [{"path": "a", "content": b"b"}]
        rows = files if FORMATS[name].evidence else samples.rows()
        rows = samples.answers() if FORMATS[name].answers else rows
        return write_file(name, samples.summary(), language, rows)

    first, second = write(), write()
    assert first == second


def test_the_json_file_is_the_summary_with_its_notice() -> None:
    document = samples.summary()
    loaded = json.loads(write_file("json", document, "en"))
    assert loaded.pop("$schema") == "/schemas/pilot-summary-1.json"
    assert loaded.pop("rows") == {"branches": {"written": 132, "of": 132}}
    assert loaded.pop("notice")["ru"] == "Вымышленные данные для демонстрации"
    assert loaded == document
    assert (
        problems(
            json.loads(write_file("json", document, "ru")), json.loads(summaries.SCHEMA_FILE.read_text())
        )
        == []
    )


def test_the_json_file_refuses_a_number_that_is_none() -> None:
    document = samples.summary()
    document["branches"][0]["outcomes"]["quality"]["before"]["mean"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        write_file("json", document, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_csv_file_holds_every_branch_and_outcome(language: str) -> None:
    document = samples.summary()
    content = write_file("csv", document, language)
    lines = read_csv(content, language)
    assert content.startswith("\ufeff".encode())
    assert len(lines) == len(document["branches"]) * len(document["outcomes"])
    assert {line[label("rows_total", language)] for line in lines} == {summaries.rows_of_rows(132, language)}
    assert {line[label("filters", language)] for line in lines} == {label("no_filters", language)}
    assert {line[label("snapshot", language)] for line in lines} == {"3fa9c1d2"}
    assert {line[label("note", language)] for line in lines} == {label("made_up", language)}


def test_russian_numbers_have_a_decimal_comma_and_lose_no_digit() -> None:
    document = samples.summary()
    line = read_csv(write_file("csv", document, "ru"), "ru")[0]
    written = line[label("mean_before", "ru")]
    assert "," in written
    assert (
        float(written.replace(",", ".")) == document["branches"][0]["outcomes"]["quality"]["before"]["mean"]
    )


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"])
def test_a_text_that_looks_like_a_formula_is_neutralised_in_csv(start: str) -> None:
    document = samples.summary()
    document["branches"][0]["name"] = start
    line = read_csv(write_file("csv", document, "en"), "en")[0]
    assert line[label("branch", "en")] == "'" + start


def test_a_negative_number_stays_a_number_in_csv() -> None:
    document = samples.summary()
    document["branches"][0]["outcomes"]["quality"]["change"]["estimate"] = -2.5
    assert read_csv(write_file("csv", document, "en"), "en")[0][label("change", "en")] == "-2.5"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_names_its_sheets_in_the_readers_language(language: str) -> None:
    book = read_workbook(usual_workbook(language))
    keys = ["Summary", "Branches", "Items", "Observations", "Methods", "Dictionary", "Passport"]
    assert book.sheetnames == [label(key, language) for key in keys]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_says_that_the_data_are_made_up(language: str) -> None:
    book = read_workbook(usual_workbook(language))
    for sheet in book:
        top = [cell for row in sheet.iter_rows(max_row=2, values_only=True) for cell in row]
        assert any(isinstance(cell, str) and label("made_up", language) in cell for cell in top), sheet.title


def test_recorded_data_are_not_called_made_up() -> None:
    document = samples.summary(made_up=False)
    for name in ("json", "csv"):
        assert label("made_up", "en") not in write_file(name, document, "en").decode()
    book = read_workbook(write_file("xlsx", document, "en", samples.rows()))
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert not any(label("made_up", "en") in str(cell) for cell in cells)


def test_tables_of_the_workbook_have_a_filter_and_a_frozen_header() -> None:
    book = read_workbook(usual_workbook("en"))
    for sheet in book:
        assert sheet.freeze_panes is not None, sheet.title
        assert sheet.auto_filter.ref is not None, sheet.title
    assert book["Branches"].auto_filter.ref == "A2:N134"


def test_observations_keep_their_types_and_formulas_stay_text() -> None:
    book = read_workbook(usual_workbook("en"))
    lines = table_of(book, "Observations", "en")
    assert isinstance(lines[0][label("observed_on", "en")], datetime)
    assert isinstance(lines[0][label("score_points", "en")], float)
    assert samples.HOSTILE_NAME in {line[label("branch", "en")] for line in lines}
    assert {cell.data_type for row in book["Observations"].iter_rows(min_row=3) for cell in row} <= {
        "s",
        "n",
        "d",
    }


def test_the_first_sheet_draws_the_primary_outcomes() -> None:
    book = read_workbook(usual_workbook("en"))
    assert len(book["Summary"]._charts) == 4  # two outcomes, two groups


@pytest.mark.parametrize("language", LANGUAGES)
def test_formats_agree_in_rows_and_totals(language: str) -> None:
    document = samples.with_items(samples.summary())
    table = read_csv(write_file("csv", document, language), language)
    book = read_workbook(usual_workbook(language))
    sheet = table_of(book, "Branches", language)
    loaded = json.loads(write_file("json", document, language))
    assert len(table) == len(sheet) == len(loaded["branches"]) * len(loaded["outcomes"])
    for key, field in (("mean_before", "before"), ("mean_after", "after")):
        column = label(key, language)
        from_json = sum(cell[field]["mean"] for b in loaded["branches"] for cell in b["outcomes"].values())
        assert sum(float(line[column].replace(",", ".")) for line in table) == pytest.approx(
            from_json, rel=SAME_SUM
        )
        assert sum(line[column] for line in sheet) == pytest.approx(from_json, rel=SAME_SUM)
    items = table_of(book, "Items", language)
    assert len(items) == len(loaded["items"]["items"])
    for arm in ("trained", "comparison"):
        for period in ("before", "after"):
            for cell in ("share", "n", "not_applicable"):
                column = label(f"{arm}_{cell}_{period}", language)
                assert [line[column] for line in items] == [
                    item[arm][period][cell] for item in loaded["items"]["items"]
                ]
    effects = [item["effect"]["estimate"] for item in loaded["items"]["items"] if item["effect"]]
    told = [line[label("item_effect", language)] for line in items]
    assert [value for value in told if value is not None] == effects


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_items_stand_with_their_effect_its_interval_and_what_is_missing(language: str) -> None:
    book = read_workbook(usual_workbook(language))
    moved, still, nothing = table_of(book, "Items", language)
    words = {name: label(name, language) for name in ITEM_COLUMNS}
    assert list(moved) == [words[name] for name in ITEM_COLUMNS]
    names = ("item_code", "low", "item_effect", "high", "item_level", "pvalue", "pvalue_adjusted")
    assert [moved[words[name]] for name in names] == ["E1", 13.0, 21.5, 30.25, 0.95, 0.0004, 0.0012]
    assert moved[words["lever"]] == label("lever_training", language)
    assert still[words["lever"]] == label("lever_facility", language)
    assert (moved[words["item_moved"]], still[words["item_moved"]]) == (
        label("yes", language),
        label("no", language),
    )
    assert nothing[words["item_code"]] == samples.HOSTILE_NAME
    assert nothing[words["item_note"]] == {"en": "Too few", "ru": "Мало"}[language]
    assert {nothing[words[name]] for name in (*names[1:], "item_moved")} == {None}
    assert summaries.rows_of_rows(3, language) in str(book[label("Items", language)]["A1"].value)
    passport = dict(book[label("Passport", language)].iter_rows(min_row=3, values_only=True))
    assert passport[label("item_rows", language)] == summaries.rows_of_rows(3, language)
    sheet = book[label("Items", language)]
    formats = {cell.value: sheet.cell(3, cell.column).number_format for cell in sheet[2]}
    assert formats[words["trained_n_before"]] == "#,##0"
    assert formats[words["pvalue_adjusted"]] == "0.0000"
    assert formats[words["item_level"]] == "0.0%"


def test_the_workbook_has_seven_sheets_charts_and_not_one_formula() -> None:
    content = usual_workbook("ru")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 7
        assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
        assert any(name.startswith("xl/charts/") for name in parts.namelist())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_of_items_without_items_says_why(language: str) -> None:
    sheet = read_workbook(write_file("xlsx", samples.summary(), language, samples.rows()))[
        label("Items", language)
    ]
    assert {"en": "visits with a checklist", "ru": "визитов с чек-листом"}[language] in str(sheet["A1"].value)
    assert sheet.max_row == 2


def test_items_of_a_running_pilot_stop_before_the_training() -> None:
    document = samples.with_items(samples.summary(withheld=True))
    book = read_workbook(write_file("xlsx", document, "en", samples.rows()))
    lines = table_of(book, "Items", "en")
    assert [line[label("trained_share_before", "en")] for line in lines] == [41.125, 42.125, 43.125]
    hidden = [name for name in ITEM_COLUMNS if name.endswith("_after")]
    hidden += ["item_effect", "low", "high", "item_level", "pvalue", "pvalue_adjusted", "item_moved"]
    assert {line[label(name, "en")] for line in lines for name in hidden} == {None}
    assert document["headline_withheld"]["text"]["en"] in str(book["Items"]["A1"].value)


def test_the_workbook_holds_every_observation_and_says_how_many() -> None:
    document = samples.summary()
    book = read_workbook(write_file("xlsx", document, "en", samples.rows()))
    lines = table_of(book, "Observations", "en")
    assert len(lines) == sum(document["snapshot"]["rows"].values()) == 1320
    score, given = label("score_points", "en"), list(samples.rows())
    scores = sum(line[score] for line in lines if line[score] is not None)
    assert scores == pytest.approx(sum(row["score_points"] or 0 for row in given), rel=SAME_SUM)
    assert "1\u00a0320 of 1\u00a0320 rows" in str(book["Observations"]["A1"].value)


@pytest.mark.parametrize("drop", [1, -1])
def test_a_file_with_other_rows_than_the_snapshot_is_not_written(drop: int) -> None:
    given = list(samples.rows())
    given = given[drop:] if drop > 0 else [*given, given[0]]
    with pytest.raises(ValueError, match="the snapshot holds 1320 rows"):
        write_file("xlsx", samples.summary(), "en", given)


def test_a_record_of_a_branch_without_arm_keeps_its_empty_cell() -> None:
    given = [row | {"arm": None} for row in samples.rows()]
    lines = table_of(read_workbook(write_file("xlsx", samples.summary(), "en", given)), "Observations", "en")
    assert {line[label("arm", "en")] for line in lines} == {None}


def test_observations_with_other_columns_are_refused() -> None:
    def strange() -> Iterator[dict[str, Any]]:
        for row in samples.rows():
            yield row | {"full_name": "Ivan"}

    with pytest.raises(ValueError, match="full_name"):
        write_file("xlsx", samples.summary(), "en", strange())


def test_a_workbook_without_rows_says_so() -> None:
    book = read_workbook(write_file("xlsx", samples.summary(), "en"))
    assert table_of(book, "Observations", "en") == []
    assert "not part of this file" in str(book["Observations"]["A1"].value)
    passport = dict(book["Passport"].iter_rows(min_row=3, values_only=True))
    assert passport[label("observation_rows", "en")] == "not part of this file"


def test_the_dictionary_explains_the_observation_columns() -> None:
    book = read_workbook(usual_workbook("ru"))
    explained = {row[0] for row in book[label("Dictionary", "ru")].iter_rows(min_row=3, values_only=True)}
    plain = {"record", "measure"}  # said by their own names
    assert {label(column, "ru") for column in set(OBSERVATION_COLUMNS) - plain} <= explained | {
        label("measure", "ru")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_about_the_time_after_leaves_while_the_headline_is_withheld(language: str) -> None:
    document = samples.summary(withheld=True)
    loaded = json.loads(write_file("json", document, language))
    assert all(
        outcome["evaluation"] is None and outcome["pvalue_holm"] is None for outcome in loaded["outcomes"]
    )
    assert all(
        c["after"] is None and c["change"] is None for b in loaded["branches"] for c in b["outcomes"].values()
    )
    for line in read_csv(write_file("csv", document, language), language):
        for key in ("n_after", "mean_after", "change", "change_low", "change_high"):
            assert line[label(key, language)] == ""
        assert document["headline_withheld"]["text"][language] in line[label("note", language)]


def test_a_withheld_workbook_has_rows_from_before_only_and_says_so() -> None:
    document = samples.summary(withheld=True)
    book = read_workbook(write_file("xlsx", document, "en", samples.rows()))
    periods = {line[label("period", "en")] for line in table_of(book, "Observations", "en")}
    assert periods == {"Before"}
    passport = dict(book["Passport"].iter_rows(min_row=3, values_only=True))
    assert str(passport[label("observation_rows", "en")]).startswith(
        "660 of 1\u00a0320 rows; the rest are withheld"
    )
    assert table_of(book, "Methods", "en") == []
    summary = list(book["Summary"].iter_rows(min_row=4, max_row=6, values_only=True))
    assert all(row[3:7] == (None,) * 4 for row in summary)


def test_an_outcome_that_cannot_be_estimated_says_why_and_gives_no_number() -> None:
    document = samples.not_estimable(samples.summary(), "speed")
    book = read_workbook(write_file("xlsx", document, "ru", samples.rows()))
    line = next(row for row in book["Итог"].iter_rows(values_only=True) if row[0] == "Скорость обслуживания")
    assert line[3:7] == (None,) * 4
    assert line[-1] == "Данных мало: 1 из 2"


@pytest.mark.parametrize("table", [LABELS, MEANINGS])
def test_every_word_is_there_in_both_languages(table: dict[str, tuple[str, str]]) -> None:
    for key, (english, russian) in table.items():
        assert english, key
        assert russian, key
        assert english == russian or any(
            "а" <= letter.lower() <= "я" or letter == "ё" for letter in russian
        ), key


def test_branch_rows_come_outcome_by_outcome() -> None:
    table = tables.branch_rows(samples.summary(), "en")
    assert [row[4] for row in table] == ["Service quality"] * 44 + ["Speed of service"] * 44 + [
        "Greeted"
    ] * 44


def test_an_outcome_where_less_is_better_is_told_with_plus_as_better() -> None:
    outcome = samples.summary()["outcomes"][0]
    usual = summaries.headline(outcome)
    outcome["evaluation"]["better"] = "lower"
    turned = summaries.headline(outcome)
    assert usual is not None
    assert turned is not None
    assert (turned.estimate, turned.low, turned.high) == (-usual.estimate, -usual.high, -usual.low)  # type: ignore[operator]  # both ends are there
    assert turned.falls
    assert not usual.falls


def test_a_duration_is_told_as_a_change_of_speed() -> None:
    outcome = samples.summary()["outcomes"][1]
    found = summaries.headline(outcome)
    speed = outcome["evaluation"]["speed"]
    assert found is not None
    assert (found.estimate, found.unit) == (speed["speed_percent"], "speed_percent")
    assert summaries.estimate_text(found, "ru").startswith("скорость\u00a0+6,3")
    assert [found.low, found.high] == speed["confidence_interval_speed_percent"]


def test_the_warnings_of_an_evaluation_stand_in_the_workbook() -> None:
    document = samples.summary("before_after")
    given = [row for row in samples.rows() if row["arm"] == "trained"]
    document["snapshot"]["rows"] = {"visits": 144, "timings": 576, "measurements": 0}
    book = read_workbook(write_file("xlsx", document, "ru", given))
    cells = [cell for row in book["Итог"].iter_rows(values_only=True) for cell in row if cell]
    assert any("Качество обслуживания: Группы сравнения нет" in str(cell) for cell in cells)
