"""Published checklists to choose from, for forms of several areas."""

from __future__ import annotations

from flask_babel import gettext as _
from wtforms import SelectChoice

from pilot_eval.operations.checklist_versions import offered
from pilot_eval.records.forms import ChecklistVersion
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import session


def checklist_choices(keep: int | None = None) -> list[SelectChoice]:
    """Every published checklist in use, the last published first.

    Parameters
    ----------
    keep : int, optional
        Of the one that is taken now: it is offered although it may be retired.
    """
    versions = offered(session())
    if keep is not None and keep not in {version.id for version in versions}:
        versions.append(session().get_one(ChecklistVersion, keep))
    return [SelectChoice(str(version.id), checklist_label(version)) for version in versions]


def checklist_label(version: ChecklistVersion) -> str:
    """Its title and number; said if it is retired."""
    title = version.document["title"][language()]  # type: ignore[index]  # a published checklist has titles
    named = _("%(title)s, version %(version)s", title=title, version=version.version)
    return f"{named}, {_('retired')}" if version.retired_at else str(named)
