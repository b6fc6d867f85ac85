"""Can a pilot's data be trusted: the summary's field `health`, which never tells of results after."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pilot_eval.domain.outcomes import OUTCOMES
from pilot_eval.domain.pilots import Arm, Design, Period
from pilot_eval.engines.records import MEASUREMENT, Snapshot, counted_visit, records_of
from pilot_eval.operations.coverage import WaveCoverage
from pilot_eval.records.pilots import PilotOutcome
from pilot_eval.reports.numbers import Language, date_text, number, percent
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.summaries import level_of
from pilot_eval.reports.words.health import FINDINGS, TITLE_OF_RECORDS, TITLES
from pilot_eval.stats.data_quality import baseline_difference, gathering
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.threats import UNPAIRED, Threat, severity_of

ENOUGH = (0.95, 0.8)  # of the assigned visits, once the wave is over: below them a look, a problem
_LEVELS = {"fine": "ok", "look": "attention", "serious": "problem"}
_RECORDS = {
    "visits": Sentence("visits", "визиты"),
    "timings": Sentence("timings", "хронометражи"),
    "measurements": Sentence("rows", "строки"),
}
_OF_RECORDS = {
    "visits": Sentence("visits", "визитов"),
    "timings": Sentence("timings", "хронометражей"),
    "measurements": Sentence("rows", "строк"),
}
Finding = dict[str, Any]
PlanOf = Callable[[PilotOutcome], AnalysisPlan]


def health_of(
    snapshot: Snapshot,
    document: Mapping[str, Any],
    outcomes: Sequence[PilotOutcome],
    plan_of: PlanOf,
    seen: Collection[Period],
    coverage: Sequence[WaveCoverage],
) -> list[Finding]:
    """Every finding about the data, in the order of reading.

    Parameters
    ----------
    document : mapping
        The parts `pilot`, `plan` and `flow` of the summary.
    plan_of : callable
        The analysis plan of an outcome.
    seen : collection of Period
        Periods whose results may be seen.
    coverage : sequence of WaveCoverage
        Empty for who may not see it.
    """
    drawn = document["pilot"]["allocation"]["method"] == "random"
    plans = {o.code: replace(plan_of(o), allocation="random" if drawn else None) for o in outcomes}
    found = [_coverage(wave) for wave in coverage]
    found += _baseline(snapshot, outcomes, plans) if Period.BEFORE in seen else []
    found.append(_allocation(document))
    if Period.AFTER in seen:
        found.append(_missing(document))
    gathered, unchecked = _gathered(snapshot, outcomes, plans, both_periods=Period.AFTER in seen)
    found += [*gathered, _duplicates(snapshot), _plan(document)]
    return found + ([_not_checked(unchecked)] if unchecked else [])


def _finding(code: str, level: str, figure: float | None, text: Sentence) -> Finding:
    return {
        "code": code,
        "title": TITLES[code].to_dict(),
        "level": level,
        "number": figure,
        "text": text.to_dict(),
    }


def _count(value: int) -> Sentence:
    return told(lambda language: number(value, 0, language))


def _share(value: float) -> Sentence:
    return told(lambda language: percent(value, 1 if 0 < value < 100 else 0, language))


def _coverage(found: WaveCoverage) -> Finding:
    code, total = f"coverage_{found.wave.period.value}", found.total
    if not (total.assigned or total.visits):
        return _finding(code, "ok", None, FINDINGS["coverage_none"])
    done = total.visits / total.assigned if total.assigned else 1.0
    over = found.wave.state.value != "open"
    level = "ok" if not over or done >= ENOUGH[0] else "attention" if done >= ENOUGH[1] else "problem"
    text = FINDINGS["coverage"].filled(
        visits=_count(total.visits),
        assigned=_count(total.assigned),
        share=told(lambda language: percent(100 * done, 0, language)),
        timings=_count(total.timings),
        visited=_count(found.visited),
        branches=_count(len(found.branches)),
    )
    return _finding(code, level, 100 * done, text)


def _baseline(
    snapshot: Snapshot, outcomes: Sequence[PilotOutcome], plans: Mapping[str, AnalysisPlan]
) -> list[Finding]:
    found = []
    for outcome in (o for o in outcomes if o.primary):
        code = outcome.code if outcome.source == MEASUREMENT else ""
        threat = baseline_difference(snapshot.observations(outcome.source, code), plans[outcome.code])
        if threat.reason is None:
            found.append(_of_baseline(threat, outcome))
    return found


def _of_baseline(threat: Threat, outcome: PilotOutcome) -> Finding:
    def mean(arm: str) -> Sentence:
        value = float(threat.values[arm])
        shown = math.exp(value) if OUTCOMES[outcome.kind].values == "log" else value
        return told(lambda language: level_of(outcome.kind, outcome.unit, shown, language))

    apart = float(threat.values["standardised"])
    text = FINDINGS["baseline_difference"].filled(
        outcome=Sentence(outcome.label_en, outcome.label_ru),
        trained=mean("trained"),
        comparison=mean("comparison"),
        apart=told(lambda language: number(abs(apart), 2, language)),
    )
    return _finding("baseline_difference", _LEVELS[threat.severity], apart, text)


def _allocation(document: Mapping[str, Any]) -> Finding:
    allocation, invited = document["pilot"]["allocation"], document["flow"]["invited"]
    if not sum(invited.values()):
        return _finding("allocation", "ok", None, FINDINGS["allocation_none"])
    method = allocation["method"]
    text = FINDINGS[f"allocation_{method}"].filled(
        trained=_count(invited["trained"]),
        comparison=_count(invited["comparison"]),
        seed=str(allocation["seed"]),
    )
    needless = document["pilot"]["design"] == Design.BEFORE_AFTER.value
    level = "ok" if method == "random" or needless else "attention"
    return _finding("allocation", level, sum(invited.values()), text)


def _missing(document: Mapping[str, Any]) -> Finding:
    flow = document["flow"]
    invited = {arm: count for arm, count in flow["invited"].items() if count}
    lost = {arm: 1 - flow["both_periods"][arm] / count for arm, count in invited.items()}
    alone = "" if "comparison" in invited else "_alone"
    text = FINDINGS[f"missing_branches{alone}"].filled(
        **{arm.value: _count(flow["both_periods"][arm.value]) for arm in Arm},
        **{f"{arm.value}_of": _count(flow["invited"][arm.value]) for arm in Arm},
    )
    most = max(lost.values(), default=0.0)
    return _finding("missing_branches", _LEVELS[severity_of(most, UNPAIRED)], 100 * most, text)


def _gathered(
    snapshot: Snapshot,
    outcomes: Sequence[PilotOutcome],
    plans: Mapping[str, AnalysisPlan],
    *,
    both_periods: bool,
) -> tuple[list[Finding], list[str]]:
    """Findings of how rows were gathered, by kind of record, and what was not checked."""
    firsts = {records_of(outcome.source): outcome for outcome in reversed(outcomes)}
    found: list[Finding] = []
    checked: set[str] = set()
    unchecked: dict[str, None] = {}
    for records, outcome in sorted(firsts.items(), reverse=True):
        code = outcome.code if outcome.source == MEASUREMENT else ""
        observations = snapshot.observations(outcome.source, code, detailed=True)
        if not len(observations.value):
            continue
        for threat in gathering(observations, plans[outcome.code], both_periods=both_periods):
            if threat.reason is not None:
                unchecked[threat.code] = None
            elif not (threat.code == "auditors" and threat.code in checked):
                checked.add(threat.code)
                told_of = _of_gathering(threat, records)
                if len(firsts) > 1 and threat.code != "auditors":
                    told_of["title"] = _title_of(threat.code, records)
                found.append(told_of)
    return found, [code for code in unchecked if code not in checked]


def _title_of(code: str, records: str) -> dict[str, str]:
    """The title with the kind of record: the same check may be in order for one kind and not for another."""
    return TITLE_OF_RECORDS.filled(title=TITLES[code], records=_RECORDS[records]).to_dict()


def _of_gathering(threat: Threat, records: str) -> Finding:
    values, level = threat.values, _LEVELS[threat.severity]
    if threat.code == "auditors":
        alone = "" if "both_arms" in values else "_alone"
        counts = {name: _count(int(value)) for name, value in values.items()}
        return _finding(
            "auditors", level, int(values["auditors"]), FINDINGS[f"auditors{alone}"].filled(**counts)
        )
    if threat.code == "late_entries":
        late, days = float(values["late_share"]), _count(int(values["days"]))
        if not late:
            nothing = FINDINGS["late_entries_none"].filled(records=_OF_RECORDS[records], days=days)
            return _finding("late_entries", level, late, nothing)
        text = FINDINGS["late_entries"].filled(
            late=_share(late),
            records=_OF_RECORDS[records],
            days=days,
            longest=_count(int(values["longest"])),
        )
        return _finding("late_entries", level, late, text)
    alone = "" if "comparison_share" in values else "_alone"
    shares = {name.replace("_share", ""): _share(float(value)) for name, value in values.items()}
    text = FINDINGS[f"mix{alone}"].filled(records=_OF_RECORDS[records], **shares)
    most = max(float(value) for name, value in values.items() if not name.endswith("chance_share"))
    return _finding(threat.code, level, most, text)


def _duplicates(snapshot: Snapshot) -> Finding:
    """Records equal to another in who, where, when and what; rows of a file, in their own number."""
    keys: list[object] = [
        ("visit", v.branch, v.auditor, v.started_at) for v in snapshot.visits if counted_visit(v)
    ]
    keys += [
        ("timing", t.branch, t.auditor, t.happened_at, t.operation, t.service_seconds, t.wait_seconds)
        for t in snapshot.timings
    ]
    keys += [
        ("row", m.outcome, m.branch, m.period, m.external_id)
        for m in snapshot.measurements
        if m.external_id is not None
    ]
    twice = sum(count - 1 for count in Counter(keys).values())
    if not twice:
        return _finding("duplicates", "ok", 0, FINDINGS["duplicates_none"])
    rows = sum(snapshot.counts.values())
    text = FINDINGS["duplicates"].filled(count=_count(twice), rows=_count(rows))
    return _finding("duplicates", "attention", twice, text)


def _plan(document: Mapping[str, Any]) -> Finding:
    frozen, dates = document["plan"]["frozen_at"], document["pilot"]["dates"]
    if dates["before"] is None:
        return _finding("plan", "attention", None, FINDINGS["plan_imported"])
    if frozen is None:
        return _finding("plan", "ok", None, FINDINGS["plan_open"])
    day = str(frozen)[:10]
    early, late = day <= dates["before"][0], day > dates["after"][0]
    key = "plan_before_data" if early else "plan_late" if late else "plan_before_after"

    def written(language: Language) -> str:
        return date_text(day, language)

    changes = document["plan"]["changes"]
    text = _with_changes(FINDINGS[key].filled(day=told(written)), changes)
    return _finding("plan", "attention" if late or changes else "ok", len(changes), text)


def _with_changes(frozen: Sentence, changes: Sequence[Mapping[str, Any]]) -> Sentence:
    def both(language: Language) -> str:
        return " ".join([getattr(frozen, language), *(change["text"][language] for change in changes)])

    return told(both)


def _not_checked(codes: Sequence[str]) -> Finding:
    def names(language: Language) -> str:
        return ", ".join(getattr(TITLES[code], language) for code in codes)

    text = FINDINGS["not_checked"].filled(names=told(names))
    return _finding("not_checked", "attention", len(codes), text)
