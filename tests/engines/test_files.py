"""Files and columns become the same observations; what is wrong is refused with its row and column."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from pilot_eval.domain.errors import BadInput
from pilot_eval.domain.observations import AFTER, BEFORE, MISSING, Observations
from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.engines.columns import Reading
from pilot_eval.engines.files import read
from pilot_eval.engines.reference import reference_cells
from pilot_eval.stats.cells import observed_cells
from tests.engines.plain import rows_of

GOOD = """branch,arm,period,score,visitor
B1,trained,before,60,x
B1,trained,after,70.5,y
B2,comparison,before,61,
B2,comparison,during,65,
B2,comparison,after,,z
"""


def reading(**changes: Any) -> Reading:
    kind = changes.pop("kind", "score")
    return Reading(**{"outcome": "score", "measure": OUTCOMES[kind], "with_comparison": True, **changes})


def file(folder: Path, content: str | bytes, name: str = "pilot.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(source: Any, **changes: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read(source, reading(**changes))
    return caught.value


def assert_equal(one: Observations, two: Observations) -> None:
    assert one.branches == two.branches
    assert one.trained.tolist() == two.trained.tolist()
    assert one.branch.tolist() == two.branch.tolist()
    assert one.period.tolist() == two.period.tolist()
    np.testing.assert_array_equal(one.value, two.value)
    assert one.rows == two.rows
    assert one.missing == two.missing


def test_a_tidy_file_is_read_and_its_gaps_are_counted(tmp_path: Path) -> None:
    found = read(file(tmp_path, GOOD), reading())
    assert found.branches == ("B1", "B2")
    assert found.trained.tolist() == [True, False]
    assert found.rows == 5
    assert found.missing == {"score": 1}
    np.testing.assert_array_equal(found.value, [60.0, 70.5, 61.0, 65.0, np.nan])


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace(",", ";").replace("70.5", "70,5").encode(),
        GOOD.replace(",", "\t").encode(),
        (GOOD + "\n\n,,,,\n").encode(),
        GOOD.replace("trained", " Trained ").encode(),
        GOOD.replace("B1", '"B1"').encode(),
    ],
    ids=["bom", "windows", "semicolon", "tab", "blank rows", "spaces and capitals", "quotes"],
)
def test_usual_ways_to_write_the_same_file_are_read_alike(tmp_path: Path, content: bytes) -> None:
    expected = read(file(tmp_path, GOOD), reading())
    assert_equal(read(file(tmp_path, content, "other.csv"), reading()), expected)


def test_parquet_and_columns_in_memory_are_the_same_observations(tmp_path: Path) -> None:
    path = file(tmp_path, GOOD)
    parquet = tmp_path / "pilot.parquet"
    with duckdb.connect() as connection:
        copy = f"COPY (SELECT * FROM read_csv('{path}')) TO '{parquet}' (FORMAT parquet)"  # noqa: S608  # own paths
        connection.execute(copy)
    expected = read(path, reading())
    assert_equal(read(parquet, reading()), expected)
    frame = pd.read_csv(path)
    assert_equal(read({name: frame[name] for name in frame}, reading()), expected)
    lists = {name: [None if pd.isna(cell) else cell for cell in frame[name]] for name in frame}
    assert_equal(read(lists, reading()), expected)


def test_the_order_of_rows_changes_nothing_but_the_digest(tmp_path: Path) -> None:
    lines = GOOD.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    one, two = read(file(tmp_path, GOOD), reading()), read(file(tmp_path, turned, "b.csv"), reading())
    assert_equal(one, two)
    assert one.digest != two.digest


def test_equal_rows_are_not_duplicates(tmp_path: Path) -> None:
    content = GOOD + "B1,trained,before,60,x\n"
    assert len(read(file(tmp_path, content), reading()).value) == 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD.replace("B2,comparison,during", "B2,control,during"), ["row 5", "arm", "'control'", "trained"]),
        (GOOD.replace("during", "later"), ["row 5", "period", "'later'", "before, during, after"]),
        (GOOD.replace("B2,comparison,during", "B2,trained,during"), ["row 5", "arm", "'B2'", "row 4"]),
        (GOOD.replace("65", "NA"), ["row 5", "score", "'NA' is not a number", "empty"]),
        (GOOD.replace("65", "nan"), ["row 5", "score", "'nan'"]),
        (GOOD.replace("65", "inf"), ["row 5", "score", "'inf'"]),
        (GOOD.replace("65", "1_0"), ["row 5", "score", "'1_0'"]),
        (GOOD.replace("65", "1e999"), ["row 5", "score", "too large"]),
        (GOOD.replace("65", '"6,5"'), ["row 5", "score", "'6,5'"]),
        (GOOD.replace("65,", "65,,,"), ["row 5", "7 cells", "5"]),
        (GOOD.replace("B1,trained,before,60,x", "B1,trained"), ["row 2", "2 cells"]),
        (
            GOOD.replace("score", "skore", 1),
            ["row 1", "'score'", "did you mean 'skore'?", "branch, arm, period"],
        ),
        (GOOD.replace("visitor", "score", 1), ["row 1", "'score'", "more than once"]),
        (GOOD.replace("B1,trained,before", '"B1,trained,before', 1), ["not CSV"]),
        ("", ["empty"]),
        ("branch,arm,period,score\n", ["no rows"]),
        (GOOD.encode().replace(b"B2", "Б2".encode("cp1251")), ["row 4", "0xC1", "UTF-8"]),
        (GOOD.encode("utf-16"), ["UTF-8"]),
        (GOOD.encode().replace(b"B2", b"B\x00"), ["row 4", "zero byte"]),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(
    tmp_path: Path, content: str | bytes, words: list[str]
) -> None:
    text = str(refusal(file(tmp_path, content)))
    for word in words:
        assert word in text


def test_the_first_twenty_problems_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    rows = [f"B{i},trained,before,bad" for i in range(33)]
    error = refusal(file(tmp_path, "branch,arm,period,score\n" + "\n".join(rows)))
    assert len(error.problems) == 20
    assert error.total == 33
    assert error.problems[-1].where == "row 21, column score"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("duration", "-1", "negative"),
        ("proportion", "1.5", "between 0 and 1"),
        ("proportion", "yes", "not a number"),
    ],
)
def test_values_outside_their_kind_are_refused(tmp_path: Path, kind: str, value: str, words: str) -> None:
    content = GOOD.replace("60", value).replace("70.5", "1").replace("61", "0").replace("65", "0")
    assert words in str(refusal(file(tmp_path, content), kind=kind))


def test_no_file_a_folder_and_a_broken_parquet_are_told_apart(tmp_path: Path) -> None:
    assert "no such file" in str(refusal(tmp_path / "nothing.csv"))
    assert "folder" in str(refusal(tmp_path))
    assert "Parquet" in str(refusal(file(tmp_path, b"PAR1 but not really", "broken.parquet")))
    assert "Parquet" in str(refusal(file(tmp_path, GOOD, "text.parquet")))


def test_columns_of_different_length_are_refused() -> None:
    assert "length" in str(
        refusal({"branch": ["a"], "arm": ["trained"] * 2, "period": ["before"], "score": [1]})
    )


def test_the_arm_may_be_absent_without_comparison(tmp_path: Path) -> None:
    content = "branch,period,score\nB1,before,1\nB1,after,2\n"
    assert read(file(tmp_path, content), reading(with_comparison=False)).trained.tolist() == [True]
    assert "'arm'" in str(refusal(file(tmp_path, content)))


DATED = """branch,arm,date,trained_on,score
B1,trained,2014-08-31,2014-09-15,60
B1,trained,2014-09-15,2014-09-15,70
B2,comparison,2014-09-14,,61
B2,comparison,2014-10-01,,62
"""


def test_dates_make_periods_for_both_arms(tmp_path: Path) -> None:
    found = read(file(tmp_path, DATED), reading())
    assert found.period.tolist() == [BEFORE, AFTER, BEFORE, AFTER]
    lists = {
        "branch": ["B1", "B1", "B2", "B2"],
        "arm": ["trained", "trained", "comparison", "comparison"],
        "date": [date(2014, 8, 31), date(2014, 9, 15), date(2014, 9, 14), date(2014, 10, 1)],
        "trained_on": [datetime(2014, 9, 15), datetime(2014, 9, 15), None, None],  # noqa: DTZ001  # a day
        "score": [60, 70, 61, 62],
    }
    assert_equal(read(lists, reading()), found)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2014-08-31", "31.08.2014", ["row 2", "date", "'31.08.2014'", "2014-08-31"]),
        ("2014-08-31", "2014-02-30", ["row 2", "date"]),
        (
            "2014-09-15,70",
            "2014-09-16,70",
            ["staggered", "design staggered", "2 different dates"],
        ),
        ("2014-09-15,70", ",70", ["row 3", "trained_on", "empty although"]),
        ("2014-09-15,", ",", ["no row has a date of training"]),
        (",trained_on", ",trained", ["'trained_on'", "did you mean 'trained'?"]),
    ],
)
def test_dates_that_say_nothing_clear_are_refused(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    text = str(refusal(file(tmp_path, DATED.replace(old, new))))
    for word in words:
        assert word in text


def test_empty_cells_of_any_column_leave_their_row_out_and_are_counted(tmp_path: Path) -> None:
    content = GOOD + ",trained,before,1,\nB1,,before,1,\nB1,trained,,1,\n"
    found = read(file(tmp_path, content), reading())
    assert found.missing == {"branch": 1, "arm": 1, "period": 1, "score": 1}
    assert (found.rows, len(found.value)) == (8, 5)


def test_strata_are_read_and_a_branch_is_in_one(tmp_path: Path) -> None:
    content = GOOD.replace(",x\n", ",north\n").replace(",y\n", ",north\n").replace(",,z", ",,south")
    found = read(file(tmp_path, content), reading(strata="visitor"))
    assert found.stratum is not None
    assert found.stratum.names == ("north", "south")
    assert found.missing == {"score": 1, "visitor": 2}
    mixed = str(refusal(file(tmp_path, GOOD), strata="visitor"))
    assert "row 3, column visitor" in mixed


def test_nested_columns_are_refused_in_words() -> None:
    columns = {
        "branch": ["a"],
        "arm": ["trained"],
        "period": ["before"],
        "score": np.array([[1], None], object)[:1],
    }
    assert "is not a number" in str(refusal(columns))


def test_cells_equal_those_of_plain_loops(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    columns = {
        "branch": rng.integers(0, 30, 3000).astype(str),
        "period": rng.choice(["before", "during", "after"], 3000),
        "score": np.where(rng.random(3000) < 0.05, np.nan, rng.normal(1e6, 1.0, 3000)),
    }
    found = read(columns, reading(with_comparison=False))
    cells, expected = observed_cells(found), reference_cells(rows_of(found))
    for code, branch in enumerate(found.branches):
        for column, period in enumerate(("before", "after")):
            one = expected[branch, period]
            assert cells.n[code, column] == one.n
            assert cells.mean[code, column] == pytest.approx(one.mean, rel=1e-14)
            assert cells.squares[code, column] == pytest.approx(one.squares, rel=1e-9)


MANY = {
    "branch": ["A", "A", "B", "B", "C", "C"],
    "date": ["2014-01-05", "2014-03-05T10:30:00", "2014-01-05", "2014-03-05", "2014-01-05", "2014-03-05"],
    "trained_on": ["2014-02-01", "2014-02-01", "2014-03-05", "2014-03-05", "", ""],
    "score": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    "size": ["12", "", "3", "3", "4", "4"],
    "Q1": [1, 0, "", 1, 1, 1],
    "Q2": [0.5, 0, 1, 1, 1, 1],
    "who": ["x", "", "y", "x", "y", "x"],
    "open": ["yes", "0", "TRUE", "нет", "1", "no"],
    "seen": ["2014-01-06", "2014-03-05", "", "2014-03-09", "2014-01-05", "2014-03-05"],
}


def test_each_branch_may_have_its_own_date_of_training() -> None:
    found = read(MANY, reading(dated=True))
    assert found.branches == ("A", "B", "C")
    assert found.trained.tolist() == [True, True, False]
    assert found.trained_on is not None
    assert found.trained_on.astype(str).tolist() == ["2014-02-01", "2014-03-05", "NaT"]
    assert found.period.tolist() == [BEFORE, AFTER, BEFORE, AFTER, BEFORE, BEFORE]
    assert found.date is not None
    assert found.date.astype(str).tolist() == ["2014-01-05", "2014-03-05"] * 3


@pytest.mark.parametrize(
    ("column", "cells", "words"),
    [
        ("trained_on", [""] * 6, "no row has a date of training"),
        ("trained_on", ["2014-02-01", "2014-02-02", "", "", "", ""], "something else in row 2"),
        (
            "arm",
            ["comparison"] * 2 + ["trained"] * 2 + ["comparison"] * 2,
            "although the branch is a comparison",
        ),
        ("date", ["5.1.2014"] * 6, "expected a date such as"),
    ],
)
def test_dates_of_training_that_contradict_are_refused(column: str, cells: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read(MANY | {column: cells}, reading(dated=True))


def test_optional_columns_are_read_as_what_they_are() -> None:
    found = read(
        MANY,
        reading(
            kind="duration",
            dated=True,
            auditor="who",
            exposure="score",
            censored="open",
            entered="seen",
            covariates=("size",),
            items=("Q*",),
        ),
    )
    assert found.auditor is not None
    assert found.auditor.names == ("x", "y")
    assert found.auditor.codes.tolist() == [0, MISSING, 1, 0, 1, 0]
    assert found.censored is not None
    assert found.censored.tolist() == [True, False, True, False, True, False]
    assert found.exposure is not None
    assert found.exposure.tolist() == MANY["score"]
    assert found.entered is not None
    assert np.isnat(found.entered).tolist() == [False, False, True, False, False, False]
    assert found.items is not None
    assert found.items.names == ("Q1", "Q2")
    np.testing.assert_array_equal(found.items.values[:, 0], [1, 0, np.nan, 1, 1, 1])
    assert found.covariates is not None
    np.testing.assert_array_equal(found.covariates.values[:, 0], [12, np.nan, 3, 3, 4, 4])
    assert dict(found.missing) == {"size": 1, "who": 1, "seen": 1}


def test_yes_and_no_may_be_numbers_with_a_point() -> None:
    given_up = [1.0, 0.0, "1.0", "0.0", 1, 0]
    found = read(MANY | {"open": given_up}, reading(dated=True, censored="open"))
    assert found.censored is not None
    assert found.censored.tolist() == [True, False] * 3


def test_a_count_without_its_exposure_is_missing() -> None:
    exposure = ["10", "", "3", "3", "4", "4"]
    found = read(MANY | {"parcels": exposure}, reading(dated=True, exposure="parcels"))
    assert np.isnan(found.value).tolist() == [False, True, False, False, False, False]
    with pytest.raises(BadInput, match="not above 0"):
        read(MANY | {"parcels": ["0"] * 6}, reading(dated=True, exposure="parcels"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"censored": "who"}, "neither 1"),
        ({"items": ("K*",)}, "no column that begins with 'K'"),
        ({"items": ("Q9",)}, "no column 'Q9'"),
        ({"covariates": ("who",)}, "is not a number"),
        ({"entered": "who"}, "expected a date"),
    ],
)
def test_optional_columns_that_cannot_be_read_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(MANY, reading(dated=True, **changes))
    assert words in str(caught.value)
