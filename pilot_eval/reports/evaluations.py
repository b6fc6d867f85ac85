"""The evaluation document `pilot-eval/evaluation/1`: numbers, verdict and sentences of one outcome."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pilot_eval.reports import wording
from pilot_eval.reports.labels import label
from pilot_eval.reports.numbers import Language, interval, language_of, number, percent, pvalue_text
from pilot_eval.reports.parts import FIELDS, Part
from pilot_eval.reports.sentences import Sentence
from pilot_eval.reports.verdicts import Verdict, decimals, level_text, unit_of, verdict_of
from pilot_eval.reports.words import LABELS, TEXT_UNITS
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.inversion import TestOfEffect
from pilot_eval.stats.looks import looks_of
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import Caution, ConfidenceInterval, Estimate, NotEstimable

SCHEMA = "pilot-eval/evaluation/1"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An analysis with what it means.

    Parameters
    ----------
    analysis : the numbers
    verdict : what they mean, in both languages
    unit : of the effect
    parts : what was asked for beside the effect, by name
    """

    analysis: Analysis
    verdict: Verdict
    unit: str
    parts: Mapping[str, Part] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        analysis: Analysis,
        blocking: Sentence | None = None,
        unit: str = "",
        parts: Mapping[str, Part] | None = None,
    ) -> Evaluation:
        """Judge an analysis.

        Parameters
        ----------
        analysis : from `pilot_eval.stats.analysis.analyse`
        blocking : why the data must not be compared yet, as a clause, where something forbids it
        unit : what a score is counted in, where that is not points
        parts : what was asked for beside the effect, by name
        """
        return cls(analysis, verdict_of(analysis, blocking, unit), unit_of(analysis, unit), parts or {})

    def to_dict(self) -> dict[str, Any]:
        """The document: plain types only, None where a number does not exist."""
        plan, flow = self.analysis.plan, self.analysis.flow
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "design": plan.design,
            "outcome": plan.outcome,
            "kind": plan.kind,
            "better": plan.direction.value,
            "weights": plan.weights,
            "level": plan.level,
            "seed": plan.seed,
            "draws": plan.draws,
            **_looks(plan),
            "input": {
                "rows": flow.rows,
                "rows_used": flow.rows_used,
                "rows_during": flow.during,
                "missing": dict(flow.missing),
                "sha256": flow.digest,
            },
            "branches": {
                "trained": flow.trained,
                "comparison": flow.comparison,
                "unpaired": {
                    "trained": len(flow.unpaired_trained),
                    "comparison": len(flow.unpaired_comparison),
                },
                "unpaired_names": {
                    "trained": list(flow.unpaired_trained),
                    "comparison": list(flow.unpaired_comparison),
                },
            },
            "means": self._means(),
            "effect": self._effect(),
            "uplift": self._uplift(),
        }
        if plan.kind == "duration":
            document["speed"] = self._speed()
        if isinstance(self.analysis.effect, NotEstimable):
            document["not_estimable"] = not_estimable(self.analysis.effect)
        document |= {
            "robustness": [_test(test) for test in self.analysis.robustness],
            "agreement": self.analysis.agreement,
            "warnings": warnings(self.analysis.cautions),
            "smallest_effect": plan.smallest_effect,
            "verdict": {
                "key": self.verdict.key,
                **self.verdict.headline.to_dict(),
                "sentences": [sentence.to_dict() for sentence in self.verdict.sentences],
            },
        }
        parts = {FIELDS.get(name, name): part.to_dict() for name, part in self.parts.items()}
        return document | dict(self.analysis.extra) | parts

    def to_text(self, language: str = "en") -> str:
        """A short report to read, the verdict first."""
        return _Text(self, language_of(language)).written()

    def _means(self) -> dict[str, dict[str, float] | None]:
        means = self.analysis.means

        def row(arm: int) -> dict[str, float] | None:
            if means is None or math.isnan(means[arm, 0]):
                return None
            return {"before": float(means[arm, 0]), "after": float(means[arm, 1])}

        return {"trained": row(1), "comparison": row(0)}

    def _effect(self) -> dict[str, Any] | None:
        effect = self.analysis.effect
        if isinstance(effect, NotEstimable) or self.analysis.interval is None:
            return None
        return {
            "scale": self.analysis.measure.scale,
            "unit": self.unit,
            "estimate": effect.estimate,
            "standard_error": effect.standard_error,
            "statistic": effect.statistic,
            "df": effect.df if math.isfinite(effect.df) else None,
            "confidence_interval": _ends(self.analysis.interval),
            "pvalue": effect.pvalue,
            "method": effect.method,
        }

    def _uplift(self) -> dict[str, Any] | None:
        uplift = self.analysis.uplift
        if uplift is None:
            return None
        return {
            "estimate": uplift.estimate,
            "confidence_interval": _ends(uplift.interval),
            "bounded": uplift.interval.bounded,
            "method": uplift.method,
        }

    def _speed(self) -> dict[str, Any] | None:
        speed = self.analysis.speed
        if speed is None:
            return None
        return {
            "time_percent": speed.time_percent,
            "speed_percent": speed.speed_percent,
            "confidence_interval_speed_percent": _ends(speed.interval),
        }


