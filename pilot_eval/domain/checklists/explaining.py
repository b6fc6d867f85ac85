"""A score taken apart: what each question, section and rule did to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pilot_eval.domain.checklists.answers import shown
from pilot_eval.domain.checklists.model import NOT_APPLICABLE, Answer, Answers, Checklist, Item, Section
from pilot_eval.domain.checklists.scoring import Score, SectionScore, score


@dataclass(frozen=True, slots=True)
class QuestionStep:
    """What one question did.

    Parameters
    ----------
    item : Item
    answer : str, int or None
    state : str
        `counted`; or why it counts nowhere: `na`, `unanswered`, `not_asked`, `unscored`.
    earned, possible : Fraction, int
        Points; both 0 unless counted.
    failed : bool
        A critical question that was failed.
    """

    item: Item
    answer: Answer | None
    state: str
    earned: Fraction
    possible: int
    failed: bool


@dataclass(frozen=True, slots=True)
class SectionStep:
    """What one section did.

    Parameters
    ----------
    section : Section
    result : SectionScore
    questions : tuple of QuestionStep
        Every question of the section, in order.
    share : Fraction
        The section's part of the total, 0 to 1: its weight among those of the sections that apply.
    points : Fraction or None
        What it brings to the total; None where it does not count, or nothing of it was answered.
    zeroed : bool
        Its percentage was set to zero because a critical question of it was failed.
    """

    section: Section
    result: SectionScore
    questions: tuple[QuestionStep, ...]
    share: Fraction
    points: Fraction | None
    zeroed: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a visit came to its score, or why it has none."""

    checklist: Checklist
    score: Score
    sections: tuple[SectionStep, ...]

    @property
    def knocked_out(self) -> bool:
        """Whether a failed critical question changed the score."""
        return self.score.total != self.score.before_knockout

    @property
    def failed(self) -> tuple[Item, ...]:
        """The critical questions that were failed."""
        return tuple(self.checklist.items[code] for code in self.score.critical_fails)

    @property
    def left_open(self) -> tuple[SectionStep, ...]:
        """Sections that apply but of which no question was answered."""
        return tuple(step for step in self.sections if step.result.counts and not step.result.answered)


def explain(checklist: Checklist, answers: Answers, computed: Mapping[str, str] | None = None) -> Explanation:
    """Every step from a visit's answers to its score; the numbers are those of `score`.

    Parameters
    ----------
    answers : mapping of str to str or int
        Normalised answers by question code.
    computed : mapping of str to str, optional
        Answers that were worked out from the visit's timing.

    Raises
    ------
    ValueError
        As `score`.
    """
    given = {**answers, **(computed or {})}
    result = score(checklist, given)
    asked = {item.code for item in shown(checklist, given)}
    weights = sum(section.weight for section in result.sections if section.counts)
    return Explanation(
        checklist,
        result,
        tuple(
            _section_step(section, part, given, asked, checklist.knockout, weights)
            for section, part in zip(checklist.sections, result.sections, strict=True)
        ),
    )


def _section_step(
    section: Section, result: SectionScore, answers: Answers, asked: set[str], knockout: str, weights: int
) -> SectionStep:
    share = Fraction(result.weight, weights) if result.counts else Fraction(0)
    return SectionStep(
        section=section,
        result=result,
        questions=tuple(_question_step(item, answers.get(item.code), asked) for item in section.items),
        share=share,
        points=share * result.percent if result.counts and result.percent is not None else None,
        zeroed=knockout == "zero_section" and bool(result.critical_fails) and result.earned > 0,
    )


def _question_step(item: Item, answer: Answer | None, asked: set[str]) -> QuestionStep:
    state = _state(item, answer, asked)
    counted = state == "counted"
    return QuestionStep(
        item=item,
        answer=answer if item.code in asked else None,
        state=state,
        earned=item.weight * item.shares[str(answer)] if counted else Fraction(0),
        possible=item.weight if counted else 0,
        failed=item.code in asked and item.fails(answer),
    )


def _state(item: Item, answer: Answer | None, asked: set[str]) -> str:
    if item.code not in asked:
        return "not_asked"
    if not item.scored:
        return "unscored"
    if answer == NOT_APPLICABLE and item.na:
        return "na"
    return "unanswered" if answer is None else "counted"
