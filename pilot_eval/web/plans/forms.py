"""Forms by which a plan is changed and a pilot is decided on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)

from pilot_eval.domain.pilots import Choice
from pilot_eval.records.pilots import PilotOutcome
from pilot_eval.reports.numbers import parse_number
from pilot_eval.web.fields import Given, NumberField, WholeNumberField


class SharesField(StringField):
    """Shares in per cent, with commas or semicolons between; as parts of one."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = ()
        typed = valuelist[0].strip() if valuelist else ""
        if typed:
            parts = typed.replace("%", " ").split(";" if ";" in typed else ",")
            try:
                self.data = tuple(parse_number(part) / 100 for part in parts)
            except ValueError as error:
                raise ValueError(gettext("Enter shares in per cent, such as 50 or 33; 67")) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "; ".join(f"{100 * share:g}" for share in self.data or ())


class PlanForm(FlaskForm):
    """A plan; each outcome adds two fields of its own, see `plan_form`."""

    version = WholeNumberField()
    level = NumberField(_l("Confidence level"), validators=[Given(_l("Enter the level"))])
    looks = SharesField(_l("Looks before the end, per cent of the visits after training"))
    minimum_branches = WholeNumberField(_l("Fewest branches in an arm"))
    minimum_observations = WholeNumberField(_l("Fewest observations"))
    checklist_id = SelectField(_l("Checklist of the visits"), validate_choice=False)
    exclusions = TextAreaField(_l("What is left out of the analysis, and when"))
    seed = WholeNumberField(_l("Seed"), validators=[Given(_l("Enter a whole number"))])
    draws = WholeNumberField(_l("Random draws"), validators=[Given(_l("Enter a whole number"))])
    reason = TextAreaField(_l("Why the frozen plan is changed"))


def plan_form(outcomes: Sequence[PilotOutcome]) -> type[PlanForm]:
    """The form for a plan with these outcomes: `primary_0`, `smallest_0` and so on, in their order."""
    fields: dict[str, Any] = {}
    for place in range(len(outcomes)):
        fields[f"primary_{place}"] = BooleanField(_l("Primary outcome: the answer rests on it"))
        fields[f"smallest_{place}"] = NumberField(_l("Smallest effect that would matter"))
    return type("PlanFormOfOutcomes", (PlanForm,), fields)


class DecisionForm(FlaskForm):
    """A decision with its reasons; `snapshot` is what the person has seen."""

    snapshot = HiddenField()
    choice = RadioField(
        _l("What is decided?"),
        choices=[
            SelectChoice(Choice.ROLL_OUT.value, _l("Roll the training out to the network")),
            SelectChoice(Choice.REWORK.value, _l("Rework the training and try again")),
            SelectChoice(Choice.STOP.value, _l("Stop the training")),
            SelectChoice(Choice.NEED_DATA.value, _l("Collect more data first")),
        ],
        validators=[Given(_l("Choose what is decided"))],
    )
    reasons = TextAreaField(_l("Reasons"), validators=[Given(_l("Give the reasons"))])
