"""The passport of a file: where its numbers come from."""

from __future__ import annotations

from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import MISSING, date_text, language_of, moment_text, number
from pilot_eval.reports.summaries import Row, Summary, rows_of_rows, words
from pilot_eval.reports.verdicts import level_text


def passport_items(document: Summary, language: str, observations: int | None) -> list[tuple[str, str]]:
    """Return the passport of a file as pairs of name and value, in the reader's language.

    `observations` is the count of observations in the file, None where they are not part of it.
    """
    pilot, plan, snapshot = document["pilot"], document["plan"], document["snapshot"]
    allocation, flow = pilot["allocation"], document["flow"]
    tongue = language_of(language)

    def count(value: float) -> str:
        return number(value, 0, language)

    def arms(counts: Row) -> str:
        return "; ".join(f"{label(arm, language)}: {count(counts[arm])}" for arm in ("trained", "comparison"))

    def span(period: str) -> str:
        ends = pilot["dates"][period]
        return (
            MISSING
            if ends is None
            else f"{date_text(ends[0], language)} {MISSING} {date_text(ends[1], language)}"
        )

    pairs = [
        ("pilot", words(pilot["title"], language)),
        ("nature", label("made_up" if pilot["made_up"] else "recorded", language)),
        ("design", label(pilot["design"], language)),
        ("before", span("before")),
        ("during", span("training")),
        ("after", span("after")),
        ("allocation", label(allocation["method"], language)),
        ("allocation_seed", MISSING if allocation["seed"] is None else str(allocation["seed"])),
        ("strata", ", ".join(allocation["strata"]) or MISSING),
        ("drawn_at", moment_text(allocation["drawn_at"], language)),
        ("invited", arms(flow["invited"])),
        ("both_periods", arms(flow["both_periods"])),
        ("analysed", arms(flow["analysed"])),
        ("family_size", count(plan["family_size"])),
        ("family_level", level_text(plan["level"], tongue)),
        ("level", level_text(plan["interval_level"], tongue)),
        ("draws", count(plan["draws"])),
        ("seed", str(plan["seed"])),
        ("weights", label(f"weights_{plan['weights']}", language)),
        (
            "plan_frozen",
            moment_text(plan["frozen_at"], language) if plan["frozen_at"] else label("not_frozen", language),
        ),
        ("plan_hash", plan["sha256"] or MISSING),
        *_changes(plan, language),
        *_decision(document, language),
        ("as_of", moment_text(snapshot["as_of"], language)),
        ("snapshot_hash", snapshot["sha256"]),
        ("filters", filters_text(document, language)),
        *((kind, count(snapshot["rows"][kind])) for kind in ("visits", "timings", "measurements")),
        ("observation_rows", observation_count(document, language, observations)),
        ("branch_rows", rows_of_rows(len(document["branches"]) * len(document["outcomes"]), language)),
        ("audit_events", count(document["audit"]["events"])),
        ("audit_head", document["audit"]["head"]),
        ("version", f"{document['product']['name']} {document['product']['version']}"),
    ]
    return [(label(key, language), value) for key, value in pairs]


def filters_text(document: Summary, language: str) -> str:
    """Return the filters behind a file, or that there are none."""
    filters = document["snapshot"]["filters"]
    return "; ".join(f"{name} = {value}" for name, value in filters.items()) or label("no_filters", language)


def _changes(plan: Row, language: str) -> list[tuple[str, str]]:
    """Return each change of the frozen plan with what it changed."""
    found = []
    for change in plan.get("changes", ()):
        fields = "; ".join(
            f"{words(line['label'], language)}: {words(line['before'], language)} → "
            f"{words(line['after'], language)}"
            for line in change["fields"]
        )
        found.append(("plan_changed", f"{words(change['text'], language)} {fields}"))
    return found


def _decision(document: Summary, language: str) -> list[tuple[str, str]]:
    """Return the decision that counts with its reasons and what it rests on; nothing while there is none."""
    decision = document.get("decision")
    if decision is None:
        return []
    notes = " ".join(words(note, language) for note in decision["notes"])
    signed_at = moment_text(decision["signed_at"], language)
    return [
        ("decision", f"{words(decision['text'], language)} {notes}".strip()),
        ("decision_reasons", decision["reasons"]),
        (
            "decision_signed",
            f"{decision['signed_by'] or MISSING}, {signed_at}",
        ),
        ("decision_snapshot", decision["snapshot_sha256"]),
    ]


def observation_count(document: Summary, language: str, written: int | None) -> str:
    """Say how many observations a file holds of how many there are."""
    if written is None:
        return {"en": "not part of this file", "ru": "в этот файл не входят"}[language]
    total = sum(document["snapshot"]["rows"].values())
    if written == total:
        return rows_of_rows(total, language)
    there, all_rows = number(written, 0, language), number(total, 0, language)
    return {
        "en": f"{there} of {all_rows} rows; the rest are withheld until the results are released",
        "ru": f"{there} из {all_rows} строк; остальные закрыты до публикации результатов",
    }[language]
