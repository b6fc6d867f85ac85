"""The last sections of the annex: the data, the limits, the words, and how anyone computes it again."""

from __future__ import annotations

from collections.abc import Iterator

from pilot_eval.reports.files.annex_writer import Annex, Block
from pilot_eval.reports.files.board_wording import SENTENCES as BOARD
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.numbers import (
    moment_text,
)
from pilot_eval.reports.summaries import (
    change_lines,
    is_withheld,
    primary_outcomes,
    words,
)
from pilot_eval.reports.words.definitions import DEFINITIONS
from pilot_eval.reports.words.health import LEVELS
from pilot_eval.reports.words.reviews import HEADING


def quality(annex: Annex) -> Iterator[Block]:
    """Yield what the checks of the data found."""
    rows = [
        [
            words(row["title"], annex.language),
            getattr(LEVELS[row["level"]], annex.language),
            words(row["text"], annex.language),
        ]
        for row in annex.document.get("health", ())
    ]
    if not rows:
        yield {"kind": "text", "text": annex.say("not_here")}
        return
    yield annex.table([annex.row("check"), "", annex.row("finding")], rows)
    changes = annex.document.get("review", {}).get("changes", ())
    if changes:
        yield {"kind": "strong", "text": getattr(HEADING, annex.language)}
        yield {"kind": "list", "items": change_lines(annex.document, annex.language)}


def limits(annex: Annex) -> Iterator[Block]:
    """Yield what the results do not tell, and what was looked for that could mislead."""
    limits = [words(limit["text"], annex.language) for limit in annex.document["limits"]]
    yield {"kind": "list", "items": limits or [say(BOARD["no_limits"], annex.language)]}
    threats: dict[str, None] = {}
    for outcome in primary_outcomes(annex.document):
        for threat in ((outcome["evaluation"] or {}).get("threats") or {}).get("threats", ()):
            if threat["severity"] in {"look", "serious"}:
                threats[f"{annex.name(outcome)}. {words(threat['text'], annex.language)}"] = None
    if threats:
        yield {"kind": "strong", "text": annex.say("checks")}
        yield {"kind": "list", "items": list(threats)}


def definitions(annex: Annex) -> Iterator[Block]:
    """Yield the words of results."""
    rows = [
        (getattr(word.term, annex.language), getattr(word.meaning, annex.language)) for word in DEFINITIONS
    ]
    yield {"kind": "pairs", "rows": rows}


def reproduction(annex: Annex) -> Iterator[Block]:
    """Yield versions, seeds, hashes and commands."""
    document, plan = annex.document, annex.plan
    slug = annex.pilot["slug"]
    yield {
        "kind": "pairs",
        "rows": [
            (
                label("version", annex.language),
                f"{document['product']['name']} {document['product']['version']}",
            ),
            (label("as_of", annex.language), moment_text(document["snapshot"]["as_of"], annex.language)),
            (label("snapshot_hash", annex.language), document["snapshot"]["sha256"]),
            (label("plan_hash", annex.language), plan["sha256"]),
            (label("seed", annex.language), str(plan["seed"])),
            (label("draws", annex.language), annex.number(plan["draws"])),
            *(
                (label(kind, annex.language), annex.number(count))
                for kind, count in document["snapshot"]["rows"].items()
                if count
            ),
        ],
    }
    if is_withheld(document):
        return
    yield {"kind": "text", "text": annex.say("reproduce")}
    commands = [
        f"pilot-eval export {slug} --format bundle -o {slug}.zip",
        f"pilot-eval verify {slug}.zip",
    ]
    yield {"kind": "code", "lines": commands}
