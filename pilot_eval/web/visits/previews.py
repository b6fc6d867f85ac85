"""The visit form of a checklist as auditors will meet it, before anybody does; nothing is stored."""

from __future__ import annotations

from types import SimpleNamespace
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext

from pilot_eval.domain.checklists import Checklist, check_answers, drafts, normalise_answers
from pilot_eval.operations import checklist_drafts, checklist_versions
from pilot_eval.web.languages import LANGUAGES, language
from pilot_eval.web.recording import show
from pilot_eval.web.sessions import actor, clock, session
from pilot_eval.web.visits import checks
from pilot_eval.web.visits.forms import VisitForm, visit_form

previews = Blueprint("previews", __name__, url_prefix="/checklists")


@previews.route("/drafts/<int:draft_id>/preview", methods=["GET", "POST"])
def draft(draft_id: int) -> ResponseReturnValue:
    """A draft as it stands, whatever is still missing in it."""
    opened = checklist_drafts.get_draft(session(), actor(), draft_id)
    checklist, problems = drafts.read_draft(opened.document)
    back = url_for("checklists.draft", draft_id=draft_id)
    return _page(checklist, back, unfinished=bool(problems))


@previews.route("/versions/<int:version_id>/preview", methods=["GET", "POST"])
def version(version_id: int) -> ResponseReturnValue:
    """A published version."""
    checklist = checklist_versions.get_published(session(), actor(), version_id).checklist
    return _page(checklist, url_for("checklists.version", version_id=version_id))


def _page(checklist: Checklist, back: str, *, unfinished: bool = False) -> ResponseReturnValue:
    """The form in the language that the address asks for; sent, it says what an auditor would be told."""
    tongue = request.args.get("language", language())
    with force_locale(tongue if tongue in LANGUAGES else language()):
        form = visit_form(checklist, language())(request.form)
        status = 200
        if request.method == "POST":
            status = _try(form, checklist)
        else:
            form.day.data = clock().date().isoformat()
        page = render_template(
            "visits/preview.html",
            form=form,
            checklist=checklist,
            place=_nowhere(checklist),
            odd=False,
            rules=checks.rules(checklist, None),
            texts=checks.texts(None),
            back=back,
            unfinished=unfinished,
        )
        return page, status


def _try(form: VisitForm, checklist: Checklist) -> int:
    """Check what was filled in as a visit is checked, and say what came of it."""
    form.id.data = "00000000-0000-4000-8000-000000000000"
    sent = form.submission(0, ZoneInfo("UTC"))
    header = {
        "outcome": sent.outcome,
        "scenario": checklist.scenarios[0].code if checklist.scenarios else "",
        "started_at": sent.started_at,
        "left_at": sent.left_at,
        "window_no": sent.window_no,
        "receipt_tail": sent.receipt_tail,
        "incidents": sent.incidents,
        "narrative": sent.narrative,
    }
    answers = normalise_answers(checklist, sent.answers)
    unreadable = {finding.field for finding in sent.unreadable}
    found = [
        finding
        for finding in check_answers(checklist, answers, header, sent.comments)
        if finding.field not in unreadable and finding.field != "scenario"
    ]
    show(form, [*sent.unreadable, *found])
    if sent.unreadable or found:
        return 422
    flash(gettext("This visit would be taken. Nothing was stored: it is a preview."), "success")
    return 200


def _nowhere(checklist: Checklist) -> SimpleNamespace:
    """What the form tells of the place of a visit, for a visit that has none."""
    today = clock().date()
    scenario = checklist.scenarios[0].code if checklist.scenarios else ""
    return SimpleNamespace(
        branch=SimpleNamespace(code="000000", name=gettext("preview")),
        assignment=SimpleNamespace(id=0, scenario=scenario, window_from=today, window_to=today),
    )
