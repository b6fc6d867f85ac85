"""What the columns of an imported file are taken to mean."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from pilot_eval.domain.errors import BadInput, Message, Problem
from pilot_eval.domain.outcomes import DESIGNS_WITH_DATES
from pilot_eval.operations.options import Options, plan_of
from pilot_eval.stats.plan import AnalysisPlan

KINDS_NOT_STORED = ("rate",)  # a rate needs its exposure, which no record keeps yet


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What the columns of the file mean, and how they are to be judged; as the options of `evaluate`.

    Parameters
    ----------
    title_en, title_ru, slug : str
        Of the pilot; the address is made from the title unless given.
    outcome : str
        Column of the outcome.
    label_en, label_ru, unit : str
        How the outcome is called and counted; column and the unit of its kind unless given.
    """

    title_en: str
    outcome: str
    title_ru: str = ""
    slug: str = ""
    kind: str = "score"
    design: str = "difference_in_differences"
    strata: str | None = None
    better: str | None = None
    smallest_effect: float | None = None
    weights: str = "branch"
    minimum_branches: int | None = None
    minimum_observations: int | None = None
    level: float = 0.95
    draws: int = 9999
    seed: int = 1
    label_en: str = ""
    label_ru: str = ""
    unit: str = ""
    made_up: bool = False

    def analysis(self) -> AnalysisPlan:
        """The plan of analysis.

        Raises
        ------
        BadInput
            If an option is unknown or out of its limits.
        """
        for option, value, later in (
            ("--kind", self.kind, KINDS_NOT_STORED),
            ("--design", self.design, DESIGNS_WITH_DATES),
        ):
            if value in later:
                what = Message(
                    "%(value)s cannot be stored; evaluate the file on the command line", value=value
                )
                raise BadInput([Problem(option, what)])
        names = {entry.name for entry in fields(Options)}
        return plan_of(Options(**{name: value for name, value in asdict(self).items() if name in names}))

    def meaning(self) -> dict[str, Any]:
        """What the file was taken to mean: all but what the pilot is called."""
        called = {"title_en", "title_ru", "slug", "label_en", "label_ru", "unit", "made_up"}
        return {name: value for name, value in asdict(self).items() if name not in called}
