"""The part `threats`: what could make the effect look other than it is, with a number each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.reports.evaluations import not_estimable
from pilot_eval.reports.numbers import Language, number, percent
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.wording import reason
from pilot_eval.reports.words import LABELS, UNITS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.threats import Threat, serious_first, threats_to

IN_UNITS = ("difference", "expected", "low", "high", "interval_low", "interval_high")
SIGNED = ("trained_change_share", "comparison_change_share")


@dataclass(frozen=True, slots=True)
class ThreatsPart:
    """Every threat of the design, checked or not."""

    threats: tuple[Threat, ...]
    plan: AnalysisPlan

    def to_dict(self) -> dict[str, Any]:
        return {"threats": [self._threat(threat) for threat in self.threats]}

    def _threat(self, threat: Threat) -> dict[str, Any]:
        found: dict[str, Any] = {
            "code": threat.code,
            "severity": threat.severity,
            "values": dict(threat.values),
            "text": sentence_of(threat, self.plan).to_dict(),
        }
        return found if threat.reason is None else found | {"not_estimable": not_estimable(threat.reason)}

    def lines(self, language: Language) -> list[str]:
        found: list[str] = [getattr(LABELS["threats"], language)]
        for threat in serious_first(self.threats):
            text: str = getattr(sentence_of(threat, self.plan), language)
            severity: str = getattr(LABELS[f"threat_severity_{threat.severity}"], language)
            found.append(text if threat.reason is not None else f"[{severity}] {text}")
        return found


def part_of(observations: Observations, analysis: Analysis) -> ThreatsPart:
    """Look at every threat.

    Parameters
    ----------
    observations, analysis : what was analysed, and with which result
    """
    return ThreatsPart(threats_to(observations, analysis), analysis.plan)


def sentence_of(threat: Threat, plan: AnalysisPlan) -> Sentence:
    """A threat in words."""
    if threat.reason is not None:
        return _not_checked(threat.code, threat.reason)
    places = {name: _written(name, value, plan) for name, value in threat.values.items()}
    said = [LABELS[key].filled(**places) for key in _keys(threat)]
    return told(_joined(said))


def _joined(said: list[Sentence]) -> Callable[[Language], str]:
    return lambda language: " ".join(getattr(one, language) for one in said)


def _keys(threat: Threat) -> list[str]:
    key = f"threat_{threat.code}"
    if threat.code == "allocation":
        return [f"{key}_{threat.values['how']}"]
    alone = f"{key}_alone"
    of_comparison = ("comparison_share", "comparison_change_share", "both_arms")
    without = not any(name in threat.values for name in of_comparison)
    if threat.code == "season":
        without = "unseen_share" in threat.values
    keys = [alone if without and alone in LABELS else key]
    if "interval_low" in threat.values:
        keys.append(f"{key}_bounds")
    if "breakdown" in threat.values:
        keys.append(f"{key}_breakdown" if threat.values["breakdown"] else f"{key}_undone")
    return keys


def _not_checked(code: str, why: NotEstimable) -> Sentence:
    name, because = LABELS[f"threat_name_{code}"], reason(why.code, why.values)
    return LABELS["threat_not_checked"].filled(name=name, reason=because)


def _written(name: str, value: float | int | str, plan: AnalysisPlan) -> Sentence:
    if isinstance(value, str):
        return Sentence(value, value)
    if name.endswith("share"):
        return told(lambda language: percent(value, 1, language, sign=name in SIGNED))
    if name in IN_UNITS:
        return _in_unit(value, plan)
    digits = 0 if isinstance(value, int) else 2
    return told(lambda language: number(value, digits, language, sign=name == "moved"))


def _in_unit(value: float, plan: AnalysisPlan) -> Sentence:
    if plan.measure.scale == "log_ratio":
        return UNITS["time_percent"].filled(
            number=told(lambda language: percent(value, 1, language, sign=True))
        )
    text = told(lambda language: number(value, 1, language, sign=True))
    return UNITS[plan.measure.unit].filled(number=text)
