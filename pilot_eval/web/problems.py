"""What an operation refused, put where the form shows it."""

from __future__ import annotations

from flask_babel import gettext
from wtforms import Form

from pilot_eval.domain.errors import BadInput


def add_problems(form: Form, refused: BadInput) -> None:
    """Hang each problem on the field it names, the others on the form, in the reader's language."""
    for problem in refused.problems:
        sentence = gettext(problem.what)
        if problem.where in form:
            field = form[problem.where]
            field.errors = [*field.errors, sentence]
        else:
            form.form_errors.append(f"{problem.where}: {sentence}" if problem.where else sentence)
