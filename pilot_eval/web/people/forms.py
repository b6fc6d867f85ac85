"""Forms about people and regions."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from pilot_eval.domain.people import Role
from pilot_eval.records.network import Region
from pilot_eval.web.languages import LANGUAGES
from pilot_eval.web.words import ROLES

_TOO_LONG = lazy_gettext("At most %(max)d characters")


def _role() -> RadioField:
    return RadioField(
        lazy_gettext("Role"),
        [InputRequired(lazy_gettext("Choose a role"))],
        choices=[SelectChoice(role.value, label) for role, label in ROLES.items()],
    )


def _region() -> SelectField:
    return SelectField(
        lazy_gettext("Region"), [Optional()], coerce=lambda chosen: int(chosen) if chosen else None
    )


def _full_name() -> StringField:
    return StringField(lazy_gettext("Name"), [Length(max=200, message=_TOO_LONG)])


class PersonForm(FlaskForm):
    """What both forms about a person share; each names its fields itself, in the order of its page."""

    role: RadioField
    region: SelectField
    full_name: StringField

    def offer(self, regions: Sequence[Region]) -> None:
        """Fill the list of regions."""
        none = SelectChoice("", lazy_gettext("No region"))
        self.region.choices = [none, *(SelectChoice(str(region.id), region.name) for region in regions)]

    @property
    def chosen_role(self) -> Role:
        return Role(self.role.data)


class NewPersonForm(PersonForm):
    name = StringField(
        lazy_gettext("Sign-in name"),
        [InputRequired(lazy_gettext("Enter a sign-in name")), Length(max=200, message=_TOO_LONG)],
    )
    full_name = _full_name()
    role = _role()
    region = _region()
    language = RadioField(
        lazy_gettext("Language"),
        [InputRequired(lazy_gettext("Choose a language"))],
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
    )


class ChangePersonForm(PersonForm):
    full_name = _full_name()
    role = _role()
    region = _region()
    active = BooleanField(lazy_gettext("May sign in"))


class RegionForm(FlaskForm):
    code = StringField(
        lazy_gettext("Code"),
        [InputRequired(lazy_gettext("Enter a code")), Length(max=64, message=_TOO_LONG)],
    )
    name = StringField(
        lazy_gettext("Name"),
        [InputRequired(lazy_gettext("Enter a name")), Length(max=200, message=_TOO_LONG)],
    )
