"""Numbers as people read and type them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_eval.reports import numbers
from pilot_eval.reports.numbers import MINUS, NBSP

BRANCH = {
    "en": {"one": "branch", "other": "branches"},
    "ru": {"one": "отделение", "few": "отделения", "many": "отделений", "other": "отделения"},
}


@pytest.mark.parametrize(
    ("value", "digits", "language", "sign", "text"),
    [
        (2.75, 2, "en", False, "2.75"),
        (2.75, 2, "ru", False, "2,75"),
        (2.75, 2, "en", True, "+2.75"),
        (-2.75, 1, "ru", True, f"{MINUS}2,8"),
        (1234567.891, 1, "en", False, f"1{NBSP}234{NBSP}567.9"),
        (1234567.891, 1, "ru", False, f"1{NBSP}234{NBSP}567,9"),
        (-0.04, 1, "en", True, "0.0"),
        (-0.0, 0, "ru", False, "0"),
        (0, 1, "en", True, "0.0"),
        (0.125, 2, "en", False, "0.13"),
        (2.675, 2, "en", False, "2.68"),
        (2.749999999999986, 1, "en", False, "2.8"),
        (-2.5, 0, "en", False, f"{MINUS}3"),
        (10**20, 0, "en", False, NBSP.join(["100"] + ["000"] * 6)),
        (1e22, 0, "en", False, NBSP.join(["10"] + ["000"] * 7)),
        (np.float64(61.25), 1, "en", False, "61.3"),
        (np.int64(44), 0, "en", False, "44"),
        (None, 2, "en", True, "—"),
        (math.nan, 2, "ru", False, "—"),
        (-math.inf, 2, "ru", False, f"{MINUS}∞"),
    ],
)
def test_a_number_is_written_as_people_read_it(
    value: float | None, digits: int, language: str, sign: bool, text: str
) -> None:
    assert numbers.number(value, digits, language, sign) == text


def test_a_per_cent_sign_stands_apart_in_russian_only() -> None:
    assert numbers.percent(15.1538, 1, "en", sign=True) == "+15.2%"
    assert numbers.percent(15.1538, 1, "ru", sign=True) == f"+15,2{NBSP}%"
    assert numbers.percent(None, 1, "ru") == "—"


@pytest.mark.parametrize(
    ("low", "high", "language", "text"),
    [
        (0.4387, 34.6485, "en", "0.4% to 34.6%"),
        (0.4387, 34.6485, "ru", f"от 0,4{NBSP}% до 34,6{NBSP}%"),
        (None, 34.6485, "en", "at most 34.6%"),
        (0.4387, None, "ru", f"не меньше 0,4{NBSP}%"),
        (None, None, "en", "no limits"),
        (None, None, "ru", "границ нет"),
    ],
)
def test_an_interval_without_an_end_says_so_in_words(
    low: float | None, high: float | None, language: str, text: str
) -> None:
    assert numbers.interval(low, high, 1, language, unit="percent") == text


@pytest.mark.parametrize(
    ("seconds", "language", "text"),
    [
        (185, "en", "3 min 05 s"),
        (185, "ru", "3 мин 05 с"),
        (45.4, "en", "45 s"),
        (59.6, "en", "1 min 00 s"),
        (3725, "ru", "1 ч 02 мин 05 с"),
        (-75, "en", f"{MINUS}1 min 15 s"),
        (-0.3, "en", "0 s"),
        (None, "en", "—"),
    ],
)
def test_a_length_of_time_is_written_in_minutes_and_seconds(
    seconds: float | None, language: str, text: str
) -> None:
    assert numbers.seconds_text(seconds, language).replace(NBSP, " ") == text


def test_a_longer_time_may_carry_a_plus() -> None:
    assert numbers.seconds_text(75, "en", sign=True) == f"+1{NBSP}min{NBSP}15{NBSP}s"


def test_a_date_is_written_out() -> None:
    assert numbers.date_text(date(2014, 8, 1), "en").replace(NBSP, " ") == "1 August 2014"
    assert numbers.date_text("2014-08-01", "ru").replace(NBSP, " ") == "1 августа 2014 г."
    assert numbers.date_text(None, "ru") == "—"


def test_a_moment_is_written_in_utc() -> None:
    assert (
        numbers.moment_text("2014-11-30T21:00:00+03:00", "en").replace(NBSP, " ")
        == "30 November 2014, 18:00 UTC"
    )
    assert numbers.moment_text(datetime(2014, 11, 30, 18, tzinfo=UTC), "ru").endswith(f"18:00{NBSP}UTC")
    assert numbers.moment_text(None, "en") == "—"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        numbers.moment_text("2014-11-30T21:00:00", "en")


@pytest.mark.parametrize(
    ("count", "word"),
    [
        (1, "отделение"),
        (2, "отделения"),
        (5, "отделений"),
        (11, "отделений"),
        (21, "отделение"),
        (0, "отделений"),
    ],
)
def test_a_russian_count_takes_its_form(count: int, word: str) -> None:
    assert numbers.counted(count, BRANCH["ru"], "ru") == f"{count}{NBSP}{word}"


def test_a_fraction_takes_the_other_form_in_russian() -> None:
    assert numbers.plural(1.5, BRANCH["ru"], "ru") == "отделения"


def test_an_english_count_takes_its_form() -> None:
    assert numbers.counted(1, BRANCH["en"], "en") == f"1{NBSP}branch"
    assert numbers.counted(42000, BRANCH["en"], "en") == f"42{NBSP}000{NBSP}branches"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12,5", 12.5),
        ("12.5", 12.5),
        (" −3 ", -3.0),
        ("1 234,5", 1234.5),
        (f"42{NBSP}000", 42000.0),
        ("-0", 0.0),
    ],
)
def test_a_number_is_read_as_people_type_it(text: str, value: float) -> None:
    assert numbers.parse_number(text) == value


@pytest.mark.parametrize(
    "text", ["", "NA", "nan", "inf", "1e3", "1,234.5", "1_000", "٣", "12 5", "1.", ",5", "9" * 400]
)
def test_what_is_not_surely_a_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        numbers.parse_number(text)


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="choose one of en, ru"):
        numbers.number(1, 0, "de")


@given(st.floats(-1e9, 1e9), st.integers(0, 6), st.sampled_from(numbers.LANGUAGES), st.booleans())
def test_what_is_written_is_read_back_to_its_last_digit(
    value: float, digits: int, language: str, sign: bool
) -> None:
    text = numbers.number(value, digits, language, sign)
    assert numbers.parse_number(text) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-6)
    assert text.lstrip("+" + MINUS)[0].isdigit()
    assert not (text.startswith(MINUS) and numbers.parse_number(text) == 0)


def test_a_p_value_is_never_told_as_zero() -> None:
    assert numbers.pvalue_text(0.04273, "en") == "0.0427"
    assert numbers.pvalue_text(0.00003, "en") == "< 0.0001"
    assert numbers.pvalue_text(0.00003, "ru") == "< 0,0001"
    assert numbers.pvalue_text(0.0001, "en") == "0.0001"
    assert numbers.pvalue_text(None, "en") == numbers.number(None, 4, "en")
