"""What an evaluation tells on request beside the effect: one module per part, loaded when asked for.

A module has `part_of(observations, analysis) -> Part`; its name is the field of the document.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from pilot_eval.reports.numbers import Language

if TYPE_CHECKING:
    from pilot_eval.domain.observations import Observations
    from pilot_eval.stats.analysis import Analysis

# Name -> module.
PARTS: dict[str, str] = {
    "bootstrap": "pilot_eval.reports.parts.bootstrap",
    "items": "pilot_eval.reports.parts.items",
    "mix": "pilot_eval.reports.parts.mix",
    "quantiles": "pilot_eval.reports.parts.quantiles",
    "ranking": "pilot_eval.reports.parts.ranking",
    "reliability": "pilot_eval.reports.parts.reliability",
    "roll_out": "pilot_eval.reports.parts.roll_out",
    "sensitivity": "pilot_eval.reports.parts.sensitivity",
    "threats": "pilot_eval.reports.parts.threats",
    "variance": "pilot_eval.reports.parts.variance",
    "event_study": "pilot_eval.reports.parts.event_study",
}

# Field of the document, where it is not the part's name.
FIELDS: dict[str, str] = {"bootstrap": "uplift_bootstrap"}


class Part(Protocol):
    """One part: a field of the document, and lines of the text report with a heading first."""

    def to_dict(self) -> dict[str, Any]: ...
    def lines(self, language: Language) -> list[str]: ...


def part_of(name: str, observations: Observations, analysis: Analysis) -> Part:
    """Compute a part.

    Parameters
    ----------
    name : an entry of PARTS
    observations, analysis : what was analysed, and with which result
    """
    part: Part = import_module(PARTS[name]).part_of(observations, analysis)
    return part
