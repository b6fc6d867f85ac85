"""The form of an import."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, StringField

from pilot_eval.web.fields import Given, NumberField, WholeNumberField


class ImportForm(FlaskForm):
    """What a file holds and how it is judged."""

    file = FileField(_l("File"))
    token = HiddenField()
    file_name = HiddenField()
    confirmed = HiddenField()
    title_en = StringField(_l("Title of the pilot in English"), validators=[Given(_l("Enter a title"))])
    title_ru = StringField(_l("Title of the pilot in Russian"))
    slug = StringField(_l("Address"))
    outcome = StringField(_l("Column of the outcome"), validators=[Given(_l("Name the column"))])
    kind = RadioField(
        _l("What kind of number is it?"),
        choices=[
            SelectChoice("score", _l("A score or any other number")),
            SelectChoice("proportion", _l("Yes and no, as 1 and 0, or a share between them")),
            SelectChoice("duration", _l("A time in seconds")),
        ],
        default="score",
    )
    label_en = StringField(_l("What people call it, in English"))
    label_ru = StringField(_l("What people call it, in Russian"))
    unit = StringField(_l("Unit"))
    design = RadioField(
        _l("What are the trained branches compared with?"),
        choices=[
            SelectChoice(
                "difference_in_differences", _l("With branches that are not trained, over the same months")
            ),
            SelectChoice("before_after", _l("Only with their own past: a weaker answer")),
        ],
        default="difference_in_differences",
    )
    better = RadioField(
        _l("Which direction is better?"),
        choices=[
            SelectChoice("", _l("As usual: higher, for times lower")),
            SelectChoice("higher", _l("Higher")),
            SelectChoice("lower", _l("Lower")),
        ],
        default="",
    )
    smallest_effect = NumberField(_l("Smallest effect that would matter"))
    strata = StringField(_l("Column of strata"))
    level = NumberField(_l("Confidence level"), default=0.95, validators=[Given(_l("Enter the level"))])
    draws = WholeNumberField(_l("Random draws"), default=9999, validators=[Given(_l("Enter a whole number"))])
    seed = WholeNumberField(_l("Seed"), default=1, validators=[Given(_l("Enter a whole number"))])
    made_up = BooleanField(_l("The data are made up: say so on every page and in every file"))
