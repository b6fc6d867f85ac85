"""Checklists: the questions of a visit, how their answers are checked, and how they become a score.

Everything is exact: shares and percentages are fractions, and the score that is stored is a whole number of
hundredths of a point (half to even), so that sums of scores are the same everywhere.
"""

from pilot_eval.domain.checklists.answers import (
    OUTCOMES,
    answer_field,
    check_answers,
    comment_field,
    critical_fails,
    normalise_answers,
    shown,
    unanswered,
    unexpected,
)
from pilot_eval.domain.checklists.asking import questions
from pilot_eval.domain.checklists.explaining import Explanation, QuestionStep, SectionStep, explain
from pilot_eval.domain.checklists.model import (
    NOT_APPLICABLE,
    Answer,
    Answers,
    Checklist,
    Formula,
    Grade,
    Item,
    Option,
    Section,
    ShownIf,
)
from pilot_eval.domain.checklists.question_types import QUESTION_TYPES, QuestionType, registry
from pilot_eval.domain.checklists.reading import default_checklist, parse
from pilot_eval.domain.checklists.scoring import (
    Score,
    SectionScore,
    earned_shares,
    score,
    to_hundredths,
)

__all__ = [
    "NOT_APPLICABLE",
    "OUTCOMES",
    "QUESTION_TYPES",
    "Answer",
    "Answers",
    "Checklist",
    "Explanation",
    "Formula",
    "Grade",
    "Item",
    "Option",
    "QuestionStep",
    "QuestionType",
    "Score",
    "Section",
    "SectionScore",
    "SectionStep",
    "ShownIf",
    "answer_field",
    "check_answers",
    "comment_field",
    "critical_fails",
    "default_checklist",
    "earned_shares",
    "explain",
    "normalise_answers",
    "parse",
    "questions",
    "registry",
    "score",
    "shown",
    "to_hundredths",
    "unanswered",
    "unexpected",
]
