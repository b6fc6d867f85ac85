"""The contract `pilot-summary/1`: one document from which page, board page, workbook and tables are made.

An operation builds the document; everything here only reads it. Its shape is published as
`reports/files/pilot-summary-1.schema.json`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pilot_eval.reports.labels import label, unit_label
from pilot_eval.reports.numbers import MISSING, NBSP, interval, number, percent, seconds_text
from pilot_eval.reports.verdicts import decimals
from pilot_eval.stats.results import ConfidenceInterval

SCHEMA: Final = "pilot-summary/1"
SCHEMA_FILE: Final = Path(__file__).parent / "files" / "pilot-summary-1.schema.json"

Summary = Mapping[str, Any]
Row = Mapping[str, Any]

_TONES: Final = {"gain": "better", "clear_gain": "better", "loss": "worse", "clear_loss": "worse"}


@dataclass(frozen=True, slots=True)
class Headline:
    """The effect of one outcome as people speak of it, signed so that plus is better, as the verdict is.

    Attributes
    ----------
    estimate : float
        Points of a score, percentage points of a proportion, change of speed in per cent of a duration.
    low, high : float or None
        Ends of the interval at `level`; None where the interval has no limit on that side.
    level : float
    unit : str
        `points`, `percentage_points`, `speed_percent` or the unit of an imported outcome.
    digits : int
        Decimals that the interval deserves.
    falls : bool
        Whether less is better, so that a fall of the measured value counts as plus.
    smallest_effect : float or None
        In the same unit.
    """

    estimate: float
    low: float | None
    high: float | None
    level: float
    unit: str
    digits: int
    falls: bool
    smallest_effect: float | None


def check_schema(summary: Summary) -> None:
    """Refuse a document of another schema.

    Raises
    ------
    ValueError
        If `schema` is not `pilot-summary/1`.
    """
    if summary.get("schema") != SCHEMA:
        raise ValueError(f"expected a document of schema {SCHEMA}, got {summary.get('schema')!r}")


def is_withheld(summary: Summary) -> bool:
    """Tell whether the results after the training may not be shown yet."""
    return summary["headline_withheld"] is not None


def released(summary: Summary) -> dict[str, Any]:
    """Return the part of the summary that may be seen now.

    While the headline is withheld this has no effect, no result of the after period and no p value, whatever
    the caller handed over; afterwards it is the whole summary.
    """
    check_schema(summary)
    document = copy.deepcopy(dict(summary))
    if not is_withheld(document):
        return document
    for outcome in document["outcomes"]:
        outcome.update(evaluation=None, pvalue_holm=None)
    for branch in document["branches"]:
        for cell in branch["outcomes"].values():
            cell.update(after=None, change=None)
    for series in document.get("weekly", ()):
        for key in ("points", "limits"):
            series[key] = [part for part in series[key] if part["period"] == "before"]
    _release_items(document.get("items"))
    return document


def _release_items(items: dict[str, Any] | None) -> None:
    """Leave of the items what was before training."""
    if not items:
        return
    items["moved"] = []
    for item in items["items"]:
        item.update(effect=None, not_estimable=None, moved=False)
        for arm in ("trained", "comparison"):
            item[arm]["after"] = None


def released_rows(summary: Summary, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the observations that may be seen now, and refuse to hand over fewer than the snapshot holds.

    Raises
    ------
    ValueError
        At the end, if the rows are not as many as the snapshot holds: no file is cut short in silence.
    """
    expected = sum(summary["snapshot"]["rows"].values())
    given = 0
    for row in rows:
        given += 1
        if not (is_withheld(summary) and row["period"] != "before"):
            yield row
    if given != expected:
        raise ValueError(f"the snapshot holds {expected} rows, {given} were given")


def words(text: Mapping[str, str] | str, language: str) -> str:
    """Return a stored text in one language; a text in one language only is returned as it is."""
    return text if isinstance(text, str) else text[language]


def notices(summary: Summary, language: str) -> list[str]:
    """Return what must be said on every page, sheet and file: made-up data, withheld results."""
    found = [label("made_up", language)] if summary["pilot"]["made_up"] else []
    if is_withheld(summary):
        found.append(words(summary["headline_withheld"]["text"], language))
    return found


def snapshot_mark(summary: Summary) -> str:
    """Return the first eight signs of the snapshot's hash."""
    return str(summary["snapshot"]["sha256"])[:8]


def rows_of_rows(count: int, language: str) -> str:
    """Say that a table is whole: "88 of 88 rows"."""
    text = number(count, 0, language)
    return f"{text} of {text} rows" if language == "en" else f"{text} из {text} строк"


