"""A made-up pilot as `pilot-summary/1`, with its observations, for tests of charts and files.

The records are drawn with a fixed seed and evaluated by the product itself, so that every effect in the
sample belongs to its branches.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np

import pilot_eval

TRAINED, COMPARISON, VISITS, TIMINGS = 24, 20, 3, 4
HOSTILE_NAME = '=HYPERLINK("http://x","y") #emph[a] $1$ \\ <b>&'
LEVEL = 0.975
GREETED_ABOVE = 62  # points of the visit

_MEASURES = {"quality": ("score", 3.0), "speed": ("duration", 5.0), "greeting": ("proportion", None)}
_RECORDS = {"quality": "visit", "speed": "timing", "greeting": "visit"}


def summary(
    design: str = "difference_in_differences", withheld: bool = False, made_up: bool = True
) -> dict[str, Any]:
    """Return a summary with two primary outcomes and one more; withheld keeps the results in, as a careless
    caller might."""
    document: dict[str, Any] = json.loads(_summary(design))
    document["pilot"]["made_up"] = made_up
    if withheld:
        document["pilot"]["status"] = "after"
        document["headline_withheld"] = copy.deepcopy(_WITHHELD)
    return document


@cache
def _summary(design: str) -> str:
    """Return the summary as JSON text, which each caller may turn into a document of its own."""
    records = list(rows())
    comparison = COMPARISON if design == "difference_in_differences" else 0
    branches = [branch for branch in _branches(records) if branch["arm"] == "trained" or comparison]
    counts = {"trained": TRAINED, "comparison": comparison}
    document = {
        "schema": "pilot-summary/1",
        "product": {"name": "pilot_eval", "version": "0.1.0"},
        "pilot": {
            "slug": "vladimir-2014",
            "title": {
                "en": "Training of branch staff, Vladimir region",
                "ru": "Обучение сотрудников, Владимирская область",
            },
            "made_up": True,
            "status": "ready_to_decide",
            "design": design,
            "dates": {
                "before": ["2014-08-01", "2014-08-31"],
                "training": ["2014-09-01", "2014-10-31"],
                "after": ["2014-11-01", "2014-11-30"],
            },
            "allocation": {
                "method": "random",
                "seed": 2014,
                "strata": ["region"],
                "drawn_at": "2014-07-20T09:00:00+00:00",
            },
        },
        "plan": {
            "level": 0.95,
            "family_size": 2,
            "interval_level": LEVEL,
            "draws": 9999,
            "seed": 1,
            "weights": "branch",
            "frozen_at": "2014-07-25T12:00:00+00:00",
            "sha256": "ab" * 32,
        },
        "snapshot": {
            "sha256": "3fa9c1d2" + "0" * 56,
            "as_of": "2014-12-01T18:05:00+00:00",
            "rows": {
                "visits": sum(record["record"] == "visit" for record in records),
                "timings": sum(record["record"] == "timing" for record in records),
                "measurements": 0,
            },
            "filters": {},
        },
        "flow": {
            "invited": {"trained": TRAINED, "comparison": comparison and comparison + 1},
            "both_periods": dict(counts),
            "analysed": dict(counts),
        },
        "outcomes": [
            _outcome("quality", ("Service quality", "Качество обслуживания"), "points", design),
            _outcome("speed", ("Speed of service", "Скорость обслуживания"), "seconds", design),
            _outcome("greeting", ("Greeted", "Поздоровались"), "percent", design),
        ],
        "branches": branches,
        "limits": [
            {
                "code": "season",
                "text": {
                    "en": "August and November differ; the comparison removes only what both groups share.",
                    "ru": "Август и ноябрь различаются; сравнение убирает только общее для обеих групп.",
                },
            },
            {
                "code": "durability",
                "text": {
                    "en": "One month after the training tells nothing about how long the effect lasts.",
                    "ru": "Месяц после обучения не говорит, сколько времени эффект сохранится.",
                },
            },
            {
                "code": "region",
                "text": {"en": "One region took part.", "ru": "Участвовал один регион."},
            },
        ],
        "headline_withheld": None,
        "audit": {"head": "cd" * 32, "events": 1234},
    }
    return json.dumps(document)


def not_estimable(document: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the summary with one outcome that could not be estimated."""
    changed = copy.deepcopy(document)
    (outcome,) = (entry for entry in changed["outcomes"] if entry["code"] == code)
    text = {"en": "Too few data: 1 of 2", "ru": "Данных мало: 1 из 2"}
    outcome["evaluation"] |= {
        "effect": None,
        "uplift": None,
        "speed": None,
        "robustness": [],
        "not_estimable": {"code": "too_few_branches", "text": text},
        "verdict": {"key": "too_few", **text},
    }
    return changed


