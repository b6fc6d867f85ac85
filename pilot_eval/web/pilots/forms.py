"""Forms by which a pilot is planned."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectChoice, SelectField, StringField

from pilot_eval.domain.pilots import Design
from pilot_eval.web.fields import Given, NumberField, WholeNumberField

_DATE = {"render_kw": {"autocomplete": "off"}}


def _day(label: Any) -> DateField:
    return DateField(label, validators=[Given(_l("Enter a date"))], **_DATE)


class PilotForm(FlaskForm):
    """A new pilot."""

    title_en = StringField(_l("Title in English"), validators=[Given(_l("Enter a title"))])
    title_ru = StringField(_l("Title in Russian"))
    slug = StringField(_l("Address"))
    before_from = _day(_l("First day"))
    before_to = _day(_l("Last day"))
    training_from = _day(_l("First day"))
    training_to = _day(_l("Last day"))
    after_from = _day(_l("First day"))
    after_to = _day(_l("Last day"))
    design = RadioField(
        _l("What are the trained branches compared with?"),
        choices=[
            SelectChoice(
                Design.DIFFERENCE_IN_DIFFERENCES.value,
                _l("With branches that are not trained, over the same months"),
            ),
            SelectChoice(Design.BEFORE_AFTER.value, _l("Only with their own past: a weaker answer")),
        ],
        default=Design.DIFFERENCE_IN_DIFFERENCES.value,
    )
    checklist_id = SelectField(_l("Checklist of the visits"), validate_choice=False)
    smallest_quality = NumberField(_l("Service quality, points"))
    smallest_speed = NumberField(_l("Speed of service, per cent"))
    level = NumberField(_l("Confidence level"), default=0.95, validators=[Given(_l("Enter the level"))])
    seed = WholeNumberField(_l("Seed"), default=1, validators=[Given(_l("Enter a whole number"))])


class DrawForm(FlaskForm):
    """A random draw of arms."""

    version = WholeNumberField()
    seed = WholeNumberField(_l("Seed"), validators=[Given(_l("Enter a whole number"))])
    share = NumberField(
        _l("Share to be trained"), default=0.5, validators=[Given(_l("Enter a share, such as 0.5"))]
    )
    stratified = BooleanField(
        _l("Draw within strata, so that both arms get their part of each"), default=True
    )
