"""People: who uses the site, in which role, and the one-time links that let them in."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from pilot_eval.domain.errors import BadInput
from pilot_eval.operations import network, signing_in, tokens
from pilot_eval.operations import people as operations
from pilot_eval.operations.policy import Action, may, scope_of
from pilot_eval.records.people import User
from pilot_eval.web.people.forms import ChangePersonForm, NewPersonForm
from pilot_eval.web.problems import add_problems
from pilot_eval.web.sessions import actor, clock, session

people = Blueprint("people", __name__, url_prefix="/people")


@people.get("")
def index() -> ResponseReturnValue:
    """Everyone, by role."""
    return render_template(
        "people/index.html",
        people=operations.list_people(session(), actor()),
        region_names={region.id: region.name for region in network.list_regions(session())},
        may_manage=may(actor(), Action.MANAGE_PEOPLE),
    )


@people.route("/new", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    """Add a person and give them a one-time link."""
    scope_of(actor(), Action.MANAGE_PEOPLE)
    form = NewPersonForm()
    form.offer(network.list_regions(session()))
    if form.validate_on_submit():
        try:
            person = operations.create_person(
                session(),
                actor(),
                name=form.name.data,
                role=form.chosen_role,
                region_id=form.region.data,
                full_name=form.full_name.data,
                language=form.language.data,
            )
            return _one_time_link(person.id)
        except BadInput as refused:
            add_problems(form, refused)
    return render_template("people/add.html", form=form), 422 if form.errors else 200


@people.get("/<int:person_id>/access")
def access(person_id: int) -> ResponseReturnValue:
    """Where a person is signed in, and their API tokens: a lost phone is ended here."""
    person = operations.get_person(session(), actor(), person_id)
    return render_template(
        "people/access.html",
        person=person,
        sign_ins=signing_in.list_of(session(), actor(), person_id, clock()),
        tokens=tokens.list_of(session(), actor(), person_id, clock()),
        may_manage=may(actor(), Action.MANAGE_PEOPLE),
    )


@people.route("/<int:person_id>", methods=["GET", "POST"])
def change(person_id: int) -> ResponseReturnValue:
    """Change what a person may do."""
    scope_of(actor(), Action.MANAGE_PEOPLE)
    person = operations.get_person(session(), actor(), person_id)
    form = ChangePersonForm(data=_shown(person))
    form.offer(network.list_regions(session()))
    if form.validate_on_submit():
        try:
            operations.change_person(
                session(),
                actor(),
                person_id,
                role=form.chosen_role,
                region_id=form.region.data,
                full_name=form.full_name.data,
                active=form.active.data,
            )
            flash(gettext("The changes are saved."), "success")
            return redirect(url_for("people.index"), 303)
        except BadInput as refused:
            add_problems(form, refused)
    return render_template("people/change.html", form=form, person=person), 422 if form.errors else 200


@people.post("/<int:person_id>/link")
def one_time_link(person_id: int) -> ResponseReturnValue:
    """Make a link with which the person sets a new password; it is shown once."""
    return _one_time_link(person_id)


def _one_time_link(person_id: int) -> ResponseReturnValue:
    now = clock()
    token = operations.make_reset_link(session(), actor(), person_id, now)
    return render_template(
        "people/link.html",
        person=operations.get_person(session(), actor(), person_id),
        link=url_for("account.reset", token=token, _external=True),
        ends_at=now + operations.LINK_LIFE,
        hours=int(operations.LINK_LIFE / timedelta(hours=1)),
    )


def _shown(person: User) -> dict[str, object]:
    return {
        "role": person.role.value,
        "region": person.region_id,
        "full_name": person.full_name,
        "active": person.active,
    }
