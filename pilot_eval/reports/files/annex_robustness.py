"""The sections of the annex on how far results hold: other calculations, other branches, the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pilot_eval.reports.files.annex_writer import ARMS, Annex, Block
from pilot_eval.reports.files.board_wording import SENTENCES as BOARD
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.numbers import (
    percent,
    pvalue_text,
)
from pilot_eval.reports.scales import position
from pilot_eval.reports.summaries import (
    Row,
    interval_with_unit,
    primary_outcomes,
    verdict_tone,
    with_unit,
    words,
)
from pilot_eval.reports.words import LABELS
from pilot_eval.reports.words.reviews import EXCLUDED_HEADING


def sensitivity(annex: Annex) -> Iterator[Block]:
    """Yield the planned answer among all that would have been defensible."""
    told = False
    for outcome in primary_outcomes(annex.document):
        part = (outcome["evaluation"] or {}).get("sensitivity")
        if part is None:
            continue
        told = True
        if "not_estimable" in part:
            why = words(part["not_estimable"]["text"], annex.language)
            yield {"kind": "text", "text": f"{annex.name(outcome)}: {why}."}
            continue
        yield from _specifications(annex, outcome, part)
    if not told:
        yield {"kind": "text", "text": annex.say("not_here")}
    counted = annex.document.get("review", {}).get("all_counted", ())
    if counted:
        yield {"kind": "strong", "text": getattr(EXCLUDED_HEADING, annex.language)}
        yield {"kind": "list", "items": [words(row["text"], annex.language) for row in counted]}


def _specifications(annex: Annex, outcome: Row, part: Row) -> Iterator[Block]:
    """Yield one outcome's other calculations: a picture with its numbers, and what could not be done."""
    rows = part["specifications"]
    # A change in another unit has its number, and no place on this axis.
    alike = [row["change"] for row in rows if row["change"]["unit"] == rows[0]["change"]["unit"]]
    ends = [end for change in alike for end in change["confidence_interval"] if end is not None]
    ends += [change["estimate"] for change in alike if change["estimate"] is not None]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    agreement = part["agreement"]
    same = annex.say(
        "specified",
        same=annex.number(agreement["same_verdict"]),
        others=annex.number(agreement["others"]),
    )
    caption = annex.say("sensitivity_caption", outcome=annex.name(outcome), same=same)
    yield {
        "kind": "forest",
        "caption": caption,
        "alt": f"{caption} {'; '.join(_told_change(annex, row) for row in rows)}.",
        "zero": position(0.0, low, high),
        "header": [
            annex.row("calculation"),
            annex.row("change"),
            "",
            annex.row("pvalue"),
            label("n", annex.language),
            annex.row("same"),
        ],
        "rows": [
            _forest_row(annex, row, low, high, verdict_tone(outcome), drawn=row["change"] in alike)
            for row in rows
        ],
    }
    alone = part.get("leave_one_out", {}).get("branches") or []
    found = [row["estimate"] for row in alone if row.get("estimate") is not None]
    if found:
        ends_of = {
            "low": annex.number(min(found), 3, sign=True),
            "high": annex.number(max(found), 3, sign=True),
        }
        yield {"kind": "text", "text": annex.say("leave_one", **ends_of)}
    left = [words(row["label"], annex.language) for row in part["not_computed"]]
    if left:
        yield {"kind": "note", "text": annex.say("not_computed", names="; ".join(left))}


def _forest_row(annex: Annex, row: Row, low: float, high: float, tone: str, *, drawn: bool) -> dict[str, Any]:
    """Return one calculation: its words, and the places of its interval where it is drawn."""
    estimate, (first, last) = row["change"]["estimate"], row["change"]["confidence_interval"]
    reach: dict[str, float | None] = {"low": None, "high": None}
    if not drawn:
        estimate = None
    else:
        reach = {
            "low": position(first, low, high) if first is not None else 0.0,
            "high": position(last, low, high) if last is not None else 1.0,
        }
    return {
        "label": words(row["label"], annex.language),
        "value": _told_change(annex, row, named=False),
        **reach,
        "estimate": position(estimate, low, high) if estimate is not None else None,
        "p": pvalue_text(row["effect"]["pvalue"], annex.language),
        "n": annex.number(row["branches"]),
        "same": label("yes" if row["same_verdict"] else "no", annex.language),
        "tone": tone if row["same_verdict"] else "neither",
    }


def _told_change(annex: Annex, row: Row, *, named: bool = True) -> str:
    """Write the change of one calculation with its interval."""
    change = row["change"]
    low, high = change["confidence_interval"]
    text = with_unit(change["estimate"], change["unit"], annex.language, sign=True)
    reach = interval_with_unit(low, high, change["unit"], annex.language)
    told = f"{text} ({reach})"
    return f"{words(row['label'], annex.language)}: {told}" if named else told


def heterogeneity(annex: Annex) -> Iterator[Block]:
    """Yield how far the changes of branches differ beyond chance."""
    lines = []
    for outcome in primary_outcomes(annex.document):
        part = (outcome["evaluation"] or {}).get("ranking")
        if part is None:
            continue
        if "not_estimable" in part:
            lines.append(f"{annex.name(outcome)}: {words(part['not_estimable']['text'], annex.language)}.")
            continue
        lines += [
            f"{annex.name(outcome)}. {_spread(annex, part, arm)}" for arm in ARMS if part["arms"].get(arm)
        ]
    if not lines:
        yield {"kind": "text", "text": annex.say("not_here")}
        return
    yield {"kind": "list", "items": lines}


def _spread(annex: Annex, part: Row, arm: str) -> str:
    """Write the spread of an arm's changes, in the unit of the analysis."""
    found = part["arms"][arm]
    tau = found["tau_squared"]
    unit = part["unit"] if part["scale"] == "difference" else ""
    digits = 2 if part["scale"] == "difference" else 3
    written = annex.number(None if tau is None else tau**0.5, digits)
    return annex.say(
        "spread",
        arm=label(arm, annex.language),
        n=annex.number(found["n"]),
        tau=with_unit(tau**0.5, unit, annex.language, digits=1) if unit and tau is not None else written,
        share=percent(found["i_squared_percent"], 0, annex.language),
    )


def roll_out(annex: Annex) -> Iterator[Block]:
    """Yield what a new branch and the network may expect, with what that takes for granted."""
    assumed: list[str] = []
    for outcome in primary_outcomes(annex.document):
        part = (outcome["evaluation"] or {}).get("roll_out")
        if part is None:
            continue
        if "not_estimable" in part:
            why = words(part["not_estimable"]["text"], annex.language)
            yield {"kind": "text", "text": f"{annex.name(outcome)}: {why}."}
            continue
        yield {"kind": "strong", "text": annex.name(outcome)}
        told = [words(sentence, annex.language) for sentence in part["sentences"]]
        told += [row["text" if annex.language == "en" else "ru"] for row in part["warnings"]]
        yield {"kind": "list", "items": told}
        assumed = [words(sentence, annex.language) for sentence in part["assumptions"]]
    if assumed:
        yield {"kind": "text", "text": getattr(LABELS["roll_out_assumed"], annex.language) + ":"}
        yield {"kind": "list", "items": assumed}
    else:
        sentence = say(BOARD["no_transfer"], annex.language)
        yield {"kind": "text", "text": sentence[:1].upper() + sentence[1:]}
