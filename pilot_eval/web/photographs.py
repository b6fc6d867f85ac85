"""The form of one photograph, as it stands with a stored visit and with one that still waits on a phone."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, SelectChoice

from pilot_eval.domain.photos import PhotoKind
from pilot_eval.web.fields import Given
from pilot_eval.web.recording import phone_texts

KINDS = {
    PhotoKind.EXTERIOR: _l("The branch from outside"),
    PhotoKind.RECEIPT: _l("The receipt"),
}
_NO_KIND = _l("Say what it shows")
_NO_PHOTO = _l("Choose a photograph")


class PhotoForm(FlaskForm):
    """One photograph."""

    id = HiddenField()
    kind = RadioField(
        _l("What does it show?"),
        choices=[SelectChoice(kind.value, label) for kind, label in KINDS.items()],
        validators=[Given(_NO_KIND)],
    )
    photo = FileField(_l("Photograph"), validators=[FileRequired(_NO_PHOTO)])


def photo_texts() -> dict[str, str]:
    """What a phone says of a photograph."""
    return phone_texts() | {
        "no_kind": str(_NO_KIND),
        "no_photo": str(_NO_PHOTO),
        "no_picture": gettext("This file cannot be read as a picture"),
        "kept": gettext("The photograph is saved on this phone and is sent after its visit."),
        "not_kept": gettext("This phone has no room for it. Make room and try again."),
        "stored": gettext("The photograph is stored."),
    }
