"""Fields and answers that several forms share."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from wtforms import Form, StringField
from wtforms.validators import Optional, StopValidation

from pilot_eval.reports.numbers import parse_number


class NumberField(StringField):
    """A number as people type it: "12,5" and "12.5" are the same. Empty is None."""

    data: Any

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        options.setdefault("render_kw", {"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, validators or [Optional()], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        typed = valuelist[0].strip() if valuelist else ""
        if typed:
            try:
                self.data = parse_number(typed)
            except ValueError as error:
                raise ValueError(gettext("Enter a number, such as 12.5")) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:g}"


class WholeNumberField(NumberField):
    """A whole number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            if self.data != int(self.data):
                raise ValueError(gettext("Enter a whole number"))
            self.data = int(self.data)


class Given:
    """Refuses an empty field, in words; a 0 is given."""

    def __init__(self, message: Any) -> None:
        self.message = message
        self.field_flags = {"required": True}

    def __call__(self, _form: Form, field: Any) -> None:
        if field.raw_data and str(field.raw_data[0]).strip():
            return
        field.errors = []  # "not a valid date" says less than that there is none
        raise StopValidation(str(self.message))
