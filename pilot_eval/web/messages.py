"""Messages of domain and operations, in the reader's language."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from flask_babel import gettext

from pilot_eval.domain.errors import Message
from pilot_eval.reports.numbers import date_text, moment_text, number
from pilot_eval.web.languages import language


def install(app: Flask) -> None:
    """Give templates the filter `said`."""
    app.add_template_filter(said)


def said(text: str) -> str:
    """A message in the reader's language; what has no translation stays as it is.

    Parameters
    ----------
    text : str or Message
        A plain text is its own msgid.
    """
    if isinstance(text, Message):
        return str(gettext(text.msgid, **{name: _value(value) for name, value in text.values.items()}))
    return str(gettext(text)) if text else ""


def _value(value: Any) -> Any:
    """A value as the reader writes it; plain text is somebody's own and is not translated."""
    if isinstance(value, Message):
        return said(value)
    if isinstance(value, datetime):
        return moment_text(value, language())
    if isinstance(value, date):
        return date_text(value, language())
    if isinstance(value, float) and math.isfinite(value):
        exponent = Decimal(repr(value)).normalize().as_tuple().exponent
        return number(value, max(0, -int(exponent)), language())
    return value
