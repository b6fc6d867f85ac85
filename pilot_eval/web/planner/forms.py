"""What is asked of the planner; it stands in the address."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField
from wtforms.validators import Optional

from pilot_eval.web.fields import Given, NumberField, WholeNumberField

NUMBER = _l("Enter a number")


class PlannerForm(FlaskForm):
    """Size, question and where the spread is known from."""

    class Meta:
        csrf = False  # it only reads

    source = SelectField(_l("How branches vary is known from"), validators=[Optional()])
    measure = SelectField(
        _l("Kind of outcome"),
        choices=[
            SelectChoice("score", _l("Score, in points")),
            SelectChoice("proportion", _l("Share, in per cent")),
            SelectChoice("duration", _l("Time, in seconds")),
        ],
    )
    mean = NumberField(_l("Level before training"))
    within = NumberField(_l("Spread of single visits"))
    icc = NumberField(_l("Correlation of visits to one branch"))
    correlation = NumberField(_l("Correlation of a branch before and after"))
    design = SelectField(
        _l("Design"),
        choices=[
            SelectChoice("difference_in_differences", _l("With comparison branches")),
            SelectChoice("before_after", _l("Trained branches only")),
        ],
    )
    trained = WholeNumberField(_l("Branches to train"))
    comparison = WholeNumberField(_l("Comparison branches"))
    visits = NumberField(_l("Visits or timings per branch and period"))
    smallest_effect = NumberField(_l("Smallest effect that would matter"))
    power = NumberField(_l("Probability of finding an effect"), validators=[Given(NUMBER)])
    level = NumberField(_l("Confidence level"), validators=[Given(NUMBER)])
    primary = WholeNumberField(_l("Primary outcomes"), validators=[Given(NUMBER)])


# What the page begins with: a usual checklist score.
TYPED: dict[str, Any] = {
    "source": "",
    "measure": "score",
    "mean": "70",
    "within": "12",
    "icc": "0.1",
    "correlation": "0.7",
    "design": "difference_in_differences",
    "trained": "22",
    "comparison": "22",
    "visits": "6",
    "smallest_effect": "3",
    "power": "0.8",
    "level": "0.95",
    "primary": "1",
}
# Of a pilot: its own sizes and spread.
FROM_PILOT = TYPED | dict.fromkeys(("mean", "within", "icc", "trained", "comparison", "visits"), "")
