"""Forms of one's own account."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import PasswordField, ValidationError
from wtforms.validators import EqualTo, InputRequired

from pilot_eval.operations.people import SHORTEST_PASSWORD


class FirstPasswordForm(FlaskForm):
    new_password = PasswordField(
        lazy_gettext("New password"), [InputRequired(lazy_gettext("Enter a password"))]
    )
    once_more = PasswordField(
        lazy_gettext("The same once more"),
        [EqualTo("new_password", lazy_gettext("The two passwords differ"))],
    )

    def validate_new_password(self, field: PasswordField) -> None:
        if len(field.data) < SHORTEST_PASSWORD:
            raise ValidationError(
                gettext(
                    "The password is too short: use at least %(length)s characters", length=SHORTEST_PASSWORD
                )
            )