def _looks(plan: AnalysisPlan) -> dict[str, Any]:
    """The looks of the plan and which of them this is; nothing where it plans none."""
    if plan.look is None or plan.level_of_looks is None:
        return {}
    looks = looks_of(plan.looks, plan.level_of_looks)
    return {
        "looks": {
            "look": plan.look,
            "fractions": list(looks.fractions),
            "level": looks.level,
            "interval_level": plan.level,
            "alphas": list(looks.alphas),
            "spent": list(looks.spent),
            "quantiles": [z if math.isfinite(z) else None for z in looks.quantiles],
            "method": "lan_demets",
        }
    }


def _ends(ends: ConfidenceInterval) -> list[float | None]:
    return [ends.low, ends.high]


def not_estimable(reason: NotEstimable) -> dict[str, Any]:
    """Why there is no number, as a field of the document."""
    return {
        "code": reason.code,
        "values": dict(reason.values),
        "text": wording.reason(reason.code, reason.values).to_dict(),
    }


def warnings(cautions: Iterable[Caution]) -> list[dict[str, str]]:
    """What to know beside a number, as a field of the document."""
    told = [(caution.code, wording.warning(caution.code, caution.values)) for caution in cautions]
    return [{"code": code, "text": sentence.en, "ru": sentence.ru} for code, sentence in told]


def _test(test: TestOfEffect) -> dict[str, Any]:
    weights = {} if test.weights is None else {"weights": test.weights}
    estimate = {} if test.estimate is None else {"estimate": test.estimate}
    return {
        "method": test.method,
        **weights,
        **estimate,
        "draws": test.draws,
        "enumerated": test.enumerated,
        "statistic": test.statistic,
        "pvalue": test.pvalue,
        "confidence_interval": _ends(test.interval),
        "bounded": test.interval.bounded,
    }


