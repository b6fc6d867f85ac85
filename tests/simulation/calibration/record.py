"""What was counted, kept as numbers and written as docs/calibration.md."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.simulation.calibration.scenarios import Scenario
from tests.simulation.calibration.study import Result, Tally

RECORD = Path(__file__).parent / "recorded.json"
DOCUMENT = Path(__file__).parents[3] / "docs" / "calibration.md"
EQUAL, UNEQUAL = 0.06, 0.08  # claimed limits of false alarms
WHOLE = 10_000  # runs from which on the claim is kept without any allowance for chance
ALWAYS = 0.95  # share of pilots from which on a warning is said to be given
# Warnings that say: the claim does not hold here.
EXCUSES = frozenset({"few_branches", "few_branches_in_cohorts", "few_branches_alone"})

HEAD = """# Calibration

How often each method is wrong where the truth is known: made-up pilots, {runs} of each kind, analysed as
`pilot-eval evaluate` analyses them, with {draws} draws. `make calibration` makes this page again, to the
last digit; nothing in it depends on a date or a machine.

- **False alarms**: share of pilots without any effect in which the method finds one. 5 % is meant.
- **Coverage**: share of pilots with a true effect (two in five of them) whose 95 % interval holds it.
- **Power**: share of the same pilots in which the effect is found. Compare it only between methods whose
  false alarms are near 5 %: a method that is often wrong finds much.
- Of 5 % the Monte-Carlo error is {error} percentage points (one standard error).

The claim: the primary method (bold) gives at most {equal} % false alarms where branches vary alike and
{unequal} % where the arms do not, or the evaluation warns that there are few branches. Other programs' rows
are closed forms, shown to be equal to those programs in `tests/simulation/calibration/test_calibration.py`.

"""

FEWER = """With fewer than {whole} pilots of a kind chance has its say: of {few}, a method that keeps
to a limit of 6 % may lie {chance} points above it (three standard errors).

"""


def limit_of(scenario: Scenario) -> float:
    return EQUAL if scenario.equal else UNEQUAL


def excused(entry: Mapping[str, Any]) -> list[str]:
    """Warnings that (nearly) every pilot of the scenario had and that take the claim back."""
    return [code for code, share in entry["warned"].items() if share >= ALWAYS and code in EXCUSES]


def claimed_method(scenario: Scenario, entry: Mapping[str, Any]) -> str:
    return scenario.claimed or str(entry["primary"])


def false_alarms(entry: Mapping[str, Any], method: str) -> float:
    counted = entry["tallies"][method]
    return float(counted["false_alarms"] / counted["runs"])


def load() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    return found


def entry_of(result: Result, runs: int) -> dict[str, Any]:
    return {
        "runs": runs,
        "primary": result.primary,
        "warned": {code: round(share, 4) for code, share in result.warned.items()},
        "tallies": {method: asdict(counted) for method, counted in result.tallies.items()},
    }


def save(record: Mapping[str, Any], scenarios: Sequence[Scenario]) -> None:
    """Write the numbers and the page; scenarios that are no longer there are dropped."""
    kept = {scenario.name: record[scenario.name] for scenario in scenarios if scenario.name in record}
    RECORD.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    DOCUMENT.write_text(page(kept, scenarios), encoding="utf-8")


def page(record: Mapping[str, Any], scenarios: Sequence[Scenario]) -> str:
    """The page, scenarios in their order."""
    there = [scenario for scenario in scenarios if scenario.name in record]
    runs = {record[scenario.name]["runs"] for scenario in there}
    draws = {scenario.plan.draws for scenario in there}
    most = max(runs)
    head = HEAD.format(
        runs=" or ".join(f"{count:,}" for count in sorted(runs)),
        draws=" or ".join(str(count) for count in sorted(draws)),
        error=f"{100.0 * math.sqrt(0.05 * 0.95 / most):.2f}",
        equal=f"{100.0 * EQUAL:.0f}",
        unequal=f"{100.0 * UNEQUAL:.0f}",
    )
    few = min(runs)
    if few < WHOLE:
        chance = 300.0 * math.sqrt(EQUAL * (1.0 - EQUAL) / few)
        head += FEWER.format(whole=f"{WHOLE:,}", few=f"{few:,}", chance=f"{chance:.1f}")
    return head + _summary(record, there) + "\n".join(_section(s, record[s.name]) for s in there)


def _summary(record: Mapping[str, Any], scenarios: Sequence[Scenario]) -> str:
    """One line per scenario: what the claimed method and the others reach."""
    lines = [
        "| Pilots | Method | False alarms | Limit | Warns |",
        "|---|---|---:|---:|---|",
    ]
    for scenario in scenarios:
        entry = record[scenario.name]
        method = claimed_method(scenario, entry)
        share = 100.0 * false_alarms(entry, method)
        warns = ", ".join(f"`{code}`" for code in excused(entry))
        limit = f"{100.0 * limit_of(scenario):.0f} %"
        lines.append(f"| {scenario.name} | `{method}` | {share:.1f} % | {limit} | {warns} |")
    return "\n".join(lines) + "\n\n"


def _section(scenario: Scenario, entry: Mapping[str, Any]) -> str:
    plan = scenario.plan
    choices = [plan.kind, plan.design, f"true effect {scenario.effect:g}"]
    lines = [
        f"## {scenario.name}",
        "",
        ", ".join(choices) + f"; {scenario.pilot.told()}.",
        "",
        "| Method | False alarms | Coverage | Power |",
        "|---|---:|---:|---:|",
    ]
    claimed = claimed_method(scenario, entry)
    for method in sorted(entry["tallies"], key=lambda name: (name != claimed, name)):
        lines.append(_row(method, Tally(**entry["tallies"][method]), entry, bold=method == claimed))
    warned = [
        f"`{code}` ({100.0 * share:.0f} %)"
        for code, share in sorted(entry["warned"].items())
        if share >= 0.005
    ]
    if warned:
        lines += ["", f"Warnings given: {', '.join(warned)}."]
    return "\n".join(lines) + "\n"


def _row(method: str, counted: Tally, entry: Mapping[str, Any], *, bold: bool) -> str:
    name = f"`{method}`" if " " not in method else method
    if bold:
        name = f"**{name}**"
    if counted.runs < entry["runs"]:
        name += f" (answered {counted.runs:,})"
    covered = None if counted.covered is None else _percent(counted.covered, counted.trials)
    cells = [
        _percent(counted.false_alarms, counted.runs),
        covered or "",
        _percent(counted.found, counted.trials),
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def _percent(count: int, of: int) -> str:
    return f"{100.0 * count / of:.1f} %" if of else "none"
