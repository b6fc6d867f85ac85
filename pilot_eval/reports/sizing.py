"""The document `pilot-eval/plan/1`: what a pilot of given size can find, in numbers and words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pilot_eval.domain.observations import Observations
from pilot_eval.domain.outcomes import OUTCOMES, Better
from pilot_eval.reports import wording
from pilot_eval.reports.evaluations import not_estimable, warnings
from pilot_eval.reports.numbers import Language, counted, language_of, number, percent
from pilot_eval.reports.sentences import Sentence, told
from pilot_eval.reports.verdicts import level_text
from pilot_eval.reports.words import LABELS, planning
from pilot_eval.reports.words.counted import BRANCHES
from pilot_eval.stats.power import Study
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.sizing import Sizing
from pilot_eval.stats.variance_components import Component, VarianceComponents

SCHEMA = "pilot-eval/plan/1"
CURVE_SHOWN = 2  # each other point of the curve stands in the text


@dataclass(frozen=True, slots=True)
class Source:
    """What was looked at: the outcome's column with its rows and digest, or nothing but assumptions."""

    outcome: str | None = None
    rows: int | None = None
    digest: str | None = None

    @classmethod
    def of(cls, outcome: str | None, observations: Observations | None) -> Source:
        if observations is None:
            return cls()
        return cls(outcome, observations.rows, observations.digest)

    def to_dict(self) -> dict[str, Any]:
        if self.rows is None:
            return {"from": "assumptions"}
        return {"from": "data", "outcome": self.outcome, "rows": self.rows, "sha256": self.digest}