def with_items(document: dict[str, Any]) -> dict[str, Any]:
    """Return the summary with items of a checklist: one moved, one did not, one could not be estimated."""
    nothing = {"code": "too_few_branches", "values": {}, "text": {"en": "Too few", "ru": "Мало"}}
    found = [
        _item(1, "E1", "training", _item_effect(21.5, 0.0004, 0.0012)),
        _item(2, "A1", "facility", _item_effect(-3.25, 0.41, 0.41)),
        {**_item(3, HOSTILE_NAME, "training", None), "not_estimable": nothing},
    ]
    return copy.deepcopy(document) | {
        "items": {"level": 0.95, "adjustment": "benjamini_hochberg", "moved": ["E1"], "items": found}
    }


def _item(place: int, code: str, lever: str, effect: dict[str, Any] | None) -> dict[str, Any]:
    """Return an item whose numbers all differ, so that none can stand for another."""

    def cell(step: int) -> dict[str, Any]:
        return {
            "share": 40.0 + 10 * step + place + 0.125,
            "n": 1000 + 100 * step + place,
            "branches": 20,
            "not_applicable": 2.5 * step + place,
        }

    return {
        "code": code,
        "label": {"en": f"Question {code}", "ru": f"Вопрос {code}"},
        "section": {"en": "Hall", "ru": "Зал"},
        "lever": lever,
        "trained": {"before": cell(0), "after": cell(1)},
        "comparison": {"before": cell(2), "after": cell(3)},
        "effect": effect,
        "not_estimable": None,
        "moved": code == "E1",
    }


def _item_effect(estimate: float, pvalue: float, adjusted: float) -> dict[str, Any]:
    return {
        "estimate": estimate,
        "confidence_interval": [estimate - 8.5, estimate + 8.75],
        "pvalue": pvalue,
        "pvalue_adjusted": adjusted,
        "method": "cr2",
    }


def rows() -> Iterator[dict[str, Any]]:
    """Yield the observations, one per visit and timing, in a fixed order."""
    return (dict(row) for row in _rows())


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(_drawn())


def _drawn() -> Iterator[dict[str, Any]]:
    random = np.random.Generator(np.random.PCG64(2014))
    for index in range(TRAINED + COMPARISON):
        arm = "trained" if index < TRAINED else "comparison"
        quality, pace = random.normal(62, 7), random.normal(5.2, 0.2)
        uplift = random.normal(6.0 if arm == "trained" else 1.0, 3.0)
        faster = random.normal(0.10 if arm == "trained" else 0.01, 0.08)
        for period, start in (("before", date(2014, 8, 1)), ("after", date(2014, 11, 1))):
            after = period == "after"
            for visit in range(VISITS):
                day = start + timedelta(days=int(random.integers(0, 28)))
                score = round(float(np.clip(quality + after * uplift + random.normal(0, 5), 0, 100)), 2)
                yield _row(index, arm, period, day, "visit", visit, score_points=score)
                for timing in range(TIMINGS):
                    service = round(float(np.exp(pace - after * faster + random.normal(0, 0.3))))
                    wait = round(float(np.exp(5.8 + random.normal(0, 0.5))))
                    number = visit * TIMINGS + timing
                    yield _row(
                        index, arm, period, day, "timing", number, service_seconds=service, wait_seconds=wait
                    )


_WITHHELD = {
    "code": "running",
    "text": {
        "en": "The pilot is running: results are shown when the last wave closes.",
        "ru": "Пилот идёт: результаты будут показаны после закрытия последней волны.",
    },
}
_CITIES = (
    "Владимир",
    "Ковров",
    "Муром",
    "Суздаль",
    "Гусь-Хрустальный",
    "Александров",
    "Кольчугино",
    "Вязники",
)


