"""The form of what a pilot asks for."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField


class EvidenceForm(FlaskForm):
    """What auditors may bring along from a visit."""

    asks_photos = BooleanField(_l("Photographs of the branch from outside and of the receipt"))
    asks_distance = BooleanField(_l("The distance of the phone to the branch"))
