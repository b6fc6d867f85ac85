"""The kinds of checklist questions: a plain table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class QuestionType:
    """A kind of question.

    Parameters
    ----------
    code : str
        Its name in a checklist.
    shares : mapping of str to Fraction
        The answers it offers and the share of the weight that each earns; empty where none are offered.
    asked : bool
        False where the answer is worked out, never given.
    """

    code: str
    shares: Mapping[str, Fraction] = field(default_factory=dict)
    asked: bool = True


def registry(types: Iterable[QuestionType]) -> dict[str, QuestionType]:
    """Question types by code.

    Raises
    ------
    ValueError
        If two types have the same code.
    """
    types = tuple(types)
    twice = [code for code, n in Counter(kind.code for kind in types).items() if n > 1]
    if twice:
        raise ValueError(f"question types registered twice: {', '.join(twice)}")
    return {kind.code: kind for kind in types}


QUESTION_TYPES = registry(
    (
        QuestionType("yesno", {"yes": Fraction(1), "no": Fraction(0)}),
        QuestionType("scale3", {"full": Fraction(1), "partial": Fraction(1, 2), "none": Fraction(0)}),
        QuestionType("scale5", {str(step): Fraction(step - 1, 4) for step in range(1, 6)}),
        QuestionType("choice"),
        QuestionType("number"),
        QuestionType("text"),
        QuestionType("computed", asked=False),
    )
)
UNSCORED_TYPES = ("number", "text", "computed")
