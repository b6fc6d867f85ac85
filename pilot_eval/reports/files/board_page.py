"""What the board page says: finished sentences, written numbers and places, for the template to lay out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from pilot_eval.reports.charts import interval_bar
from pilot_eval.reports.files.board_chart import chart_of
from pilot_eval.reports.files.board_wording import COUNTS, SENTENCES
from pilot_eval.reports.labels import label, label_or, say
from pilot_eval.reports.numbers import (
    counted,
    date_text,
    language_of,
    level_percent,
    moment_text,
    number,
    percent,
)
from pilot_eval.reports.summaries import (
    Headline,
    Row,
    Summary,
    estimate_text,
    headline,
    interval_text,
    interval_with_unit,
    is_withheld,
    primary_outcomes,
    verdict_sentence,
    verdict_tone,
    with_unit,
    words,
)
from pilot_eval.reports.verdicts import level_text
from pilot_eval.reports.wording import EXPECTED

_TILES: Final = 3
_LIMITS: Final = 2


def page_of(document: Summary, language: str, most: int | None = None) -> dict[str, Any]:
    """Return everything the template shows, in words and places.

    Parameters
    ----------
    most : int, optional
        Signs that titles, names, limits and reasons may have at most; the annex has them whole.
    """
    document = document if most is None else _shortened(document, most)
    pilot = document["pilot"]
    moment = moment_of(document)
    made_up = [label("made_up", language)] if pilot["made_up"] else []
    return {
        "lang": language,
        "title": words(pilot["title"], language),
        "author": _version(document),
        "date": {
            part: getattr(moment, part) for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "notices": made_up,
        "question": say(SENTENCES["question"], language),
        "headings": {
            "answer": label("answer", language),
            "why": label("how" if is_withheld(document) else "why", language),
            "unknown": label("unknown", language),
        },
        "answer": _answer(document, language),
        "tiles": [_tile(outcome, language) for outcome in _tile_outcomes(document)],
        "chart": chart_of(document, language),
        "why": _why(document, language),
        "unknown": _unknown(document, language),
        "facts": _facts(document, language),
        "decision": None if is_withheld(document) else _decision(document, language),
        "footer": " · ".join([*made_up, _source(document, language)]),
    }


def _shortened(document: Summary, most: int) -> dict[str, Any]:
    """Return the summary with what people wrote cut to a length, so that one page holds it."""

    def cut(text: Any) -> Any:
        if isinstance(text, Mapping):
            return {tongue: cut(part) for tongue, part in text.items()}
        return text if len(text) <= most else text[: most - 1].rstrip() + "…"

    decision = document.get("decision")
    return {
        **document,
        "pilot": {**document["pilot"], "title": cut(document["pilot"]["title"])},
        "outcomes": [{**outcome, "label": cut(outcome["label"])} for outcome in document["outcomes"]],
        "limits": [{**limit, "text": cut(limit["text"])} for limit in document["limits"]],
        "health": [{**row, "text": cut(row["text"])} for row in document.get("health", ())],
        "decision": {**decision, "reasons": cut(decision["reasons"])} if decision else None,
    }


def _is_guardrail(outcome: Row) -> bool:
    """Tell whether an outcome is only to be kept from harm: every one that is not primary."""
    return not outcome["primary"]


def _source(document: Summary, language: str) -> str:
    snapshot = document["snapshot"]
    as_of = moment_text(snapshot["as_of"], language)
    return say(
        SENTENCES["footer"], language, product=_version(document), as_of=as_of, sha256=snapshot["sha256"]
    )


def _version(document: Summary) -> str:
    return f"{document['product']['name']} {document['product']['version']}"


def moment_of(document: Summary) -> datetime:
    """Return the moment of the snapshot, in UTC."""
    return datetime.fromisoformat(document["snapshot"]["as_of"]).astimezone(UTC)


def _answer(document: Summary, language: str) -> list[str]:
    if is_withheld(document):
        return [words(document["headline_withheld"]["text"], language)]
    return [
        f"{words(outcome['label'], language)}: {verdict_sentence(outcome, language)}"
        for outcome in primary_outcomes(document)
    ]


def _ordered_outcomes(document: Summary) -> list[Row]:
    """Return outcomes with an evaluation: primary ones, then guardrails."""
    found = [outcome for outcome in document["outcomes"] if outcome["evaluation"] is not None]
    return sorted(found, key=_is_guardrail)


def _tile_outcomes(document: Summary) -> Sequence[Row]:
    return _ordered_outcomes(document)[:_TILES]


def _tile(outcome: Row, language: str) -> dict[str, Any]:
    evaluation, found = outcome["evaluation"], headline(outcome)
    tile: dict[str, Any] = {
        "label": words(outcome["label"], language),
        "tone": verdict_tone(outcome),
        "dashed": _is_guardrail(outcome),
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
    lines = [say(SENTENCES["interval"], language, level=level, interval=reach)]
    speed, uplift = evaluation.get("speed"), evaluation["uplift"]
    if speed is not None:
        time = percent(speed["time_percent"], 1, language, sign=True)
        lines.append(say(SENTENCES["time"], language, time=time))
    elif uplift is not None and uplift["estimate"] is not None:
        relative = percent(uplift["estimate"], 1, language, sign=True)
        lines.append(say(EXPECTED, language, uplift=relative))
    if found.falls:
        lines.append(say(SENTENCES["falls"], language))
    if found.smallest_effect is not None:
        smallest = with_unit(found.smallest_effect, found.unit, language, digits=found.digits)
        lines.append(say(SENTENCES["matters"], language, value=smallest))
    return lines


def _branch_counts(branches: Row, language: str) -> str:
    counts = {arm: number(branches.get(arm), 0, language) for arm in ("trained", "comparison")}
    return say(SENTENCES["compared" if branches.get("comparison") else "alone"], language, **counts)


def _why(document: Summary, language: str) -> list[str]:
    """Return the two lines that say what the answer rests on."""
    pilot, flow = document["pilot"], document["flow"]
    branches = flow["invited" if is_withheld(document) else "analysed"]
    counts = {arm: number(branches[arm], 0, language) for arm in ("trained", "comparison")}
    how = say(SENTENCES[pilot["allocation"]["method"]], language)
    key = "why_alone" if pilot["design"] == "before_after" else "why_compared"
    first = say(SENTENCES[key], language, how=how, **counts)
    frozen = document["plan"]["frozen_at"]
    plan = say(SENTENCES["why_frozen"], language, date=date_text(frozen, language)) if frozen else ""
    parts = (_robustness(document, language), plan, _changed(document, language))
    second = " ".join(part for part in parts if part)
    return [first, second] if second else [first]


def _changed(document: Summary, language: str) -> str:
    """Say that the frozen plan was changed; the reasons stand in the annex and in the workbook."""
    changes = document["plan"].get("changes", ())
    if not changes:
        return ""
    late = any(change["after_results"] for change in changes)
    date = date_text(changes[-1]["made_at"][:10], language)
    return say(SENTENCES["why_changed_late" if late else "why_changed"], language, date=date)


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
    return say(SENTENCES["why_agree" if agree else "why_disagree"], language, methods=", ".join(methods))


def _unknown(document: Summary, language: str) -> list[str]:
    """Return the weightiest limits and how many more there are."""
    limits = [words(limit["text"], language) for limit in document["limits"]]
    for level in ("problem", "attention"):  # the flags of the data, the weightiest first
        flagged = [row for row in document.get("health", ()) if row["level"] == level]
        found = [words(row["text"], language) for row in flagged]
        limits = [*found, *limits] if level == "problem" else [*limits, *found]
    if is_withheld(document):
        limits.insert(0, say(SENTENCES["not_known_yet"], language))
    if not limits:
        return [say(SENTENCES["no_limits"], language)]
    left = len(limits) - _LIMITS
    more = (
        [say(SENTENCES["more_limits"], language, count=counted(left, COUNTS["limits"][language], language))]
        if left > 0
        else []
    )
    return limits[:_LIMITS] + more


def _facts(document: Summary, language: str) -> list[list[str]]:
    guardrails = [outcome for outcome in document["outcomes"] if _is_guardrail(outcome)]
    verdicts = [
        f"{words(outcome['label'], language)}: {verdict_sentence(outcome, language)}"
        for outcome in guardrails
        if outcome["evaluation"] is not None
    ]
    facts = [[label("guardrails", language), " ".join(verdicts)]] if verdicts else []
    if not guardrails:
        facts = [[label("guardrails", language), say(SENTENCES["no_guardrails"], language)]]
    facts.append([label("roll_out", language), _roll_out(document, language)])
    left = [words(outcome["label"], language) for outcome in _ordered_outcomes(document)[_TILES:]]
    if left:
        facts.append(
            [
                say(SENTENCES["others"], language),
                say(SENTENCES["in_workbook"], language, names=", ".join(left)),
            ]
        )
    counts = [
        counted(count, COUNTS[kind][language], language)
        for kind, count in document["snapshot"]["rows"].items()
        if count
    ]
    facts.append([say(SENTENCES["data"], language), f"{', '.join(counts)}."])
    return facts


def _roll_out(document: Summary, language: str) -> str:
    """Return what the network may expect of each primary outcome; without a range that it was not tested."""
    told = []
    for outcome in primary_outcomes(document):
        part = (outcome["evaluation"] or {}).get("roll_out")
        if part and "network" in part:
            low, high = part["network"]["confidence_interval_in_unit"]
            reach = interval_with_unit(low, high, part["unit"], language)
            level = level_percent(part["level"], language)
            speed = f"{label('speed', language)} " if part["unit"] == "speed_percent" else ""
            told.append(f"{words(outcome['label'], language)}: {speed}{reach} ({level})")
            branches = number(part["network"]["branches"], 0, language)
    if not told:
        return say(SENTENCES["no_transfer"], language)
    return say(SENTENCES["network"], language, branches=branches, ranges="; ".join(told))


def _decision(document: Summary, language: str) -> dict[str, Any]:
    """Return the decision that was signed, with what has changed since; else the choices to tick."""
    title, told = label("decision", language), decision_lines(document, language)
    if told:
        return {"title": title, "told": told}
    choices = ("decide_roll_out", "decide_rework", "decide_stop", "decide_need_data")
    return {
        "title": title,
        "choices": [label(choice, language) for choice in choices],
        "fields": [label("signed", language), label("date", language)],
    }


def decision_lines(document: Summary, language: str) -> list[str]:
    """Return the decision that counts, its reasons, who signed it and what has changed; empty before one."""
    decision = document.get("decision")
    if not decision:
        return []
    signed = say(
        SENTENCES["signed"],
        language,
        who=decision["signed_by"] or "—",
        at=moment_text(decision["signed_at"], language),
        mark=decision["snapshot_sha256"][:8],
    )
    notes = [words(note, language) for note in decision["notes"]]
    return [words(decision["text"], language), decision["reasons"], signed, *notes]
