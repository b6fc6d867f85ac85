"""The first sections of the annex: the plan, the design, the way of branches into the analysis."""

from __future__ import annotations

from collections.abc import Iterator

from pilot_eval.reports.files.annex_writer import TO, Annex, Block
from pilot_eval.reports.files.board_wording import SENTENCES as BOARD
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.numbers import (
    MISSING,
    date_text,
    level_percent,
    moment_text,
    percent,
)
from pilot_eval.reports.summaries import (
    Row,
    is_withheld,
    with_unit,
    words,
)


def plan_section(annex: Annex) -> Iterator[Block]:
    """Yield the question, and the plan with its time stamp, versions and changes."""
    yield {"kind": "text", "text": say(BOARD["question"], annex.language)}
    plan, document = annex.plan, annex.plan.get("document", {})
    fewest = [
        annex.say("none") if document.get(name) is None else annex.number(document[name])
        for name in ("minimum_branches", "minimum_observations")
    ]
    looks = [percent(100 * share, 0, annex.language) for share in document.get("looks", ())]
    version = plan.get("version")
    pairs = [
        *([(annex.row("plan_state"), words(plan["text"], annex.language))] if "text" in plan else []),
        (label("plan_frozen", annex.language), moment_text(plan["frozen_at"], annex.language)),
        (annex.row("version"), MISSING if version is None else str(version)),
        (label("plan_hash", annex.language), plan["sha256"]),
        (label("design", annex.language), label(annex.pilot["design"], annex.language)),
        (label("weights", annex.language), label(f"weights_{plan['weights']}", annex.language)),
        (label("family_level", annex.language), level_percent(plan["level"], annex.language)),
        (label("level", annex.language), level_percent(plan["interval_level"], annex.language)),
        (annex.row("looks"), ", ".join(looks) or annex.say("none")),
        (annex.row("minimum"), ", ".join(fewest)),
        (annex.row("exclusions"), plan.get("exclusions") or annex.say("none")),
    ]
    yield {"kind": "pairs", "rows": pairs}
    yield annex.table(
        [annex.row("outcome"), annex.row("role"), annex.row("smallest")],
        [
            [
                annex.name(outcome),
                annex.row("primary" if outcome["primary"] else "guardrail"),
                _smallest(annex, outcome),
            ]
            for outcome in annex.document["outcomes"]
        ],
    )
    changes = [words(change["text"], annex.language) for change in plan.get("changes", ())]
    changes += [
        f"{words(field['label'], annex.language)}: {words(field['before'], annex.language)}{TO}"
        f"{words(field['after'], annex.language)}"
        for change in plan.get("changes", ())
        for field in change["fields"]
    ]
    if changes:
        yield {"kind": "list", "items": changes}


def _smallest(annex: Annex, outcome: Row) -> str:
    """Return the smallest effect of interest in its unit."""
    if outcome["smallest_effect"] is None:
        return annex.say("no_smallest")
    unit = {"duration": "speed_percent", "proportion": "percentage_points"}.get(outcome["kind"])
    return with_unit(outcome["smallest_effect"], unit or outcome["unit"], annex.language)


def design(annex: Annex) -> Iterator[Block]:
    """Yield the time line, and how branches came into their arms."""
    spans = {name: _span(annex, name) for name in ("before", "training", "after")}
    if None in spans.values():
        yield {"kind": "text", "text": annex.say("imported")}
    else:
        yield {
            "kind": "design",
            "caption": annex.say("design_caption_alone" if annex.alone else "design_caption"),
            "alt": annex.say("design_alt", **{name: str(text) for name, text in spans.items()}),
            "steps": [
                [label(key, annex.language), spans[name]]
                for key, name in (("before", "before"), ("during", "training"), ("after", "after"))
            ],
            "arms": [label(arm, annex.language) for arm in annex.arms],
        }
    allocation = annex.pilot["allocation"]
    pairs = [(label("allocation", annex.language), label(allocation["method"], annex.language))]
    if allocation["seed"] is not None:
        pairs.append((label("allocation_seed", annex.language), str(allocation["seed"])))
        pairs.append((label("drawn_at", annex.language), moment_text(allocation["drawn_at"], annex.language)))
    if allocation["strata"]:
        pairs.append((label("strata", annex.language), ", ".join(allocation["strata"])))
    yield {"kind": "pairs", "rows": pairs}


def _span(annex: Annex, name: str) -> str | None:
    """Return the dates of a period."""
    ends = annex.pilot["dates"][name]
    if ends is None:
        return None
    return f"{date_text(ends[0], annex.language)} – {date_text(ends[1], annex.language)}"


def flow(annex: Annex) -> Iterator[Block]:
    """Yield the way of branches from invitation to analysis."""
    flow = annex.document["flow"]
    names = ("invited",) if is_withheld(annex.document) else ("invited", "both_periods", "analysed")
    steps = [
        {
            "label": label(name, annex.language),
            "counts": [
                f"{label(arm, annex.language)}: {annex.number(flow[name][arm])}" for arm in annex.arms
            ],
        }
        for name in names
    ]
    told = "; ".join(f"{step['label']}: {', '.join(step['counts'])}" for step in steps)
    total = {name: sum(flow[name][arm] for arm in annex.arms) for name in names}
    caption = annex.say("flow_withheld")
    if not is_withheld(annex.document):
        caption = annex.say(
            "flow_caption",
            analysed=annex.number(total["analysed"]),
            invited=annex.number(total["invited"]),
        )
    yield {
        "kind": "flow",
        "caption": caption,
        "alt": annex.say("flow_alt", steps=told),
        "steps": steps,
    }