@dataclass(frozen=True, slots=True)
class SizePlan:
    """The size of a pilot to come, or why it cannot be planned.

    Parameters
    ----------
    kind, design : of the outcome and of the pilot
    source : what the plan rests on
    sizing : the numbers
    """

    kind: str
    design: str
    source: Source
    sizing: Sizing | NotEstimable

    def to_dict(self) -> dict[str, Any]:
        """The document: plain types only, None where a number does not exist."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": self.kind,
            "design": self.design,
            "source": self.source.to_dict(),
        }
        if isinstance(self.sizing, NotEstimable):
            return document | {"not_estimable": not_estimable(self.sizing)}
        return (
            document
            | _numbers(self.sizing)
            | {
                "warnings": warnings(self.sizing.cautions),
                "sentences": [sentence.to_dict() for sentence in _sentences(self.sizing)],
            }
        )

    def to_text(self, language: str = "en") -> str:
        """A short report to read, the answer first."""
        tongue = language_of(language)
        if isinstance(self.sizing, NotEstimable):
            return f"{why_not(self.sizing, tongue)}\n"
        sizing = self.sizing
        blocks = [
            [getattr(sentence, tongue) for sentence in _sentences(sizing)],
            _size_lines(sizing, tongue),
            _curve_lines(sizing, tongue),
            _spread_lines(sizing, tongue),
            [getattr(wording.warning(c.code, c.values), tongue) for c in sizing.cautions],
        ]
        return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def unit_of(sizing: Sizing) -> str:
    """What effects are told in, always towards the better."""
    question = sizing.question
    unit = OUTCOMES[question.kind].smallest_effect_unit
    if question.kind == "duration":
        return "speed_percent" if question.better is Better.LOWER else "time_percent"
    if question.kind == "rate":
        return "fall_percent" if question.better is Better.LOWER else "rise_percent"
    return unit


def _numbers(sizing: Sizing) -> dict[str, Any]:
    question, precision = sizing.question, sizing.precision
    ends = sizing.interval
    return {
        "better": question.better.value,
        "estimator": question.estimator,
        "level": question.level,
        "level_of_each": question.last_level,
        "primary": question.primary,
        "looks": list(question.looks),
        "power": question.power,
        "unit": unit_of(sizing),
        "study": _study(question.study),
        "spread": _spread(sizing),
        "components": None if sizing.known.components is None else _components(sizing.known.components),
        "detectable": {
            **_effect(sizing, sizing.detectable),
            "interval": None if ends is None else [_told(sizing, end) for end in (ends.low, ends.high)],
            "standard_error": precision.standard_error,
            "df": precision.df,
        },
        "table": [{**_study(size.study), **_effect(sizing, size.effect)} for size in sizing.sizes],
        "curve": {
            "effect": [sizing.told(effect) for effect in sizing.effects.tolist()],
            "power": sizing.powers.tolist(),
        },
        "smallest_effect": question.smallest_effect,
        "power_at_smallest_effect": sizing.smallest_power,
        "required": None
        if question.smallest_effect is None
        else {
            "branches": None if sizing.branches is None else _study(sizing.branches),
            "visits": sizing.visits,
        },
    }


def _told(sizing: Sizing, effect: float | None) -> float | None:
    return None if effect is None else sizing.told(effect)


def _study(study: Study) -> dict[str, Any]:
    steps = {"steps": study.steps} if study.steps else {}
    return {"trained": study.trained, "comparison": study.comparison, "visits": study.visits, **steps}


def _effect(sizing: Sizing, effect: float) -> dict[str, Any]:
    return {
        "effect": sizing.told(effect),
        "effect_on_scale": effect,
        "percent": sizing.percent(effect),
    }


def _spread(sizing: Sizing) -> dict[str, Any]:
    spread = sizing.known.spread
    between = spread.branch + spread.branch_period
    total = between + spread.visit
    single = sizing.known.of_single_visits
    return {
        "scale": OUTCOMES[sizing.question.kind].values,
        "mean_before": sizing.known.before,
        "branch_sd": math.sqrt(spread.branch),
        "branch_period_sd": math.sqrt(spread.branch_period),
        "visit_sd": None if single else math.sqrt(spread.visit),
        "effect_sd": math.sqrt(spread.effect),
        "icc": None if single or spread.pooled or total <= 0.0 else between / total,
        "correlation": spread.branch / between if between > 0.0 else None,
        "unevenness": spread.unevenness,
    }


def _components(found: VarianceComponents) -> dict[str, Any]:
    return {
        "branches": found.branches,
        "branch": _component(found.branch),
        "branch_period": _component(found.branch_period),
        "visit": None if found.visit is None else _component(found.visit),
        "change_variance": found.change_variance,
        "df": found.change_df,
        "visits": {"mean": found.size, "cv": found.size_cv},
        "observed_correlation": found.observed_correlation,
    }


def _component(component: Component) -> dict[str, float]:
    return {"variance": component.variance, "raw": component.raw}


def _sentences(sizing: Sizing) -> list[Sentence]:
    question, found = sizing.question, sizing.known.components
    source = planning.FROM_ASSUMPTIONS
    if found is not None:
        source = planning.FROM_DATA.filled(branches=wording.counted_in(BRANCHES, found.branches))
    power = told(lambda language: percent(100.0 * question.power, 0, language))
    said = [
        planning.DETECTABLE.filled(
            source=source,
            study=_study_sentence(sizing, question.study),
            effect=effect_sentence(sizing, sizing.detectable),
            power=power,
        )
    ]
    relative = sizing.percent(sizing.detectable)
    if relative is not None and OUTCOMES[question.kind].scale == "difference":
        said.append(planning.RELATIVE.filled(percent=told(lambda language: percent(relative, 1, language))))
    if question.last_level != question.level:
        said.append(_several(sizing))
    ends = sizing.interval
    if ends is not None and ends.low is not None and ends.high is not None:
        low, high = (effect_sentence(sizing, end) for end in (ends.low, ends.high))
        level = told(lambda language: level_text(question.level, language))
        said.append(planning.RANGE.filled(low=low, high=high, level=level))
    return [*said, *_of_smallest(sizing, power)]


def _several(sizing: Sizing) -> Sentence:
    question = sizing.question
    return planning.SEVERAL.filled(
        level=told(lambda language: level_text(question.last_level, language)),
        primary=told(lambda language: number(question.primary, 0, language)),
        looks=told(lambda language: number(max(1, len(question.looks)), 0, language)),
    )


def _of_smallest(sizing: Sizing, power: Sentence) -> list[Sentence]:
    question = sizing.question
    smallest, chance, visits = question.smallest_effect, sizing.smallest_power, sizing.visits
    if smallest is None or chance is None:
        return []
    said = [
        planning.SMALLEST.filled(
            effect=_told_sentence(sizing, smallest),
            chance=told(lambda language: _chance(chance, language)),
        )
    ]
    if sizing.branches is None:
        said.append(planning.NO_BRANCHES.filled(power=power))
    else:
        said.append(
            planning.BRANCHES_NEEDED.filled(power=power, study=_study_sentence(sizing, sizing.branches))
        )
    if visits is not None:
        said.append(planning.VISITS_NEEDED.filled(visits=_visits_sentence(sizing, float(visits))))
    elif not sizing.known.of_single_visits and chance < question.power:
        said.append(planning.NO_EXPOSURE if question.kind == "rate" else planning.NO_VISITS)
    return said


def _study_sentence(sizing: Sizing, study: Study) -> Sentence:
    name = "wedge" if study.steps else "both" if study.comparison else "alone"
    return planning.STUDY[name].filled(
        steps=told(lambda language: number(study.steps, 0, language)),
        trained=told(lambda language: number(study.trained, 0, language)),
        comparison=told(lambda language: number(study.comparison, 0, language)),
        visits=_visits_sentence(sizing, study.visits),
    )


def _visits_sentence(sizing: Sizing, visits: float) -> Sentence:
    if sizing.question.kind == "rate":
        return planning.EXPOSURE.filled(number=told(lambda language: _size(visits, language)))
    return told(
        lambda language: (
            counted(int(visits), planning.VISITS[language], language)
            if visits == int(visits)
            else f"{_size(visits, language)} {planning.VISITS[language]['other']}"
        )
    )


def _size(visits: float, language: Language) -> str:
    return number(visits, 0 if visits == int(visits) else 1, language)


def effect_sentence(sizing: Sizing, effect: float) -> Sentence:
    """An effect on the analysis scale, told in the unit of the plan."""
    return _told_sentence(sizing, sizing.told(effect))


def _told_sentence(sizing: Sizing, effect: float | None) -> Sentence:
    unit = unit_of(sizing)
    write = percent if unit.endswith("_percent") else number
    text = told(lambda language: write(effect, _digits(effect), language))
    return planning.UNITS_OF_SIZE[unit].filled(number=text)


def _digits(effect: float | None) -> int:
    """Decimals that show an effect to about three digits; at least one."""
    return (
        1 if effect is None or effect >= 1.0 or effect <= 0.0 else min(6, 2 - math.floor(math.log10(effect)))
    )


def _chance(probability: float, language: Language) -> str:
    """A probability in per cent; never certain."""
    return f">{percent(99, 0, language)}" if probability > 0.99 else percent(100.0 * probability, 0, language)


def why_not(found: NotEstimable, language: Language) -> str:
    """Why the size cannot be planned."""
    why = wording.reason(found.code, found.values)
    return str(getattr(LABELS["plan_none"].filled(reason=why), language))


def size_table(sizing: Sizing, language: Language) -> tuple[str, list[list[str]]]:
    """What each size of a pilot can find: a heading, then rows; the first one and first cells are names."""
    across = LABELS["plan_exposure" if sizing.question.kind == "rate" else "plan_visits"]
    head = LABELS["plan_sizes"].filled(unit=planning.HEADS[unit_of(sizing)], across=across)
    columns = sorted({size.study.visits for size in sizing.sizes})
    rows: dict[tuple[int, int], list[str]] = {}
    digits = _digits(sizing.told(min(size.effect for size in sizing.sizes)))
    for size in sizing.sizes:
        arms = (size.study.trained, size.study.comparison)
        beyond = ">" if size.effect > sizing.room else ""
        shown = beyond + number(sizing.told(min(size.effect, sizing.room)), digits, language)
        rows.setdefault(arms, []).append(shown)
    names = [
        f"{number(trained, 0, language)} + {number(comparison, 0, language)}"
        if comparison
        else number(trained, 0, language)
        for trained, comparison in rows
    ]
    table = [["", *(_size(visits, language) for visits in columns)]]
    table += [[name, *cells] for name, cells in zip(names, rows.values(), strict=True)]
    return getattr(head, language), table


def curve_table(sizing: Sizing, language: Language) -> tuple[str, list[tuple[str, str]]]:
    """Probability of finding an effect: a heading, then effect and probability."""
    head = LABELS["plan_curve"].filled(unit=planning.HEADS[unit_of(sizing)])
    effects = [sizing.told(effect) for effect in sizing.effects.tolist()]
    digits = _digits(effects[CURVE_SHOWN])
    rows = [
        (number(effect, digits, language), _chance(chance, language))
        for effect, chance in zip(effects, sizing.powers.tolist(), strict=True)
    ]
    return getattr(head, language), rows


def spread_lines(sizing: Sizing, language: Language) -> list[str]:
    """What the numbers rest on: how branches and visits vary."""
    return _spread_lines(sizing, language)


def warning_lines(sizing: Sizing, language: Language) -> list[str]:
    """What to know beside the numbers."""
    return [getattr(wording.warning(c.code, c.values), language) for c in sizing.cautions]


def sentences(sizing: Sizing) -> list[Sentence]:
    """The answer, in both languages."""
    return _sentences(sizing)


def _size_lines(sizing: Sizing, language: Language) -> list[str]:
    head, table = size_table(sizing, language)
    return [head, *_aligned(table)]


def _curve_lines(sizing: Sizing, language: Language) -> list[str]:
    head, rows = curve_table(sizing, language)
    return [head, *_aligned([list(column) for column in zip(*rows[::CURVE_SHOWN], strict=True)])]


def _spread_lines(sizing: Sizing, language: Language) -> list[str]:
    spread = _spread(sizing)

    def write(name: str) -> str:
        value = spread[name]
        return number(value, 2 if value is None or value == 0.0 else max(2, _digits(value)), language)

    scale: str = getattr(LABELS[f"plan_scale_{spread['scale']}"], language)
    deviations: str = getattr(LABELS["plan_spread"], language)
    correlations: str = getattr(LABELS["plan_correlations"], language)
    return [
        deviations.format(
            scale=scale,
            branch=write("branch_sd"),
            swing=write("branch_period_sd"),
            visit=write("visit_sd"),
            effect=write("effect_sd"),
        ),
        correlations.format(icc=write("icc"), correlation=write("correlation")),
    ]


def _aligned(table: list[list[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return [
        "  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in table
    ]