class _Text:
    """Writes an evaluation as lines of text in one language."""

    def __init__(self, evaluation: Evaluation, language: Language) -> None:
        self.evaluation = evaluation
        self.analysis = evaluation.analysis
        self.language = language

    def written(self) -> str:
        verdict = self.evaluation.verdict
        blocks = [
            [self._say(sentence) for sentence in (verdict.headline, *verdict.sentences)],
            self._numbers(),
            [self._say(wording.warning(c.code, c.values)) for c in self.analysis.cautions],
            *(part.lines(self.language) for part in self.evaluation.parts.values()),
        ]
        return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"

    def _say(self, sentence: Sentence) -> str:
        text: str = getattr(sentence, self.language)
        return text if text.endswith((".", "!", "?")) else text + "."

    def _label(self, key: str) -> str:
        text: str = getattr(LABELS[key], self.language)
        return text

    def _numbers(self) -> list[str]:
        plan, flow, effect = self.analysis.plan, self.analysis.flow, self.analysis.effect
        counts = self._label("counts").format(
            trained=number(flow.trained, 0, self.language),
            comparison=number(flow.comparison, 0, self.language),
            used=number(flow.rows_used, 0, self.language),
            rows=number(flow.rows, 0, self.language),
        )
        kinds = ", ".join(label(code, self.language) for code in (plan.kind, plan.design))
        lines = [(self._label("outcome"), f"{plan.outcome} ({kinds})")]
        lines.append((self._label("data"), counts))
        lines += self._adjusted()
        if isinstance(effect, NotEstimable):
            lines.append((self._label("effect"), self._say(wording.reason(effect.code, effect.values))))
        lines += self._means() + self._exposed()
        if not isinstance(effect, NotEstimable):
            lines += self._effect(effect)
        lines += self._relative()
        lines += [self._test(test) for test in self.analysis.robustness]
        lines += [self._beside(estimate) for estimate in self.analysis.beside]
        lines += self._abandonment() + self._lognormal()
        width = max(len(label) for label, _ in lines)
        return [f"{label:<{width}}  {text}" for label, text in lines]

    def _adjusted(self) -> list[tuple[str, str]]:
        before = [self._label("level_before")] if self.analysis.plan.estimator == "ancova" else []
        named = [*before, *self.analysis.extra.get("covariates", ())]
        return [(self._label("adjusted"), ", ".join(named))] if named else []

    def _means(self) -> list[tuple[str, str]]:
        means = self.analysis.means
        if means is None:
            return []
        per = float(self.analysis.extra.get("rates_per", 1.0))
        unit = f" {self._label('per').format(per=number(per, 0, self.language))}" if per > 1.0 else ""
        in_series = self.analysis.plan.design == "interrupted_time_series"
        return [
            (self._label(arm), f"{self._mean(per * row[0])} → {self._mean(per * row[1])}{unit}")
            for arm, row in (("expected" if in_series else "trained", means[1]), ("comparison", means[0]))
            if not math.isnan(row[0])
        ]

    def _pvalue(self, pvalue: float) -> str:
        text = pvalue_text(pvalue, self.language)
        return f"p {text}"

    def _exposed(self) -> list[tuple[str, str]]:
        """Mean of the trained cells of a wedge, as expected without training and as seen."""
        told = self.analysis.extra.get("exposed_cells")
        if told is None:
            return []
        text = f"{self._mean(told['expected_without_training'])} → {self._mean(told['observed'])}"
        return [(self._label("exposed_cells"), text)]

    def _beside(self, estimate: Estimate) -> tuple[str, str]:
        ends = estimate.confidence_interval(self.analysis.plan.level)
        digits = max(2, decimals(ends) + 1)
        between = interval(ends.low, ends.high, digits, self.language, sign=True)
        text = f"{number(estimate.estimate, digits, self.language, sign=True)} ({between})"
        return self._label(estimate.method), f"{text}, {self._pvalue(estimate.pvalue)}"

    def _abandonment(self) -> list[tuple[str, str]]:
        """Share of waits given up, where some could be."""
        told = self.analysis.extra.get("abandonment")
        if told is None:
            return []
        lines = [
            (
                self._label("abandonment") if first else "",
                f"{percent(row['before'], 1, self.language)} → {percent(row['after'], 1, self.language)} "
                f"({self._label(arm)})",
            )
            for first, (arm, row) in zip((True, False), told["means"].items(), strict=False)
        ]
        if told["effect"] is not None:
            lines.append(("", self._in_words(told["effect"], "percentage_points")))
        if told["rows"]:
            lines += [
                (self._label(case), self._in_words(effect, "seconds"))
                for case, effect in self.analysis.extra["giving_up"].items()
                if effect is not None
            ]
        return lines

    def _in_words(self, effect: Mapping[str, Any], unit: str) -> str:
        """An effect of the document with its interval and p-value."""
        low, high = effect["confidence_interval"]
        return (
            f"{number(effect['estimate'], 1, self.language, sign=True)} "
            f"{getattr(TEXT_UNITS[unit], self.language)} "
            f"({interval(low, high, 1, self.language, sign=True)}), {self._pvalue(effect['pvalue'])}"
        )

    def _lognormal(self) -> list[tuple[str, str]]:
        """The speed by the lognormal model, beside the mean of waits that were given up."""
        told = self.analysis.extra.get("lognormal_aft")
        if told is None:
            return []
        low, high = told["confidence_interval_speed_percent"]
        if told["speed_percent"] is None:
            return []
        speed = self._percent(told["speed_percent"], ConfidenceInterval(low, high))
        return [(self._label("lognormal_aft"), f"{speed}, {self._pvalue(told['pvalue'])}")]

    def _mean(self, value: float) -> str:
        return number(value, 2, self.language)

    def _effect(self, effect: Estimate) -> list[tuple[str, str]]:
        ends = effect.confidence_interval(self.analysis.plan.level)
        digits = max(2, decimals(ends) + 1)
        level = level_text(self.analysis.plan.level, self.language)
        named = TEXT_UNITS.get(self.evaluation.unit)
        unit = getattr(named, self.language) if named else self.evaluation.unit
        estimate = number(effect.estimate, digits, self.language, sign=True)
        between = interval(ends.low, ends.high, digits, self.language, sign=True)
        test = (
            f"{self._label(effect.method)}: SE {number(effect.standard_error, 4, self.language)}, "
            + (f"df {number(effect.df, 1, self.language)}, " if math.isfinite(effect.df) else "")
            + f"{self._pvalue(effect.pvalue)}"
        )
        lines = [(self._label("effect"), f"{estimate} {unit} ({level}: {between})"), ("", test)]
        spread = self.analysis.extra.get("dispersion")
        if spread is not None:
            lines.append((self._label("dispersion"), number(spread, 2, self.language)))
        return lines

    def _relative(self) -> list[tuple[str, str]]:
        uplift, speed = self.analysis.uplift, self.analysis.speed
        if uplift is None or uplift.estimate is None:
            return []
        lines = [(self._label("uplift"), self._percent(uplift.estimate, uplift.interval))]
        if speed is not None:
            lines.append((self._label("time"), percent(speed.time_percent, 1, self.language, sign=True)))
        return lines

    def _percent(self, estimate: float, ends: ConfidenceInterval) -> str:
        text = percent(estimate, 1, self.language, sign=True)
        if ends.low is None and ends.high is None:
            return f"{text} ({getattr(wording.NO_LIMITS, self.language)})"
        return f"{text} ({interval(ends.low, ends.high, 1, self.language, sign=True, unit='percent')})"

    def _test(self, test: TestOfEffect) -> tuple[str, str]:
        ends = test.interval
        scale = (
            getattr(wording.NO_LIMITS, self.language)
            if ends.low is None and ends.high is None
            else interval(ends.low, ends.high, max(2, decimals(ends) + 1), self.language, sign=True)
        )
        return self._label(test.method), f"{self._pvalue(test.pvalue)} ({scale})"