def _row(
    index: int, arm: str, period: str, day: date, record: str, number: int, **values: float
) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("score_points", "wait_seconds", "service_seconds", "total_seconds", "measure", "value")
    )
    return {
        "record": record,
        "record_id": f"{record}-{index:02}-{period}-{number:02}",
        "branch_code": f"{600000 + index}",
        "branch": HOSTILE_NAME if index == 3 else f"{_CITIES[index % len(_CITIES)]} {600000 + index}",
        "region": "Владимирская область",
        "arm": arm,
        "stratum": None,
        "period": period,
        "observed_on": day,
        "auditor": f"A{index % 6 + 1}",
        "double_visit": None,
        "operation": "parcel" if record == "timing" else None,
        **empty,
        **values,
        "included": True,
        "reason": None,
    }


def answers() -> list[dict[str, Any]]:
    """Two answers of the first visit."""
    first = next(row for row in rows() if row["record"] == "visit")
    visit = {
        name: first[name] for name in ("record_id", "branch_code", "arm", "period", "observed_on", "auditor")
    }
    visit["observed_on"] = str(visit["observed_on"])
    asked = [("A1", "yesno", "yes", 2.0, 2), ("A9", "text", "=1+1", None, None)]
    return [
        visit
        | {
            "ended": "done",
            "included": True,
            "checklist": "post-branch 1",
            "section": "Hall",
            "item": code,
            "item_code": code,
        }
        | {"kind": kind, "answer": answer, "earned": earned, "possible": possible}
        for code, kind, answer, earned, possible in asked
    ]


def _branches(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    cells: dict[str, dict[str, dict[str, list[float]]]] = {}
    about: dict[str, dict[str, Any]] = {}
    for record in records:
        code = record["branch_code"]
        about[code] = record
        series = cells.setdefault(
            code, {name: {"before": [], "after": []} for name in ("quality", "speed", "greeting")}
        )
        if record["record"] == "visit":
            series["quality"][record["period"]].append(record["score_points"])
            series["greeting"][record["period"]].append(100.0 * _value("greeting", record))
        else:
            series["speed"][record["period"]].append(math.log(record["service_seconds"]))
    return [
        {
            "code": code,
            "name": about[code]["branch"],
            "region": about[code]["region"],
            "arm": about[code]["arm"],
            "outcomes": {name: _cells(name, periods) for name, periods in series.items()},
        }
        for code, series in cells.items()
    ]


def _cells(name: str, periods: dict[str, list[float]]) -> dict[str, Any]:
    means = {period: float(np.mean(values)) for period, values in periods.items()}
    shown = {period: math.exp(mean) if name == "speed" else mean for period, mean in means.items()}
    spread = math.sqrt(sum(float(np.var(values, ddof=1)) / len(values) for values in periods.values()))
    change = means["after"] - means["before"]
    ends = [change - 2 * spread, change + 2 * spread]
    if name == "speed":
        change, ends = _speed(change), [_speed(ends[1]), _speed(ends[0])]
    return {
        **{period: {"n": len(values), "mean": shown[period]} for period, values in periods.items()},
        "change": {"estimate": change, "confidence_interval": None if name == "greeting" else ends},
    }


def _speed(log_ratio: float) -> float:
    return 100 * (math.exp(-log_ratio) - 1)


def _outcome(code: str, label: tuple[str, str], unit: str, design: str) -> dict[str, Any]:
    kind, smallest = _MEASURES[code]
    return {
        "code": code,
        "label": {"en": label[0], "ru": label[1]},
        "unit": unit,
        "kind": kind,
        "primary": code != "greeting",
        "smallest_effect": smallest,
        "pvalue_holm": None if code == "greeting" else 0.0021,
        "evaluation": json.loads(_evaluation(code, design)),
    }


@cache
def _evaluation(code: str, design: str) -> str:
    """Return the evaluation as JSON text, which each caller may turn into a document of its own."""
    kind, smallest = _MEASURES[code]
    arms = ("trained", "comparison") if design == "difference_in_differences" else ("trained",)
    records = [record for record in rows() if record["arm"] in arms and record["record"] == _RECORDS[code]]
    evaluation = pilot_eval.evaluate(
        {
            "branch": [record["branch_code"] for record in records],
            "arm": [record["arm"] for record in records],
            "period": [record["period"] for record in records],
            code: [_value(code, record) for record in records],
        },
        outcome=code,
        kind=kind,
        design=design,
        smallest_effect=smallest,
        level=LEVEL,
        draws=199,
    )
    return json.dumps(evaluation.to_dict())


def _value(code: str, record: dict[str, Any]) -> float:
    if code == "greeting":
        return float(record["score_points"] > GREETED_ABOVE)
    return float(record["score_points"] if code == "quality" else record["service_seconds"])