def headline(outcome: Mapping[str, Any]) -> Headline | None:
    """Return the effect of an outcome as people speak of it; None if withheld or not estimable."""
    evaluation = outcome["evaluation"]
    if evaluation is None:
        return None
    duration = outcome["kind"] == "duration"
    told = evaluation["uplift" if duration else "effect"]
    if told is None or told["estimate"] is None:
        return None
    falls = not duration and evaluation["better"] == "lower"
    low, high = told["confidence_interval"]
    if falls:
        low, high = _negative(high), _negative(low)
    return Headline(
        estimate=-told["estimate"] if falls else told["estimate"],
        low=low,
        high=high,
        level=evaluation["level"],
        unit=change_unit(outcome),
        digits=decimals(ConfidenceInterval(low, high)),
        falls=falls,
        smallest_effect=outcome["smallest_effect"],
    )


def verdict_tone(outcome: Mapping[str, Any]) -> str:
    """Return the colour name of a verdict: `better`, `worse` or `neither`."""
    return _TONES.get(outcome["evaluation"]["verdict"]["key"], "neither")


def falls_are_better(outcome: Mapping[str, Any]) -> bool:
    """Tell whether a fall of a change is good, evaluated or not; a duration's change is told as speed."""
    if outcome["kind"] == "duration":
        return False
    told = (outcome["evaluation"] or {}).get("better") or outcome.get("better", "higher")
    return bool(told == "lower")


def verdict_sentence(outcome: Mapping[str, Any], language: str) -> str:
    """Return the verdict as the end of a sentence that begins with the outcome's name."""
    text = words(outcome["evaluation"]["verdict"], language).rstrip(".")
    return text[:1].lower() + text[1:] + "."


def change_unit(outcome: Mapping[str, Any]) -> str:
    """Return the unit of a branch's change and of the smallest effect."""
    if outcome["kind"] == "duration":
        return "speed_percent"
    return "percentage_points" if outcome["kind"] == "proportion" else str(outcome["unit"])


def with_unit(
    value: float | None, unit: str, language: str, sign: bool = False, digits: int | None = None
) -> str:
    """Write a value with its unit: "+4.2 points", "speed +6.1%"."""
    shown = _usual_decimals(unit) if digits is None else digits
    if unit.endswith("percent"):
        text = percent(value, shown, language, sign)
        return (
            f"{label('speed', language)}{NBSP}{text}" if unit == "speed_percent" and text != MISSING else text
        )
    text = number(value, shown, language, sign)
    return text if text == MISSING else text + NBSP + unit_label(unit, language)


def interval_with_unit(
    low: float | None, high: float | None, unit: str, language: str, digits: int | None = None
) -> str:
    """Write an interval with its unit once: "1.1 to 7.3 points"."""
    shown = _usual_decimals(unit) if digits is None else digits
    if unit.endswith("percent"):
        return interval(low, high, shown, language, sign=True, unit="percent")
    text = interval(low, high, shown, language, sign=True)
    return text if low is None and high is None else text + NBSP + unit_label(unit, language)


def estimate_text(found: Headline, language: str) -> str:
    """Write the estimate of a headline with its unit and sign."""
    return with_unit(found.estimate, found.unit, language, sign=True, digits=found.digits)


def interval_text(found: Headline, language: str) -> str:
    """Write the interval of a headline with its unit."""
    return interval_with_unit(found.low, found.high, found.unit, language, found.digits)


def level_of(kind: str, unit: str, value: float | None, language: str) -> str:
    """Write the mean of a branch: a length of time in minutes and seconds, anything else with its unit."""
    if kind == "duration":
        return seconds_text(value, language)
    return percent(value, 1, language) if kind == "proportion" else with_unit(value, unit, language)


def warning_texts(outcome: Mapping[str, Any], language: str) -> list[str]:
    """Return the warnings of an evaluation in one language."""
    evaluation = outcome["evaluation"] or {}
    return [warning["text" if language == "en" else "ru"] for warning in evaluation.get("warnings", ())]


def change_lines(summary: Summary, language: str) -> list[str]:
    """Return each visit that was changed after results could be seen: when, how, why and by whom."""
    changes = summary.get("review", {}).get("changes", ())
    return [
        words(change["text"], language) + (f" ({change['by']})" if change["by"] else "") for change in changes
    ]


def primary_outcomes(summary: Summary) -> list[Mapping[str, Any]]:
    """Return the primary outcomes in the plan's order."""
    return [outcome for outcome in summary["outcomes"] if outcome["primary"]]


def _usual_decimals(unit: str) -> int:
    return 1 if unit in {"points", "percent", "speed_percent", "percentage_points"} else 2


def _negative(end: float | None) -> float | None:
    return None if end is None else -end
