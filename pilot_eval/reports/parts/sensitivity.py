"""The part `sensitivity`: the planned answer among all that would have been defensible."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.reports.evaluations import not_estimable
from pilot_eval.reports.numbers import Language, interval, number, percent, pvalue_text
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.verdicts import decide, decimals, level_text, verdict_of
from pilot_eval.reports.wording import NO_LIMITS, reason
from pilot_eval.reports.words import LABELS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.joint_test import JointTest, joint_test
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.relative import LARGEST_LOG
from pilot_eval.stats.results import ConfidenceInterval, NotEstimable
from pilot_eval.stats.sensitivity import SpecificationCurve, Specified, specification_curve
from pilot_eval.stats.specifications import TRIMMED

NOT_COMPUTED = {"share": 100.0 * TRIMMED}  # what labels of specifications without an answer need


@dataclass(frozen=True, slots=True)
class Row:
    """One specification with what it means.

    Parameters
    ----------
    answer : the numbers
    unit : of the change
    change, ends : signed so that plus is better; per cent where the scale is a ratio; None beyond any number
    verdict : its key, by the interval
    same_sign, same_verdict : as planned
    """

    answer: Specified
    unit: str
    change: float | None
    ends: ConfidenceInterval
    verdict: str
    same_sign: bool
    same_verdict: bool

    def to_dict(self) -> dict[str, Any]:
        answer = self.answer
        return {
            "code": answer.code,
            "label": label_of(answer.code, answer.values).to_dict(),
            "effect": {
                "scale": answer.scale,
                "estimate": answer.estimate,
                "standard_error": answer.standard_error,
                "df": answer.df if answer.df is not None and math.isfinite(answer.df) else None,
                "confidence_interval": [answer.interval.low, answer.interval.high],
                "pvalue": answer.pvalue,
            },
            "change": {
                "unit": self.unit,
                "estimate": self.change,
                "confidence_interval": [self.ends.low, self.ends.high],
            },
            "branches": answer.branches,
            "rows": answer.rows,
            "verdict": self.verdict,
            "same_sign": self.same_sign,
            "same_verdict": self.same_verdict,
        }


@dataclass(frozen=True, slots=True)
class SensitivityPart:
    """The specification curve with verdicts, or why there is none.

    Parameters
    ----------
    curve : the numbers
    plan : which was asked
    headline : key of the evaluation's verdict
    rows : the planned specification first
    joint : closed-form specifications together
    """

    curve: SpecificationCurve | NotEstimable
    plan: AnalysisPlan
    headline: str
    rows: tuple[Row, ...] = ()
    joint: JointTest | NotEstimable | None = None

    @property
    def same_verdict(self) -> int:
        """Other specifications with the planned verdict."""
        return sum(row.same_verdict for row in self.rows[1:])

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.curve, NotEstimable):
            return {"not_estimable": not_estimable(self.curve)}
        others = len(self.rows) - 1
        return {
            "headline_verdict": self.headline,
            "specifications": [row.to_dict() for row in self.rows],
            "agreement": {
                "with_own_estimate": self.curve.with_own_estimate,
                "same_sign": self.curve.same_sign,
                "same_sign_share": _share(self.curve.same_sign, self.curve.with_own_estimate),
                "others": others,
                "same_verdict": self.same_verdict,
                "same_verdict_share": _share(self.same_verdict, others),
            },
            "joint": _joint(self.joint),
            "not_computed": [
                {
                    "code": one.code,
                    "label": label_of(one.code, NOT_COMPUTED).to_dict(),
                    "not_estimable": not_estimable(one.reason),
                }
                for one in self.curve.unavailable
            ],
            "leave_one_out": {
                "branches": [_left_out(one.name, one.answer) for one in self.curve.branches],
                "auditors": [_left_out(one.name, one.answer) for one in self.curve.auditors],
            },
        }

    def lines(self, language: Language) -> list[str]:
        def say(key: str, **places: str) -> str:
            text: str = getattr(LABELS[f"sensitivity{key}"], language)
            return text.format(**places)

        if isinstance(self.curve, NotEstimable):
            why: str = getattr(reason(self.curve.code, self.curve.values), language)
            return [say(""), say("_none", reason=why)]
        found = [say(""), say("_columns", level=level_text(self.plan.level, language), p="p")]
        found += [_line(row, language) for row in self.rows]
        found.append(
            say(
                "_agreement",
                own=number(self.curve.with_own_estimate, 0, language),
                same_sign=number(self.curve.same_sign, 0, language),
                of=number(len(self.rows) - 1, 0, language),
                same_verdict=number(self.same_verdict, 0, language),
            )
        )
        if isinstance(self.joint, JointTest):
            joint = self.joint
            found.append(
                say(
                    "_joint",
                    n=number(len(joint.specifications), 0, language),
                    median=percent(100.0 * joint.median_pvalue, 1, language),
                )
            )
            if joint.significant:
                found.append(
                    say(
                        "_joint_significant",
                        significant=number(joint.significant, 0, language),
                        many=percent(100.0 * joint.significant_pvalue, 1, language),
                    )
                )
        grouped: dict[str, list[str]] = {}
        for one in self.curve.unavailable:
            why = getattr(reason(one.reason.code, one.reason.values), language)
            grouped.setdefault(why, []).append(getattr(label_of(one.code, NOT_COMPUTED), language))
        found += [say("_not_computed", reason=why, labels="; ".join(own)) for why, own in grouped.items()]
        return found


def part_of(observations: Observations, analysis: Analysis) -> SensitivityPart:
    """Answer the question in every other way.

    Parameters
    ----------
    observations, analysis : what was analysed, and with which result
    """
    curve = specification_curve(observations, analysis)
    plan, headline = analysis.plan, verdict_of(analysis).key
    if isinstance(curve, NotEstimable):
        return SensitivityPart(curve, plan, headline)
    planned = curve.rows[0]
    disagreement = analysis.agreement is False
    rows = tuple(_row(answer, planned, plan, disagreement=disagreement) for answer in curve.rows)
    rows = (replace(rows[0], verdict=headline, same_verdict=True), *rows[1:])
    return SensitivityPart(curve, plan, headline, rows, joint_test(observations, analysis))


def label_of(code: str, values: Mapping[str, float | int | str]) -> Sentence:
    """What a specification is called."""
    places: dict[str, Sentence | str] = {}
    for name, value in values.items():
        if isinstance(value, str):
            places[name] = value
        else:
            places[name] = _in_percent(value) if name == "share" else _whole(value)
    own = f"sensitivity_{code}"  # another test of the planned estimate has its method's name
    return LABELS[own if own in LABELS else code].filled(**places)


def _in_percent(value: float) -> Sentence:
    return told(lambda language: percent(value, 0, language))


def _whole(value: float) -> Sentence:
    return told(lambda language: number(value, 0, language))


def _row(answer: Specified, planned: Specified, plan: AnalysisPlan, *, disagreement: bool) -> Row:
    """A specification beside the planned one; the smallest effect counts where both share a scale.

    It is judged by its interval alone, the planned one also by whether its own checks agree.
    """
    smallest = plan.smallest_effect if answer.scale == planned.scale else None
    change = _told(answer.scale, plan)
    ends = answer.interval.scaled(plan.sign).rising(change)
    verdict = decide(ends, smallest)
    reference = planned.interval.scaled(plan.sign).rising(_told(planned.scale, plan))
    return Row(
        answer=answer,
        unit=_unit(answer, plan),
        change=change(plan.sign * answer.estimate),
        ends=ends,
        verdict=verdict,
        same_sign=(answer.estimate > 0.0) == (planned.estimate > 0.0),
        same_verdict=verdict == decide(reference, smallest, disagreement=disagreement),
    )


def _told(scale: str, plan: AnalysisPlan) -> Callable[[float], float | None]:
    """What a signed effect, plus being better, is told as: itself, or per cent of a ratio."""
    if scale == "difference":
        return lambda signed: signed
    # Speed is the inverse of time; other quantities are told as they are, with the sign of the better side.
    turn = 1.0 if scale == "log_ratio" and plan.kind == "duration" else plan.sign

    def in_percent(signed: float) -> float | None:
        return 100.0 * turn * math.expm1(turn * signed) if turn * signed < LARGEST_LOG else None

    return in_percent


def _unit(answer: Specified, plan: AnalysisPlan) -> str:
    if answer.scale == "difference":
        return answer.unit
    if answer.scale == "log_ratio" and plan.kind == "duration":
        return "speed_percent" if plan.sign < 0 else "time_percent"
    return {"log_rate_ratio": "rate_percent", "log_odds_ratio": "odds_percent"}.get(answer.scale, "percent")


def _line(row: Row, language: Language) -> str:
    answer, ends = row.answer, row.ends
    suffix: str = getattr(LABELS[f"sensitivity_unit_{row.unit}"], language)
    digits = decimals(ends)
    if ends.low is None and ends.high is None:
        between: str = getattr(NO_LIMITS, language)
    else:
        between = interval(ends.low, ends.high, digits, language, sign=True)
    told_change = "" if row.change is None else number(row.change, digits, language, sign=True)
    cells = [
        getattr(label_of(answer.code, answer.values), language),
        f"{told_change} {suffix} ({between})",
        pvalue_text(answer.pvalue, language),
        f"{number(answer.branches, 0, language)}, {number(answer.rows, 0, language)}",
        getattr(LABELS[f"verdict_{row.verdict}"], language),
    ]
    return " | ".join(cells)


def _joint(joint: JointTest | NotEstimable | None) -> dict[str, Any] | None:
    if joint is None:
        return None
    if isinstance(joint, NotEstimable):
        return {"not_estimable": not_estimable(joint)}
    return {
        "specifications": list(joint.specifications),
        "draws": joint.draws,
        "median_statistic": joint.median,
        "median_pvalue": joint.median_pvalue,
        "significant": joint.significant,
        "significant_pvalue": joint.significant_pvalue,
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _left_out(name: str, answer: Specified) -> dict[str, Any]:
    return {
        "without": name,
        "estimate": answer.estimate,
        "confidence_interval": [answer.interval.low, answer.interval.high],
        "pvalue": answer.pvalue,
    }
