"""Forms of photographs."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice

from pilot_eval.domain.photos import PhotoKind
from pilot_eval.web.fields import Given

KINDS = {
    PhotoKind.EXTERIOR: _l("The branch from outside"),
    PhotoKind.RECEIPT: _l("The receipt"),
}


class PhotoForm(FlaskForm):
    """One photograph."""

    id = HiddenField()
    kind = RadioField(
        _l("What does it show?"),
        choices=[SelectChoice(kind.value, label) for kind, label in KINDS.items()],
        validators=[Given(_l("Say what it shows"))],
    )
    photo = FileField(_l("Photograph"), validators=[FileRequired(_l("Choose a photograph"))])


class EvidenceForm(FlaskForm):
    """What auditors may bring along from a visit."""

    asks_photos = BooleanField(_l("Photographs of the branch from outside and of the receipt"))
    asks_distance = BooleanField(_l("The distance of the phone to the branch"))
