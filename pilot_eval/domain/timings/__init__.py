"""Timings of customer contacts: the form, its rules, and the durations that follow from the events."""

from pilot_eval.domain.timings.checking import (
    Entry,
    Findings,
    check,
    context_field,
    event_field,
    tick_field,
)
from pilot_eval.domain.timings.clock import place, read_clock
from pilot_eval.domain.timings.durations import Durations, derive
from pilot_eval.domain.timings.model import (
    EVENTS,
    OWN_VISIT,
    ContextField,
    Daypart,
    Mode,
    Named,
    Operation,
    Outcome,
    TimingForm,
)
from pilot_eval.domain.timings.reading import default_timing_form, parse

__all__ = [
    "EVENTS",
    "OWN_VISIT",
    "ContextField",
    "Daypart",
    "Durations",
    "Entry",
    "Findings",
    "Mode",
    "Named",
    "Operation",
    "Outcome",
    "TimingForm",
    "check",
    "context_field",
    "default_timing_form",
    "derive",
    "event_field",
    "parse",
    "place",
    "read_clock",
    "tick_field",
]
