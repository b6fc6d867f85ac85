"""What stands behind a pilot's summary: the parts of its annex, and the files of its evidence bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pilot_eval import __version__
from pilot_eval.domain.errors import Message, WrongState
from pilot_eval.domain.observations import Observations
from pilot_eval.engines.records import MEASUREMENT, Snapshot
from pilot_eval.operations.plans import canonical
from pilot_eval.operations.recomputing import against_summary, parts_for, plan_document, recompute
from pilot_eval.operations.summaries import analysis_plan, evaluate, is_stratified
from pilot_eval.records.pilots import Pilot, PilotOutcome
from pilot_eval.reports.files import bundle
from pilot_eval.reports.parts import FIELDS, part_of
from pilot_eval.reports.summaries import Summary, is_withheld, released

PRODUCT = {"name": "pilot_eval", "version": __version__}


def with_parts(
    summary: Summary,
    snapshot: Snapshot,
    pilot: Pilot,
    outcomes: Sequence[PilotOutcome],
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The summary with what its annex tells of each primary outcome, as fields of its evaluation.

    Parameters
    ----------
    names : sequence of str, optional
        Only these parts.
    """
    documents = []
    for outcome, document in zip(outcomes, summary["outcomes"], strict=True):
        evaluation = document["evaluation"]
        if evaluation is not None:
            told = parts_for(outcome.kind, primary=outcome.primary)
            chosen = [name for name in told if names is None or name in names]
            evaluation = evaluation | _parts(snapshot, pilot, outcome, outcomes, chosen)
        documents.append({**document, "evaluation": evaluation})
    return {**summary, "outcomes": documents}


def _parts(
    snapshot: Snapshot,
    pilot: Pilot,
    outcome: PilotOutcome,
    outcomes: Sequence[PilotOutcome],
    names: Sequence[str],
) -> dict[str, Any]:
    if not names:
        return {}
    analysis = evaluate(snapshot, pilot, outcome, outcomes).analysis
    observations = _observations(snapshot, pilot, outcome)
    return {FIELDS.get(name, name): part_of(name, observations, analysis).to_dict() for name in names}


def _observations(snapshot: Snapshot, pilot: Pilot, outcome: PilotOutcome) -> Observations:
    """The observations of an outcome with all that is known beside its values."""
    code = outcome.code if outcome.source == MEASUREMENT else ""
    return snapshot.observations(outcome.source, code, stratified=is_stratified(pilot), detailed=True)


def evidence_files(
    summary: Summary, snapshot: Snapshot, pilot: Pilot, outcomes: Sequence[PilotOutcome]
) -> dict[str, bytes]:
    """The files of a bundle by name, computed from those files themselves and held against the summary.

    Raises
    ------
    WrongState
        While the results may not be seen.
    RuntimeError
        If the files do not give the numbers of the summary: such a bundle is never handed out.
    """
    if is_withheld(summary):
        raise WrongState(
            "results_withheld",
            Message("The evidence bundle can be taken once the visits after training are closed"),
        )
    whole = released(with_parts(summary, snapshot, pilot, outcomes))
    plan = _plan(whole, pilot, outcomes)
    files = {
        entry["file"]: bundle.data_csv(_observations(snapshot, pilot, outcome))
        for entry, outcome in zip(plan["outcomes"], outcomes, strict=True)
    }
    files[bundle.SNAPSHOT] = b"".join(snapshot.lines())
    result = result_of(plan, files)
    differ = against_summary(whole, result)
    if differ:
        places = "; ".join(map(str, differ[:5]))
        raise RuntimeError(f"the evidence bundle does not give the summary: {places}")
    return files | {
        bundle.MARK: bundle.json_bytes(
            {"schema": bundle.SCHEMA, "product": PRODUCT, "snapshot": whole["snapshot"]}
        ),
        bundle.PLAN: bundle.json_bytes(plan),
        bundle.FROZEN: canonical(whole["plan"]["document"]).encode(),
        bundle.RESULT: bundle.json_bytes(result),
        bundle.SUMMARY: bundle.json_bytes(whole),
        bundle.BRANCHES: bundle.branches_csv(result),
        bundle.EXPECTED: bundle.expected_csv(plan, result),
        bundle.SCRIPT: bundle.script(),
        bundle.README: bundle.readme(plan, whole["snapshot"], PRODUCT),
    }


def _plan(summary: Summary, pilot: Pilot, outcomes: Sequence[PilotOutcome]) -> dict[str, Any]:
    """The document `pilot-analysis/1`: the frozen plan, and how each outcome is analysed under it."""
    return {
        "schema": "pilot-analysis/1",
        "pilot": {name: summary["pilot"][name] for name in ("slug", "title", "made_up", "design", "dates")},
        "allocation": summary["pilot"]["allocation"],
        "plan": summary["plan"],
        "level": pilot.level,
        "outcomes": [
            {
                "code": outcome.code,
                "label": {"en": outcome.label_en, "ru": outcome.label_ru},
                "kind": outcome.kind,
                "unit": outcome.unit,
                "primary": outcome.primary,
                "source": outcome.source,
                "file": f"data/{place:02}.csv",
                "stratified": is_stratified(pilot),
                "analysis": plan_document(analysis_plan(pilot, outcome, outcomes)),
                "parts": list(parts_for(outcome.kind, primary=outcome.primary)),
            }
            for place, outcome in enumerate(outcomes, 1)
        ],
    }


def result_of(plan: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """The document `pilot-result/1` of files in memory."""
    with tempfile.TemporaryDirectory(prefix="evidence-") as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        return recompute(plan, folder)
