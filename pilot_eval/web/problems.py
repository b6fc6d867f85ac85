"""What an operation refused, put where the form shows it."""

from __future__ import annotations

from collections.abc import Iterator

from wtforms import Field, FieldList, Form, FormField

from pilot_eval.domain.errors import BadInput
from pilot_eval.web.messages import said


def add_problems(form: Form, refused: BadInput) -> None:
    """Hang each problem on the field it names, the others on the form, in the reader's language."""
    for problem in refused.problems:
        sentence = said(problem.what)
        if problem.where in form:
            field = form[problem.where]
            field.errors = [*field.errors, sentence]
        else:
            form.form_errors.append(f"{said(problem.where)}: {sentence}" if problem.where else sentence)


def errors_of(form: Form | None) -> list[tuple[Field | None, str]]:
    """Every sentence about what is wrong, with its field, in the order of the page.

    A list of fields counts each of its own; a sentence about the whole form has no field.
    """
    if form is None:
        return []
    return [(None, str(message)) for message in form.form_errors] + [
        (where, message) for field in form for where, message in _errors_of_field(field)
    ]


def _errors_of_field(field: Field) -> Iterator[tuple[Field, str]]:
    if isinstance(field, FieldList | FormField):
        for inner in field:
            yield from _errors_of_field(inner)
        return
    for message in field.errors:
        yield field, str(message)
