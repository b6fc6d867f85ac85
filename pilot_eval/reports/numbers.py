"""Numbers, lengths of time and dates as people read and type them, in both languages.

Every page and file writes its numbers here, so that they agree to the last sign: U+2212 for minus, never a
negative zero, no-break spaces between thousands, a decimal comma and a space before the per cent sign in
Russian. What is missing is an em dash. Values are rounded half away from zero, as spreadsheets show them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from babel.dates import format_date

Language = Literal["en", "ru"]

LANGUAGES: tuple[Language, ...] = ("en", "ru")
MINUS = "\u2212"
NBSP = "\u00a0"
SMALLEST_PVALUE = 0.0001  # told as it is; smaller ones only as smaller
MISSING = "\u2014"
INFINITY = "\u221e"

_LOCALES: dict[Language, str] = {"en": "en_GB", "ru": "ru"}
_DECIMAL_SIGN: dict[Language, str] = {"en": ".", "ru": ","}
_PERCENT_SIGN: dict[Language, str] = {"en": "%", "ru": f"{NBSP}%"}
_TIME_UNITS: dict[Language, tuple[str, str, str]] = {"en": ("h", "min", "s"), "ru": ("ч", "мин", "с")}
_UNBOUNDED: dict[Language, str] = {"en": "no limits", "ru": "границ нет"}
_BOTH_ENDS: dict[Language, str] = {"en": "{low} to {high}", "ru": "от {low} до {high}"}
_LOW_END: dict[Language, str] = {"en": "at least {low}", "ru": "не меньше {low}"}
_HIGH_END: dict[Language, str] = {"en": "at most {high}", "ru": "не больше {high}"}

_ANY_DOUBLE = Context(prec=400)  # digits enough for the largest double
_SPACES = "[ \u00a0\u2009\u202f]"
_NUMBER = re.compile(
    rf"([+\-\u2212]?)([0-9]+|[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+)(?:[.,]([0-9]+))?", re.ASCII
)


def language_of(text: str) -> Language:
    """Return `text` as one of the product's languages.

    Raises
    ------
    ValueError
        If it is neither; the message lists the languages there are.
    """
    if text not in LANGUAGES:
        raise ValueError(f"unknown language {text!r}: choose one of {', '.join(LANGUAGES)}")
    return text


def number(value: float | None, digits: int, language: str, sign: bool = False) -> str:
    """Write a number with a fixed count of decimals.

    Parameters
    ----------
    value : number or None
        What to write; None and NaN are missing and become an em dash.
    digits : int
        Decimals after the sign, 0 or more.
    language : {"en", "ru"}
    sign : bool
        Write a plus before what is above zero after rounding.

    Returns
    -------
    str
        For instance `number(-1234.5, 1, "ru")` is "−1 234,5" with a no-break space.
    """
    return _number(value, digits, language_of(language), sign)


@lru_cache(maxsize=4096, typed=True)
def _number(value: float | None, digits: int, tongue: Language, sign: bool) -> str:
    """Kept: a table says many of its numbers more than once, in a cell and in the text of its bar."""
    rounded = _rounded(value, digits)
    if rounded is None:
        return MISSING
    if rounded.is_infinite():
        return (MINUS if rounded < 0 else "+" if sign else "") + INFINITY
    digits_text = f"{abs(rounded):,.{digits}f}".replace(",", NBSP).replace(".", _DECIMAL_SIGN[tongue])
    return _sign_of(rounded, sign) + digits_text


def pvalue_text(pvalue: float | None, language: str) -> str:
    """A p-value with four decimals, or that it is smaller; a dash where there is none."""
    smallest = number(SMALLEST_PVALUE, 4, language)
    if pvalue is not None and pvalue < SMALLEST_PVALUE:
        return f"< {smallest}"
    return number(pvalue, 4, language)


def percent(value: float | None, digits: int, language: str, sign: bool = False) -> str:
    """Write a value that is in per cent already (15.2 is "15.2%", in Russian "15,2 %")."""
    text = number(value, digits, language, sign)
    return text if text == MISSING else text + _PERCENT_SIGN[language_of(language)]


def level_percent(level: float, language: str) -> str:
    """Write a confidence level: as many decimals as it has, two at most, or more that keep it from 100%."""
    return _level(level, language_of(language))


@lru_cache(maxsize=64)
def _level(level: float, language: Language) -> str:
    in_percent = round(100.0 * level, 2)
    if in_percent == 100.0 and level < 1.0:
        digits = 1 - math.floor(math.log10(100.0 * (1.0 - level)))
        return percent(100.0 * level, digits, language)
    digits = next(d for d in (0, 1, 2) if round(in_percent, d) == in_percent)
    return percent(in_percent, digits, language)


def interval(
    low: float | None,
    high: float | None,
    digits: int,
    language: str,
    sign: bool = False,
    unit: Literal["", "percent"] = "",
) -> str:
    """Write an interval: "0.4 to 34.6", "от 0,4 до 34,6"; an end without limit (None) is said in words."""
    tongue = language_of(language)
    write = percent if unit == "percent" else number
    ends = {"low": write(low, digits, tongue, sign), "high": write(high, digits, tongue, sign)}
    if low is None and high is None:
        return _UNBOUNDED[tongue]
    if high is None:
        return _LOW_END[tongue].format(**ends)
    if low is None:
        return _HIGH_END[tongue].format(**ends)
    return _BOTH_ENDS[tongue].format(**ends)


def seconds_text(seconds: float | None, language: str, sign: bool = False) -> str:
    """Write a length of time to the whole second: "3 min 05 s", "3 мин 05 с", "1 h 00 min 05 s"."""
    tongue = language_of(language)
    rounded = _rounded(seconds, 0)
    if rounded is None:
        return MISSING
    hour, minute, second = _TIME_UNITS[tongue]
    whole_minutes, left = divmod(int(abs(rounded)), 60)
    whole_hours, minutes = divmod(whole_minutes, 60)
    if whole_hours:
        parts = [
            (f"{whole_hours:,}".replace(",", NBSP), hour),
            (f"{minutes:02}", minute),
            (f"{left:02}", second),
        ]
    elif minutes:
        parts = [(str(minutes), minute), (f"{left:02}", second)]
    else:
        parts = [(str(left), second)]
    return _sign_of(rounded, sign) + NBSP.join(f"{count}{NBSP}{unit}" for count, unit in parts)


def date_text(day: date | str | None, language: str) -> str:
    """Write a date: "1 August 2014", "1 августа 2014 г."; takes a date or ISO text, None is an em dash."""
    tongue = language_of(language)
    if day is None:
        return MISSING
    moment = datetime.fromisoformat(day) if isinstance(day, str) else day
    words = format_date(moment, "d MMMM y" if tongue == "en" else "d MMMM y 'г'.", locale=_LOCALES[tongue])
    return words.replace(" ", NBSP)


def moment_text(moment: datetime | str | None, language: str) -> str:
    """Write a moment in UTC: "31 August 2014, 18:05 UTC".

    Raises
    ------
    ValueError
        If the moment has no time zone: guessing one would print a wrong time.
    """
    tongue = language_of(language)
    if moment is None:
        return MISSING
    given = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if given.tzinfo is None:
        raise ValueError(f"the moment {moment} has no time zone")
    there = given.astimezone(UTC)
    return f"{date_text(there, tongue)}, {there:%H:%M}{NBSP}UTC"


def plural(count: float, forms: Mapping[str, str], language: str) -> str:
    """Choose the form of a word that goes with a count, by the rules of CLDR.

    Parameters
    ----------
    count : number
        A whole count or a fraction ("1,5 визита" is `other` in Russian).
    forms : mapping of str to str
        CLDR categories: `one, other` in English, `one, few, many, other` in Russian.
    language : {"en", "ru"}
    """
    exact = Decimal(str(count)) if not isinstance(count, int) else Decimal(count)
    return forms[_locale(language_of(language)).plural_form(abs(exact))]


def counted(count: int, forms: Mapping[str, str], language: str) -> str:
    """Write a whole count with its word: "44 branches", "44 отделения"."""
    return f"{number(count, 0, language)}{NBSP}{plural(count, forms, language)}"


def parse_number(text: str) -> float:
    """Read a number typed by a person: "12,5", "12.5", "−3", "1 234".

    A comma and a point both mean the decimal sign; thousands may be set apart by spaces only.

    Raises
    ------
    ValueError
        If the text is anything else; nothing is guessed ("1,234.5", "1e3" and "nan" are refused).
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a number: write it like 12.5 or 12,5")
    minus, whole, fraction = match.groups()
    value = float(re.sub(_SPACES, "", whole) + "." + (fraction or "0"))
    if math.isinf(value):
        raise ValueError(f"{text[:20]!r}... is too large a number")
    return -value if minus in {"-", MINUS} and value else value


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(_LOCALES[language])


def _rounded(value: float | None, digits: int) -> Decimal | None:
    if value is None or math.isnan(float(value)):
        return None
    # 2.7499999999999, a 2.75 that arithmetic has worn, is meant as 2.75
    exact = Decimal(value) if isinstance(value, int) else Decimal(repr(round(float(value), digits + 9)))
    if exact.is_infinite():
        return exact
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _ANY_DOUBLE)
    return _ANY_DOUBLE.add(rounded, 0)  # adding 0 turns -0 into 0


def _sign_of(rounded: Decimal, plus: bool) -> str:
    if rounded < 0:
        return MINUS
    return "+" if plus and rounded > 0 else ""
