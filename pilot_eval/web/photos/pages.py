"""Photographs of visits: added by their auditor, seen by who may read the visit."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pilot_eval.domain.errors import BadInput
from pilot_eval.operations import photos as operations
from pilot_eval.operations.pilots import get_pilot
from pilot_eval.operations.policy import Action
from pilot_eval.web.languages import language
from pilot_eval.web.photographs import KINDS, PhotoForm, photo_texts
from pilot_eval.web.photos.forms import EvidenceForm
from pilot_eval.web.problems import add_problems
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("photos", __name__)


@area.route("/visits/<uuid:visit_id>/photos", methods=["GET", "POST"])
def of_visit(visit_id: UUID) -> ResponseReturnValue:
    """The photographs of a visit, and one more."""
    found = operations.photos_of_visit(session(), actor(), visit_id)
    form = PhotoForm()
    if form.is_submitted() and not found.adds:
        abort(409)
    if form.validate_on_submit():
        try:
            operations.record_photo(session(), actor(), visit_id, _sent(form), _folder(), clock())
            flash(_("The photograph is stored."), "success")
            return redirect(url_for(".of_visit", visit_id=visit_id), 303)
        except BadInput as error:
            add_problems(form, error)
    if not form.id.data:
        form.id.data = str(uuid4())
    page = render_template("photos/of_visit.html", found=found, form=form, kinds=KINDS, texts=photo_texts())
    return page, 422 if form.errors else 200


def _sent(form: PhotoForm) -> operations.PhotoSubmission:
    try:
        identity = UUID(form.id.data or "")
    except ValueError:
        abort(400)
    return operations.PhotoSubmission(identity, form.kind.data, form.photo.data.read())


@area.get("/photos/<uuid:photo_id>.jpg")
def show(photo_id: UUID) -> ResponseReturnValue:
    """One photograph."""
    content = operations.picture_of(session(), actor(), photo_id, _folder())
    return Response(content, content_type="image/jpeg")


@area.post("/photos/<uuid:photo_id>/remove")
def remove(photo_id: UUID) -> ResponseReturnValue:
    """Delete a photograph."""
    photo = operations.remove_photo(session(), actor(), photo_id, _folder(), clock())
    flash(_("The photograph is deleted."), "success")
    return redirect(url_for(".of_visit", visit_id=photo.visit_id), 303)


@area.route("/pilots/<slug>/evidence", methods=["GET", "POST"])
def evidence(slug: str) -> ResponseReturnValue:
    """What auditors may bring along from a visit; nothing unless it is asked for here."""
    pilot = get_pilot(session(), actor(), slug, Action.PLAN_PILOT)
    form = EvidenceForm(obj=pilot)
    if form.validate_on_submit():
        operations.change_evidence(
            session(),
            actor(),
            slug,
            asks_photos=form.asks_photos.data,
            asks_distance=form.asks_distance.data,
        )
        flash(_("It is stored what auditors may bring along."), "success")
        return redirect(url_for("pilots.waves", slug=slug), 303)
    return render_template(
        "photos/evidence.html",
        form=form,
        pilot=pilot,
        title=pilot.title_ru if language() == "ru" else pilot.title_en,
        days=current_app.extensions["settings"].photo_days,
    )


def _folder() -> Path:
    folder: Path = current_app.extensions["settings"].photos
    return folder
