"""Forms by which a file of rows is brought in."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from markupsafe import Markup
from wtforms import SelectChoice, SelectField

from pilot_eval.operations.lists.sheets import Column


class FileForm(FlaskForm):
    """The file itself."""

    file = FileField(_l("File"), validators=[FileRequired(_l("Choose a file"))])


def match_form(columns: Sequence[Column], headings: Sequence[str], matches: dict[str, str]) -> FlaskForm:
    """One choice for each of our columns: which of the file's holds it."""
    none = SelectChoice("", gettext("not in the file"))
    fields = {
        f"m_{column.name}": SelectField(
            Markup("<code>{}</code>").format(column.name),
            choices=[none, *(SelectChoice(heading, heading) for heading in headings)],
            default=matches.get(column.name, ""),
            validate_choice=False,
        )
        for column in columns
    }
    form: FlaskForm = type("MatchForm", (FlaskForm,), fields)()
    return form
