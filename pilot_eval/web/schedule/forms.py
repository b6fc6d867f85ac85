"""Forms by which visits are assigned, handed over and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from pilot_eval.domain.network import BranchChange
from pilot_eval.domain.pilots import Period
from pilot_eval.web.fields import Given, NumberField, WholeNumberField

_DATE = {"render_kw": {"autocomplete": "off"}}


def _day(label: Any, *validators: Any) -> DateField:
    return DateField(label, validators=list(validators) or [Given(_l("Enter a date"))], **_DATE)


class AssignmentForm(FlaskForm):
    """One visit."""

    branch = SelectField(_l("Branch"), validators=[Given(_l("Choose a branch"))])
    period = RadioField(
        _l("Wave"),
        choices=[
            SelectChoice(Period.BEFORE.value, _l("Before training")),
            SelectChoice(Period.AFTER.value, _l("After training")),
        ],
        validators=[Given(_l("Choose a wave"))],
    )
    scenario = SelectField(_l("Scenario"), validators=[Given(_l("Choose a scenario"))])
    auditor = SelectField(_l("Auditor"), validators=[Given(_l("Choose an auditor"))])
    window_from = _day(_l("First day of the window"))
    window_to = _day(_l("Last day of the window"))
    daypart = SelectField(_l("Part of the day"), validators=[Optional()])
    confirmed = BooleanField(_l("Assign it all the same"))


class HandOverForm(FlaskForm):
    """An assignment goes to another auditor."""

    auditor = SelectField(_l("New auditor"), validators=[Given(_l("Choose an auditor"))])
    window_from = _day(_l("First day of the window"))
    window_to = _day(_l("Last day of the window"))
    reason = StringField(_l("Why?"), validators=[Given(_l("Say why"))])
    confirmed = BooleanField(_l("Hand it over all the same"))


class WithdrawForm(FlaskForm):
    """An assignment is taken back."""

    reason = StringField(_l("Why?"), id="withdraw-reason", validators=[Given(_l("Say why"))])


class AuditorForm(FlaskForm):
    """What is declared of an auditor."""

    barred = TextAreaField(_l("Branches that this auditor must not visit"))


def quota_form(waves: Mapping[str, Mapping[str, int]], dayparts: Mapping[str, str]) -> FlaskForm:
    """One number for each wave and part of the day, named `before_morning`.

    Parameters
    ----------
    waves : mapping of wave to quota
        The visits of each part of the day as they are now.
    dayparts : mapping of str to str
        Names by code.
    """
    fields = {
        f"{wave}_{code}": WholeNumberField(name, default=quota.get(code, 0))
        for wave, quota in waves.items()
        for code, name in dayparts.items()
    }
    return type("QuotaForm", (FlaskForm,), fields)()


class DrawVisitsForm(FlaskForm):
    """How visits are drawn."""

    seed = WholeNumberField(_l("Seed"), validators=[Given(_l("Enter a whole number"))])
    doubles = NumberField(
        _l("Double visits, per cent"), validators=[Given(_l("Give 0, or a share from 5 to 10 per cent"))]
    )
    periods = SelectMultipleField(_l("Waves"), validate_choice=False)
    auditors = SelectMultipleField(_l("Auditors"), validate_choice=False)


class BranchEventForm(FlaskForm):
    """What happened to a branch."""

    branch = SelectField(_l("Branch"), validators=[Given(_l("Choose a branch"))])
    change = RadioField(
        _l("What happened?"),
        choices=[
            SelectChoice(BranchChange.CLOSED.value, _l("It closed for good")),
            SelectChoice(BranchChange.MERGED.value, _l("It was merged into another branch")),
            SelectChoice(BranchChange.RENUMBERED.value, _l("It was renumbered")),
            SelectChoice(BranchChange.ARM_CHANGED.value, _l("It was treated as the other arm")),
            SelectChoice(BranchChange.TRAINED_LATE.value, _l("It was trained late")),
        ],
        validators=[Given(_l("Choose what happened"))],
    )
    day = _day(_l("Since which day?"))
    successor = StringField(_l("Code of the branch that it was merged into"))
    new_code = StringField(_l("New code"))
    reason = StringField(_l("Why?"))
