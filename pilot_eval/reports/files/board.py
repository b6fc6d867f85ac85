"""The board page: one A4 that a board can decide on, as an accessible PDF.

The page is laid out by `typst/board.typ`. Python hands over finished sentences, written numbers and places
from 0 to 1; nothing that people typed is ever read as Typst.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst

from pilot_eval.reports.charts import branch_finding, goodness, interval_bar
from pilot_eval.reports.labels import label, label_or, say
from pilot_eval.reports.numbers import counted, date_text, language_of, moment_text, number, percent
from pilot_eval.reports.scales import nice_ticks, position
from pilot_eval.reports.summaries import (
    Headline,
    Row,
    Summary,
    estimate_text,
    headline,
    interval_text,
    is_withheld,
    level_of,
    primary_outcomes,
    released,
    verdict_sentence,
    verdict_tone,
    with_unit,
    words,
)
from pilot_eval.reports.verdicts import level_text

_TEMPLATE: Final = Path(__file__).parent / "typst" / "board.typ"
# Millimetres; the tallest chart that leaves one page is taken.
_CHART_HEIGHTS: Final = (80, 70, 60, 50, 40, 30)
# The signs of Libertinus Serif that a title or a limit may need: Latin, Greek, Cyrillic, stress marks,
# punctuation, currencies, letter-like signs, arrows, comparison signs and boxes.
_NOT_IN_FONT: Final = re.compile(
    "[^ -~\u00a0-\u024f\u0300\u0301\u0391-\u03a1\u03a3-\u04ff\u2010-\u2027\u202f-\u2040\u20a0-\u20bf"
    "\u2116\u2122\u2190-\u21ff\u2212\u2248-\u2265\u25a0-\u25fe]"
)
_TILES: Final = 3
_LIMITS: Final = 2

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "question": (
        "Did the training improve service enough to give it to the whole network?",
        "Улучшило ли обучение обслуживание настолько, чтобы распространить его на всю сеть?",
    ),
    "expected": (
        "{uplift} of the level expected without the training",
        "{uplift} к уровню, ожидаемому без обучения",
    ),
    "time": ("Time taken: {time}", "Затраты времени: {time}"),
    "falls": ("Plus is better: a fall counts as plus", "Плюс — лучше: снижение считается плюсом"),
    "interval": ("{level} interval: {interval}", "Интервал {level}: {interval}"),
    "matters": ("Smallest change that matters: {value}", "Наименьшее заметное изменение: {value}"),
    "compared": (
        "{trained} trained and {comparison} comparison branches",
        "Отделений: {trained} обученных и {comparison} сравнения",
    ),
    "alone": ("{trained} trained branches", "Обученных отделений: {trained}"),
    "why_compared": (
        "The change in {trained} trained branches is set against the change in {comparison} others "
        "over the same months; {how}.",
        "Изменение в обученных отделениях ({trained}) сопоставлено с изменением в остальных ({comparison}) "
        "за те же месяцы; {how}.",
    ),
    "random": ("groups were drawn at random", "группы распределены случайно"),
    "by_hand": ("groups were formed by hand", "группы составлены вручную"),
    "imported": ("how groups were formed is not on record", "как составлены группы, не записано"),
    "no_limits": ("No limits were put on record.", "Ограничения не записаны."),
    "why_alone": (
        "{trained} trained branches are compared with their own past. There is no comparison group: "
        "part of the change may have come by itself.",
        "Обученные отделения ({trained}) сравниваются с собственным прошлым. Группы сравнения нет: "
        "часть изменения могла произойти сама.",
    ),
    "why_agree": (
        "Calculations that assume less ({methods}) lead to the same answer.",
        "Расчёты с меньшими допущениями ({methods}) дают тот же ответ.",
    ),
    "why_disagree": (
        "Calculations that assume less ({methods}) do not all lead to the same answer.",
        "Расчёты с меньшими допущениями ({methods}) дают не один и тот же ответ.",
    ),
    "why_frozen": (
        "The plan was frozen on {date}.",
        "План зафиксирован: {date}",
    ),
    "more_limits": ("{count} in the workbook.", "Ещё {count} в рабочей книге."),
    "no_guardrails": ("not part of this pilot.", "в этом пилоте не измерялись."),
    "no_transfer": (
        "transfer to the network has not been tested.",
        "перенос на всю сеть не проверялся.",
    ),
    "others": ("More outcomes", "Другие показатели"),
    "in_workbook": ("{names}: in the workbook.", "{names}: в рабочей книге."),
    "data": ("Data", "Данные"),
    "chart_alt": (
        "Chart of {count} branches, one column each: grey circle before, {marks} after, "
        "scale from {low} to {high}. {finding}",
        "График по {count} отделениям, по столбцу на каждое: серый круг до обучения, {marks} после, шкала "
        "от {low} до {high}. {finding}",
    ),
    "footer": (
        "{product} · data as of {as_of} · snapshot SHA-256 {sha256}",
        "{product} · данные на {as_of} · снимок SHA-256 {sha256}",
    ),
}
_COUNTS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "visits": {
        "en": {"one": "visit", "other": "visits"},
        "ru": {"one": "визит", "few": "визита", "many": "визитов", "other": "визита"},
    },
    "timings": {
        "en": {"one": "timing", "other": "timings"},
        "ru": {
            "one": "замер времени",
            "few": "замера времени",
            "many": "замеров времени",
            "other": "замера времени",
        },
    },
    "measurements": {
        "en": {"one": "measurement", "other": "measurements"},
        "ru": {"one": "показатель", "few": "показателя", "many": "показателей", "other": "показателя"},
    },
    "limits": {
        "en": {"one": "more limit", "other": "more limits"},
        "ru": {
            "one": "ограничение",
            "few": "ограничения",
            "many": "ограничений",
            "other": "ограничения",
        },
    },
}


def write(summary: Summary, language: str, rows: Iterable[Row] | None = None) -> bytes:
    """Write the board page as PDF/UA-1; the same snapshot gives the same bytes.

    Raises
    ------
    RuntimeError
        If the page does not compile without a single warning: a page with a missing font is never handed out.
    """
    tongue = language_of(language)
    document = released(summary)
    page = _page(document, tongue)
    for height in _CHART_HEIGHTS:
        if page["chart"]:
            page["chart"]["height"] = height
        try:
            return _compile({**page, "one_page": True}, document)
        except typst.TypstError as error:
            if "longer than one page" not in f"{error.message} {error.diagnostic}":
                raise
    return _compile(
        {**page, "one_page": False}, document
    )  # long texts go on overleaf rather than getting cut


def _compile(page: Mapping[str, Any], document: Summary) -> bytes:
    content, warnings = typst.compile_with_warnings(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(_displayable(page), ensure_ascii=False, allow_nan=False)},
        timestamp=int(_as_of(document).timestamp()),
    )
    if warnings:
        raise RuntimeError("the board page compiles with warnings: " + "; ".join(w.message for w in warnings))
    if not isinstance(content, bytes):
        raise RuntimeError("the board page came out as several files")
    return content


def _displayable(part: Any) -> Any:
    """Return the page with a box for every sign that its font lacks, as PDF/UA refuses such signs."""
    if isinstance(part, str):
        return _NOT_IN_FONT.sub("\u25a1", " ".join(unicodedata.normalize("NFC", part).splitlines()))
    if isinstance(part, Mapping):
        return {key: _displayable(value) for key, value in part.items()}
    return [_displayable(item) for item in part] if isinstance(part, list | tuple) else part


def _page(document: Summary, language: str) -> dict[str, Any]:
    """Return everything the template shows, in words and places."""
    pilot = document["pilot"]
    moment = _as_of(document)
    made_up = [label("made_up", language)] if pilot["made_up"] else []
    return {
        "lang": language,
        "title": words(pilot["title"], language),
        "author": _version(document),
        "date": {
            part: getattr(moment, part) for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "notices": made_up,
        "question": say(_SENTENCES["question"], language),
        "headings": {
            "answer": label("answer", language),
            "why": label("how" if is_withheld(document) else "why", language),
            "unknown": label("unknown", language),
        },
        "answer": _answer(document, language),
        "tiles": [_tile(outcome, language) for outcome in _tile_outcomes(document)],
        "chart": _chart(document, language),
        "why": _why(document, language),
        "unknown": _unknown(document, language),
        "facts": _facts(document, language),
        "decision": None if is_withheld(document) else _decision(language),
        "footer": " · ".join([*made_up, _source(document, language)]),
    }


def _source(document: Summary, language: str) -> str:
    snapshot = document["snapshot"]
    as_of = moment_text(snapshot["as_of"], language)
    return say(
        _SENTENCES["footer"], language, product=_version(document), as_of=as_of, sha256=snapshot["sha256"]
    )


def _version(document: Summary) -> str:
    return f"{document['product']['name']} {document['product']['version']}"


def _as_of(document: Summary) -> datetime:
    return datetime.fromisoformat(document["snapshot"]["as_of"]).astimezone(UTC)


def _answer(document: Summary, language: str) -> list[str]:
    if is_withheld(document):
        return [words(document["headline_withheld"]["text"], language)]
    return [
        f"{words(outcome['label'], language)}: {verdict_sentence(outcome, language)}"
        for outcome in primary_outcomes(document)
    ]


def _ordered_outcomes(document: Summary) -> list[Row]:
    """Return outcomes with an evaluation: primary ones, then guardrails, then the rest."""
    found = [outcome for outcome in document["outcomes"] if outcome["evaluation"] is not None]
    return sorted(found, key=lambda outcome: (not outcome["primary"], not outcome.get("guardrail", False)))


def _tile_outcomes(document: Summary) -> Sequence[Row]:
    return _ordered_outcomes(document)[:_TILES]


def _tile(outcome: Row, language: str) -> dict[str, Any]:
    evaluation, found = outcome["evaluation"], headline(outcome)
    tile: dict[str, Any] = {
        "label": words(outcome["label"], language),
        "tone": verdict_tone(outcome),
        "dashed": bool(outcome.get("guardrail", False)),
        "verdict": words(evaluation["verdict"], language),
        "value": "—",
        "bar": None,
        "lines": [_branch_counts(evaluation["branches"], language)],
    }
    if found is not None:
        tile["value"] = estimate_text(found, language)
        tile["bar"] = asdict(interval_bar(found, tile["tone"], language))
        tile["lines"] = [*_tile_lines(outcome, found, language), *tile["lines"]]
    return tile


def _tile_lines(outcome: Row, found: Headline, language: str) -> list[str]:
    evaluation = outcome["evaluation"]
    reach = interval_text(found, language)
    level = level_text(found.level, language_of(language))
    lines = [say(_SENTENCES["interval"], language, level=level, interval=reach)]
    speed, uplift = evaluation.get("speed"), evaluation["uplift"]
    if speed is not None:
        time = percent(speed["time_percent"], 1, language, sign=True)
        lines.append(say(_SENTENCES["time"], language, time=time))
    elif uplift is not None and uplift["estimate"] is not None:
        relative = percent(uplift["estimate"], 1, language, sign=True)
        lines.append(say(_SENTENCES["expected"], language, uplift=relative))
    if found.falls:
        lines.append(say(_SENTENCES["falls"], language))
    if found.smallest_effect is not None:
        smallest = with_unit(found.smallest_effect, found.unit, language, digits=found.digits)
        lines.append(say(_SENTENCES["matters"], language, value=smallest))
    return lines


def _branch_counts(branches: Row, language: str) -> str:
    counts = {arm: number(branches.get(arm), 0, language) for arm in ("trained", "comparison")}
    return say(_SENTENCES["compared" if branches.get("comparison") else "alone"], language, **counts)


def _chart(document: Summary, language: str) -> dict[str, Any] | None:
    """Return before and after of every branch for the first primary outcome that has branches."""
    for outcome in primary_outcomes(document):
        groups = [(arm, _cells(document, outcome, arm)) for arm in ("trained", "comparison")]
        groups = [(arm, cells) for arm, cells in groups if cells]
        if groups:
            return _chart_of(document, outcome, groups, language)
    return None


def _cells(document: Summary, outcome: Row, arm: str) -> list[Row]:
    """Return the cells of one arm, the smallest change first; without changes, the lowest level first."""
    cells = [
        cell
        for branch in document["branches"]
        if branch["arm"] == arm and (cell := branch["outcomes"].get(outcome["code"]))
        if cell["before"] is not None or cell["after"] is not None
    ]
    return sorted(cells, key=_change_then_level)


def _change_then_level(cell: Row) -> tuple[float, float]:
    change = cell["change"]["estimate"] if cell["change"] else 0.0
    return change, (cell["before"] or cell["after"])["mean"]


def _chart_of(
    document: Summary, outcome: Row, groups: Sequence[tuple[str, list[Row]]], language: str
) -> dict[str, Any]:
    means = [cell[p]["mean"] for _, cells in groups for cell in cells for p in ("before", "after") if cell[p]]
    ticks = nice_ticks(min(means), max(means), 5)
    low, high = ticks[0], ticks[-1]
    after = [arm for arm, cells in groups if any(cell["after"] for cell in cells)]
    legend = [
        ("before", label("before", language)),
        *((arm, label(f"after_{arm}", language)) for arm in after),
    ]
    legend += [(tone, label(tone, language)) for tone in ("better", "worse") if after]
    caption = branch_finding(document, outcome, language)

    def level(value: float) -> str:
        return level_of(outcome["kind"], outcome["unit"], value, language)

    def branch(cell: Row) -> dict[str, Any]:
        places = {p: position(cell[p]["mean"], low, high) if cell[p] else None for p in ("before", "after")}
        return {
            **places,
            "tone": goodness(outcome, cell["change"]["estimate"]) if cell["change"] else "neither",
        }

    return {
        "caption": caption,
        "alt": say(
            _SENTENCES["chart_alt"],
            language,
            count=number(sum(len(cells) for _, cells in groups), 0, language),
            marks=_mark_names(language),
            low=level(low),
            high=level(high),
            finding=caption,
        ),
        "legend": legend,
        "ticks": [[position(tick, low, high), _tick_text(outcome, tick, language)] for tick in ticks],
        "groups": [
            {
                "kind": arm,
                "label": f"{label(arm, language)}, n = {number(len(cells), 0, language)}",
                "branches": [branch(cell) for cell in cells],
            }
            for arm, cells in groups
        ],
    }


def _mark_names(language: str) -> str:
    return {"en": "blue diamond or hollow square", "ru": "синий ромб или полый квадрат"}[language]


def _tick_text(outcome: Row, value: float, language: str) -> str:
    if outcome["kind"] == "duration":
        return f"{number(value, 0, language)} {'s' if language == 'en' else 'с'}"
    text = number(value, 0 if value == round(value) else 2, language)
    return percent(value, 0, language) if outcome["kind"] == "proportion" else text


def _why(document: Summary, language: str) -> list[str]:
    """Return the two lines that say what the answer rests on."""
    pilot, flow = document["pilot"], document["flow"]
    branches = flow["invited" if is_withheld(document) else "analysed"]
    counts = {arm: number(branches[arm], 0, language) for arm in ("trained", "comparison")}
    how = say(_SENTENCES[pilot["allocation"]["method"]], language)
    key = "why_alone" if pilot["design"] == "before_after" else "why_compared"
    first = say(_SENTENCES[key], language, how=how, **counts)
    frozen = document["plan"]["frozen_at"]
    plan = say(_SENTENCES["why_frozen"], language, date=date_text(frozen, language)) if frozen else ""
    second = " ".join(part for part in (_robustness(document, language), plan) if part)
    return [first, second] if second else [first]


def _robustness(document: Summary, language: str) -> str:
    checked = [
        outcome["evaluation"]
        for outcome in primary_outcomes(document)
        if outcome["evaluation"] is not None and outcome["evaluation"]["robustness"]
    ]
    methods = dict.fromkeys(
        label_or(result["method"], language) for found in checked for result in found["robustness"]
    )
    if not methods:
        return ""
    agree = all(found["agreement"] is not False for found in checked)
    return say(_SENTENCES["why_agree" if agree else "why_disagree"], language, methods=", ".join(methods))


def _unknown(document: Summary, language: str) -> list[str]:
    """Return the weightiest limits and how many more there are."""
    limits = [words(limit["text"], language) for limit in document["limits"]]
    if not limits:
        return [say(_SENTENCES["no_limits"], language)]
    left = len(limits) - _LIMITS
    more = (
        [say(_SENTENCES["more_limits"], language, count=counted(left, _COUNTS["limits"][language], language))]
        if left > 0
        else []
    )
    return limits[:_LIMITS] + more


def _facts(document: Summary, language: str) -> list[list[str]]:
    guardrails = [outcome for outcome in document["outcomes"] if outcome.get("guardrail", False)]
    verdicts = [
        f"{words(outcome['label'], language)}: {verdict_sentence(outcome, language)}"
        for outcome in guardrails
        if outcome["evaluation"] is not None
    ]
    facts = [[label("guardrails", language), " ".join(verdicts)]] if verdicts else []
    if not guardrails:
        facts = [[label("guardrails", language), say(_SENTENCES["no_guardrails"], language)]]
    facts.append([label("roll_out", language), say(_SENTENCES["no_transfer"], language)])
    left = [words(outcome["label"], language) for outcome in _ordered_outcomes(document)[_TILES:]]
    if left:
        facts.append(
            [
                say(_SENTENCES["others"], language),
                say(_SENTENCES["in_workbook"], language, names=", ".join(left)),
            ]
        )
    counts = [
        counted(count, _COUNTS[kind][language], language)
        for kind, count in document["snapshot"]["rows"].items()
        if count
    ]
    facts.append([say(_SENTENCES["data"], language), f"{', '.join(counts)}."])
    return facts


def _decision(language: str) -> dict[str, Any]:
    choices = ("decide_roll_out", "decide_rework", "decide_stop", "decide_need_data")
    return {
        "title": label("decision", language),
        "choices": [label(choice, language) for choice in choices],
        "fields": [label("signed", language), label("date", language)],
    }
