"""How sound the rows of a pilot are, before and beside any effect: nothing here looks at results after."""

from __future__ import annotations

import numpy as np

from pilot_eval.domain.observations import BEFORE, Observations
from pilot_eval.stats.analysis import Analysis
from pilot_eval.stats.baseline import standardised_difference
from pilot_eval.stats.cells import observed_cells
from pilot_eval.stats.flow import Flow
from pilot_eval.stats.plan import AnalysisPlan
from pilot_eval.stats.results import NotEstimable
from pilot_eval.stats.threats import ORDER, STANDARDISED, THREATS, Threat, severity_of

# Threats that speak of how rows were gathered, never of what they show.
OF_BOTH_PERIODS = ("mix_operation", "mix_daypart", "mix_weekday", "auditors")
OF_ANY_PERIOD = ("late_entries",)


def gathering(observations: Observations, plan: AnalysisPlan, *, both_periods: bool) -> tuple[Threat, ...]:
    """The threats of how rows were gathered.

    Parameters
    ----------
    observations : with what is known beside the value
    plan : of the outcome
    both_periods : whether the rows after training are in, to be compared with those before
    """
    flow = Flow.of(observations, with_comparison=plan.with_comparison)
    unseen = Analysis(plan=plan, flow=flow, effect=NotEstimable("not_estimated"))
    found = []
    for code in (*(OF_BOTH_PERIODS if both_periods else ()), *OF_ANY_PERIOD):
        answer = THREATS[code](observations, unseen)
        if isinstance(answer, NotEstimable):
            found.append(Threat(code, "not_checked", reason=answer))
        else:
            found.append(Threat(code, *answer))
    return tuple(found)


def baseline_difference(observations: Observations, plan: AnalysisPlan) -> Threat:
    """How far apart the arms were before training, over every branch seen then.

    Returns
    -------
    Threat
        With the arms' means on the analysis scale and their distance in standard deviations; at most a look
        where the arms were drawn at random.
    """
    code = "baseline_difference"
    if not plan.with_comparison:
        return Threat(code, "not_checked", reason=NotEstimable("no_comparison_arm"))
    early = observed_cells(observations, plan.measure.values).mean[:, BEFORE]
    there = ~np.isnan(early)
    trained, comparison = (early[there & (observations.trained == arm)].tolist() for arm in (True, False))
    apart = standardised_difference(trained, comparison)
    if apart is None:
        return Threat(code, "not_checked", reason=NotEstimable("few_to_compare"))
    severity = severity_of(abs(apart), STANDARDISED)
    if plan.allocation == "random":
        severity = min(severity, "look", key=ORDER.index)
    values = {
        "trained": float(np.mean(trained)),
        "comparison": float(np.mean(comparison)),
        "standardised": apart,
    }
    return Threat(code, severity, values)
