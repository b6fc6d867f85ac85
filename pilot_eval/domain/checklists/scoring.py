"""From answers to a score, each step kept so that a page can explain it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from pilot_eval.domain.checklists.answers import critical_fails, shown
from pilot_eval.domain.checklists.model import NOT_APPLICABLE, Answers, Checklist, Grade, Section


@dataclass(frozen=True, slots=True)
class SectionScore:
    """One section's step towards the total.

    Parameters
    ----------
    code : str
    weight : int
        The section's fixed weight.
    applicable, answered : int
        Scored questions that apply (N/A and not-asked ones apart), and how many of them have an answer.
    earned, possible : Fraction, int
        Points earned and points possible over the answered questions that apply.
    percent : Fraction or None
        100 x earned / possible, after `zero_section`; None without an answered question.
    critical_fails : tuple of str
        Codes of the critical questions that were failed.
    """

    code: str
    weight: int
    applicable: int
    answered: int
    earned: Fraction
    possible: int
    percent: Fraction | None
    critical_fails: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether the section's weight counts: it does unless every question of it is N/A."""
        return self.weight > 0 and self.applicable > 0


@dataclass(frozen=True, slots=True)
class Score:
    """A visit's score with every step, so that a page can explain it.

    Parameters
    ----------
    total : Fraction or None
        Points from 0 to 100 after knock-out; None when there is no score.
    reason : str
        `too_few_answered`, `section_unanswered` or `nothing_applies` when there is no score, else empty.
    before_knockout : Fraction or None
        The weighted total before a failed critical question did anything to it.
    pooled : Fraction or None
        100 x earned / possible over all questions, whatever their section: a cross-check, never knocked out.
    applicable, answered : int
        Scored questions that apply, and how many of them have an answer.
    grade : Grade or None
    """

    sections: tuple[SectionScore, ...]
    total: Fraction | None
    reason: str
    before_knockout: Fraction | None
    pooled: Fraction | None
    applicable: int
    answered: int
    critical_fails: tuple[str, ...]
    grade: Grade | None

    @property
    def hundredths(self) -> int | None:
        """The stored score: whole hundredths of a point, half to even (83.335 points are 8334)."""
        return to_hundredths(self.total)


def to_hundredths(points: Fraction | None) -> int | None:
    """Whole hundredths of a point, half to even."""
    return None if points is None else round(points * 100)


def earned_shares(checklist: Checklist) -> dict[str, dict[str, float]]:
    """What each answer to a scored question earns, as a share of its weight, by question.

    An answer that is not there earns nothing and costs nothing: the question did not apply or was left open.
    """
    return {
        code: {answer: float(share) for answer, share in item.shares.items()}
        for code, item in checklist.items.items()
        if item.scored
    }


def score(checklist: Checklist, answers: Answers) -> Score:
    """Score a visit's answers.

    A section's percentage is earned / possible over its answered questions that apply. The total weights the
    sections by their fixed weights, renormalised only when a section is N/A as a whole. A visit with less
    than the checklist's share of applicable questions answered (80 % by default), or with a whole section
    that applies but was left unanswered, has no score.

    Raises
    ------
    ValueError
        If an answer is none of those that the question offers: check first, then score.
    """
    asked = {item.code for item in shown(checklist, answers)}
    sections = tuple(
        _section_score(section, answers, asked, checklist.knockout) for section in checklist.sections
    )
    applicable = sum(section.applicable for section in sections)
    answered = sum(section.answered for section in sections)
    possible = sum(section.possible for section in sections)
    reason = _no_score_reason(checklist, sections, applicable, answered)
    fails = critical_fails(checklist, answers)
    weighted = None if reason else _weighted(sections)
    total = None if weighted is None else _after_knockout(weighted, checklist.knockout, bool(fails))
    before = weighted
    if fails and weighted is not None:
        before = _weighted(tuple(_section_score(s, answers, asked, "flag") for s in checklist.sections))
    return Score(
        sections=sections,
        total=total,
        reason=reason,
        before_knockout=before,
        pooled=100 * _sum((1, s.earned) for s in sections) / possible if possible else None,
        applicable=applicable,
        answered=answered,
        critical_fails=fails,
        grade=None
        if total is None
        else next((grade for grade in checklist.grades if total >= grade.low), None),
    )


def _section_score(section: Section, answers: Answers, asked: set[str], knockout: str) -> SectionScore:
    possible, applicable, answered = 0, 0, 0
    earning: list[tuple[int, Fraction]] = []
    fails = []
    for item in (item for item in section.items if item.code in asked):
        answer = answers.get(item.code)
        if item.fails(answer):
            fails.append(item.code)
        if not item.scored or (answer == NOT_APPLICABLE and item.na):
            continue
        applicable += 1
        if answer is None:
            continue
        if not isinstance(answer, str) or answer not in item.shares:
            raise ValueError(f"{item.code}: {answer!r} is not an answer to a {item.type} question")
        answered += 1
        possible += item.weight
        earning.append((item.weight, item.shares[answer]))
    earned = _sum(earning)
    percent = 100 * earned / possible if possible else None
    if knockout == "zero_section" and fails and percent is not None:
        percent = Fraction(0)
    return SectionScore(
        section.code, section.weight, applicable, answered, earned, possible, percent, tuple(fails)
    )


def _no_score_reason(
    checklist: Checklist, sections: tuple[SectionScore, ...], applicable: int, answered: int
) -> str:
    if not applicable:
        return "nothing_applies"
    if answered * 100 < checklist.min_answered_percent * applicable:
        return "too_few_answered"
    if any(section.counts and not section.answered for section in sections):
        return "section_unanswered"
    return ""


def _weighted(sections: tuple[SectionScore, ...]) -> Fraction:
    counting = [(section.weight, section.percent) for section in sections if section.counts]
    total = _sum((weight, percent) for weight, percent in counting if percent is not None)
    return total / sum(weight for weight, _ in counting)


def _sum(weighted: Iterable[tuple[int, Fraction]]) -> Fraction:
    """Exact sum of weights times shares, in whole numbers: sums of fractions take far longer."""
    top, bottom = 0, 1
    for weight, share in weighted:
        top = top * share.denominator + weight * share.numerator * bottom
        bottom *= share.denominator
    return Fraction(top, bottom)


def _after_knockout(total: Fraction, knockout: str, failed: bool) -> Fraction:
    if failed and knockout == "zero_total":
        return Fraction(0)
    if failed and knockout == "cap_50":
        return min(total, Fraction(50))
    return total
