"""The sections of the annex with results: the baseline, each outcome, the items of the checklist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pilot_eval.reports.files.annex_writer import TO, Annex, Block
from pilot_eval.reports.files.board_chart import chart_of
from pilot_eval.reports.files.board_wording import SENTENCES as BOARD
from pilot_eval.reports.labels import label, label_or, say
from pilot_eval.reports.numbers import (
    MISSING,
    NBSP,
    interval,
    language_of,
    level_percent,
    percent,
    pvalue_text,
)
from pilot_eval.reports.summaries import (
    Row,
    estimate_text,
    headline,
    interval_text,
    primary_outcomes,
    words,
)

_ITEMS: Final = 12


def baseline(annex: Annex) -> Iterator[Block]:
    """Yield the level of both arms before the training, and how far they were apart."""
    rows = []
    for outcome in annex.evaluated():
        means, counts = outcome["evaluation"]["means"], _counts(annex, outcome, "before")
        cells = [annex.name(outcome)]
        for arm in annex.arms:
            cells.append(annex.level(outcome, means[arm]["before"] if means[arm] else None))
            cells.append(_rows_of(annex, counts[arm]))
        rows.append(cells)
    header = [annex.row("outcome")]
    for arm in annex.arms:
        header += [label(arm, annex.language), annex.row(f"n_{arm}")]
    yield annex.table(header, rows, numbers=True)
    yield {"kind": "note", "text": annex.say("baseline_note")}
    found = [row for row in annex.document.get("health", ()) if row["code"] == "baseline_difference"]
    if found:
        yield {"kind": "list", "items": [words(row["text"], annex.language) for row in found]}


def _counts(annex: Annex, outcome: Row, period: str) -> dict[str, tuple[int, int]]:
    """Return by arm how many branches have records of a period, and how many records."""
    found = {}
    for arm in annex.arms:
        cells = [
            branch["outcomes"][outcome["code"]][period]
            for branch in annex.document["branches"]
            if branch["arm"] == arm and outcome["code"] in branch["outcomes"]
        ]
        there = [cell["n"] for cell in cells if cell]
        found[arm] = (len(there), sum(there))
    return found


def _rows_of(annex: Annex, counted: tuple[int, int]) -> str:
    """Write branches and records: "24 / 255"."""
    return f"{annex.number(counted[0])}{NBSP}/{NBSP}{annex.number(counted[1])}"


def results(annex: Annex) -> Iterator[Block]:
    """Yield every number of the primary outcomes, one column each, and the chart of branches."""
    shown = [outcome for outcome in primary_outcomes(annex.document) if outcome["evaluation"]]
    yield from _result_tables(annex, shown)
    yield {"kind": "note", "text": annex.say("unit_note")}
    if any(outcome["kind"] == "duration" for outcome in shown):
        yield {"kind": "note", "text": annex.say("log_note")}
    if annex.plan["family_size"] > 1:
        note = annex.say(
            "family_note",
            count=annex.number(annex.plan["family_size"]),
            level=level_percent(annex.plan["interval_level"], annex.language),
            together=level_percent(annex.plan["level"], annex.language),
        )
        yield {"kind": "note", "text": note}
    chart = chart_of(annex.document, language_of(annex.language))
    if chart is not None:
        yield {"kind": "chart", "chart": {**chart, "height": 60}}


def _result_tables(annex: Annex, outcomes: Sequence[Row]) -> Iterator[Block]:
    """Yield a table of results, three outcomes side by side."""
    for start in range(0, len(outcomes), 3):
        shown = outcomes[start : start + 3]
        columns = [_result(annex, outcome) for outcome in shown]
        names = [name for name in columns[0] if any(column[name] != MISSING for column in columns)]
        yield annex.table(
            ["", *map(annex.name, shown)],
            [[annex.row(name), *(column[name] for column in columns)] for name in names],
        )


def _result(annex: Annex, outcome: Row) -> dict[str, str]:
    """Return the numbers of one outcome by the name of their row."""
    evaluation, found = outcome["evaluation"], headline(outcome)
    effect, uplift = evaluation["effect"] or {}, evaluation["uplift"] or {}
    told = dict.fromkeys(
        ("trained_means", "comparison_means", "absolute", "interval", "relative", "relative_interval"),
        MISSING,
    )
    for arm in annex.arms:
        means = evaluation["means"][arm]
        if means:
            told[f"{arm}_means"] = TO.join(
                annex.level(outcome, means[period]) for period in ("before", "after")
            )
    if found is not None:
        told["absolute"] = estimate_text(found, annex.language)
        told["interval"] = (
            f"{interval_text(found, annex.language)} ({level_percent(found.level, annex.language)})"
        )
    if evaluation.get("speed"):
        taken = percent(evaluation["speed"]["time_percent"], 1, annex.language, sign=True)
        told["relative"] = say(BOARD["time"], annex.language, time=taken)
    elif outcome["kind"] != "duration" and uplift.get("estimate") is not None:
        told["relative"] = percent(uplift["estimate"], 1, annex.language, sign=True)
        low, high = uplift["confidence_interval"]
        told["relative_interval"] = interval(low, high, 1, annex.language, sign=True, unit="percent")
    told["estimate"] = annex.number(effect.get("estimate"), 4, sign=True)
    error = annex.number(effect.get("standard_error"), 4)
    told["error"] = f"{error} ({annex.number(effect['df'], 1)})" if effect.get("df") else error
    told["pvalue"] = pvalue_text(effect.get("pvalue"), annex.language)
    told["adjusted"] = pvalue_text(outcome["pvalue_holm"], annex.language)
    branches = evaluation["branches"]
    told["branches"] = " + ".join(annex.number(branches[arm]) for arm in annex.arms)
    told["records"] = annex.number(evaluation["input"]["rows_used"])
    told["icc"] = annex.number(evaluation.get("variance", {}).get("icc"), 3)
    methods = [effect["method"]] if effect else []
    methods += [result["method"] for result in evaluation["robustness"]]
    told["method"] = "; ".join(f"{label_or(method, annex.language)}" for method in methods) or MISSING
    told["verdict"] = words(evaluation["verdict"], annex.language)
    return told


def items(annex: Annex) -> Iterator[Block]:
    """Yield the items of the checklist that moved most."""
    part = annex.document.get("items")
    if not part or not any(item["effect"] for item in part["items"]):
        yield {"kind": "text", "text": annex.say("no_items")}
        return
    moved = annex.number(len(part["moved"]))
    yield {
        "kind": "text",
        "text": annex.say("items_found", moved=moved, all=annex.number(len(part["items"]))),
    }
    found = [item for item in part["items"] if item["effect"]]
    found.sort(key=lambda item: (not item["moved"], -abs(item["effect"]["estimate"])))
    header = [annex.row("item"), *(label(arm, annex.language) for arm in annex.arms)]
    header += [annex.row("effect_points"), annex.row("p_adjusted")]
    rows = [_item_cells(annex, item) for item in found[:_ITEMS]]
    yield annex.table(header, rows, numbers=True)


def _item_cells(annex: Annex, item: Row) -> list[str]:
    """Return the cells of one item."""
    effect = item["effect"]
    low, high = effect["confidence_interval"]
    reach = interval(low, high, 0, annex.language, sign=True)
    return [
        f"{item['code']}. {words(item['label'], annex.language)}",
        *(_shares(annex, item[arm]) for arm in annex.arms),
        f"{annex.number(effect['estimate'], 0, sign=True)} ({reach})",
        pvalue_text(effect["pvalue_adjusted"], annex.language),
    ]


def _shares(annex: Annex, arm: Mapping[str, Any]) -> str:
    """Write how often an item was fulfilled before and after, with the visits behind."""
    cells = [arm[period] for period in ("before", "after")]
    told = TO.join(percent(cell["share"] if cell else None, 0, annex.language) for cell in cells)
    return f"{told} (n = {', '.join(annex.number(cell['n'] if cell else None) for cell in cells)})"


def guardrails(annex: Annex) -> Iterator[Block]:
    """Yield the outcomes that are not primary, with every number too."""
    others = [o for o in annex.document["outcomes"] if not o["primary"] and o["evaluation"]]
    if not others:
        yield {"kind": "text", "text": annex.say("no_guardrails")}
        return
    yield from _result_tables(annex, others)
