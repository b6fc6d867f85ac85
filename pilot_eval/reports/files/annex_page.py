"""What the annex says: sections of finished sentences, tables and pictures, for the template to lay out.

The order is that of SQUIRE 2.0 with the items of CONSORT for clusters. A section is a heading with blocks; a
block is a text, a list, pairs, a table or a picture. Every text is written here, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pilot_eval.reports.files import annex_closing, annex_plan, annex_results, annex_robustness
from pilot_eval.reports.files.annex_wording import HEADINGS, SENTENCES
from pilot_eval.reports.files.annex_writer import Annex, Block
from pilot_eval.reports.files.board_page import decision_lines, moment_of
from pilot_eval.reports.files.board_wording import SENTENCES as BOARD
from pilot_eval.reports.labels import label, say
from pilot_eval.reports.numbers import (
    language_of,
    moment_text,
)
from pilot_eval.reports.summaries import (
    Summary,
    is_withheld,
    words,
)


def page_of(document: Summary, language: str) -> dict[str, Any]:
    """Return everything the template shows."""
    annex = Annex(document, language)
    moment = moment_of(document)
    product = f"{document['product']['name']} {document['product']['version']}"
    made_up = [label("made_up", language)] if document["pilot"]["made_up"] else []
    snapshot = document["snapshot"]
    footer = say(
        BOARD["footer"],
        language,
        product=product,
        as_of=moment_text(snapshot["as_of"], language),
        sha256=snapshot["sha256"][:16] + "…",
    )
    return {
        "lang": language_of(language),
        "author": product,
        "date": {
            part: getattr(moment, part) for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "title": words(document["pilot"]["title"], language),
        "subtitle": say(HEADINGS["title"], language),
        "order": say(SENTENCES["order"], language),
        "notices": [*made_up, *_withheld(annex)],
        "footer": " · ".join([*made_up, footer]),
        "sections": [
            {"title": f"{place}. {say(HEADINGS[name], language)}", "blocks": list(blocks)}
            for place, (name, blocks) in enumerate(_sections(annex), 1)
        ],
    }


def _withheld(annex: Annex) -> list[str]:
    """What is said while the results may not be seen."""
    hidden = annex.document["headline_withheld"]
    return [] if hidden is None else [words(hidden["text"], annex.language)]


def _sections(annex: Annex) -> Iterator[tuple[str, Iterator[Block]]]:
    """Yield the sections in their order; without results only those that need none."""
    yield "plan", annex_plan.plan_section(annex)
    yield "design", annex_plan.design(annex)
    yield "flow", annex_plan.flow(annex)
    if not is_withheld(annex.document):
        yield "baseline", annex_results.baseline(annex)
        yield "results", annex_results.results(annex)
        yield "sensitivity", annex_robustness.sensitivity(annex)
        yield "heterogeneity", annex_robustness.heterogeneity(annex)
        yield "roll_out", annex_robustness.roll_out(annex)
        yield "items", annex_results.items(annex)
        yield "guardrails", annex_results.guardrails(annex)
    yield "quality", annex_closing.quality(annex)
    yield "limits", annex_closing.limits(annex)
    if annex.document.get("decision"):
        lines = decision_lines(annex.document, annex.language)
        yield "decision", iter([{"kind": "list", "items": lines}])
    yield "definitions", annex_closing.definitions(annex)
    yield "reproduction", annex_closing.reproduction(annex)
