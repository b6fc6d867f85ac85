"""The observations of a bundle again, from the records that its hash is of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.pilots import Arm, Period
from pilot_eval.engines.records import (
    MEASUREMENT,
    BranchRow,
    MeasurementRow,
    Snapshot,
    TimingRow,
    VisitRow,
)
from pilot_eval.engines.stored_forms import ItemRow
from pilot_eval.operations.comparing import Difference, differences
from pilot_eval.operations.items import items_of, plan_of_items
from pilot_eval.operations.recomputing import observations_of_file, plan_from
from pilot_eval.operations.weeks import series_of
from pilot_eval.records.visits import EntryMethod, VisitOutcome, VisitState
from pilot_eval.reports.files import bundle

# Columns that rest on what a snapshot leaves out: the branches' clocks, the days of entry, the pseudonyms.
NOT_DERIVED = ("date", "entered", "daypart", "auditor")
_WORDS = {"label", "section"}
_NO_ZONE = "UTC"


def snapshot_from(content: bytes) -> Snapshot:
    """The records of `snapshot.jsonl`; names of branches, regions and items are not in it."""
    lines = [json.loads(line) for line in content.decode("utf-8").splitlines()]
    of = {kind: [line[1:] for line in lines if line[0] == kind] for kind in _KINDS}
    return Snapshot(
        branches=tuple(_branch(*line) for line in of["branch"]),
        visits=tuple(_visit(*line) for line in of["visit"]),
        timings=tuple(_timing(*line) for line in of["timing"]),
        measurements=tuple(_measurement(*line) for line in of["measurement"]),
        items=tuple(ItemRow(code, "", "", "", "", lever) for code, lever in of["item"]),
    )


_KINDS = ("branch", "item", "visit", "timing", "measurement")


def _branch(code: str, arm: str | None, stratum: str) -> BranchRow:
    return BranchRow(code, "", "", 0, None if arm is None else Arm(arm), stratum, _NO_ZONE)


def _visit(
    key: str,
    branch: str,
    period: str,
    outcome: str,
    state: str,
    score: int | None,
    failed: int,
    begun: str,
    auditor: int,
    earned: Sequence[float | None],
) -> VisitRow:
    at = datetime.fromisoformat(begun)
    kinds = Period(period), VisitOutcome(outcome), VisitState(state)
    return VisitRow(key, branch, *kinds, score, failed, at, str(auditor), at, tuple(earned))


def _timing(
    key: str,
    branch: str,
    period: str,
    outcome: str,
    entry: str,
    operation: str,
    wait: int | None,
    service: int | None,
    total: int | None,
    state: str | None,
    happened: str,
    auditor: int,
) -> TimingRow:
    at = datetime.fromisoformat(happened)
    of_visit = None if state is None else VisitState(state)
    seconds = wait, service, total
    first = key, branch, Period(period), outcome, EntryMethod(entry), operation
    return TimingRow(*first, *seconds, at, str(auditor), of_visit, at)


def _measurement(
    file: str, row: int, external: str | None, branch: str, period: str, outcome: str, value: float | None
) -> MeasurementRow:
    return MeasurementRow(file, row, external, branch, Period(period), outcome, value)


def observations_of(snapshot: Snapshot, entry: Mapping[str, Any]) -> Observations:
    """The observations of one outcome of `plan.json`."""
    code = entry["code"] if entry["source"] == MEASUREMENT else ""
    return snapshot.observations(entry["source"], code, stratified=entry["stratified"], detailed=True)


def rows_differ(snapshot: Snapshot, entry: Mapping[str, Any], content: bytes) -> Iterator[Difference]:
    """Where a file of observations is not what the records give, row by row."""
    expected = bundle.table(content)
    found = bundle.table(bundle.data_csv(observations_of(snapshot, entry)))
    if len(expected) != len(found):
        yield Difference("rows", len(expected), len(found))
    for place, (own, derived) in enumerate(zip(expected, found, strict=False), 2):
        shown = {name: cell for name, cell in own.items() if name not in NOT_DERIVED}
        yield from differences(shown, {name: derived.get(name) for name in shown}, path=f"line {place}")


def items_differ(snapshot: Snapshot, plan: Mapping[str, Any], told: Any) -> Iterator[Difference]:
    """Where the items of a summary are not what the records give."""
    entries = plan["outcomes"]
    score = next((entry for entry in entries if entry["source"] == "visit_score"), entries[0])
    analysis = plan_of_items(plan_from(score["analysis"]), plan["level"])
    found = items_of(snapshot, analysis, frozenset(Period), stratified=score["stratified"])
    plain = json.loads(json.dumps(found))
    yield from differences(told, plain, without=_WORDS)


def weeks_of_files(plan: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """The summary's field `weekly` from the files of a bundle."""
    found = []
    for entry in plan["outcomes"]:
        observations = observations_of_file(entry, folder / entry["file"])
        found += series_of(
            entry["code"], entry["kind"], observations, observations.branches, frozenset(Period)
        )
    return found
