"""Files of rows brought in: chosen, their columns matched, looked through, stored."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from pilot_eval.domain.documents import Text
from pilot_eval.domain.errors import BadInput, NotFound, Problem
from pilot_eval.domain.lists import KEPT, ListKind, ListState
from pilot_eval.jobs import Background
from pilot_eval.operations import list_files
from pilot_eval.operations.list_work import progress_of
from pilot_eval.operations.lists import templates
from pilot_eval.operations.lists.kinds import KINDS
from pilot_eval.operations.lists.reports import report_of
from pilot_eval.operations.policy import scope_of
from pilot_eval.records.lists import ListFile
from pilot_eval.web.background import background
from pilot_eval.web.languages import language
from pilot_eval.web.lists.forms import FileForm, match_form
from pilot_eval.web.messages import said
from pilot_eval.web.problems import add_problems
from pilot_eval.web.sessions import actor, clock, session

area = Blueprint("lists", __name__, url_prefix="/lists")

REFRESH_SECONDS = 3
SHOWN = 100  # problems on the page; all that are kept can be taken as a file
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAMES = {
    ListKind.BRANCHES: lazy_gettext("Branches"),
    ListKind.PEOPLE: lazy_gettext("People"),
    ListKind.ASSIGNMENTS: lazy_gettext("Visits to make"),
    ListKind.VISITS: lazy_gettext("Visits made"),
    ListKind.TIMINGS: lazy_gettext("Timings"),
}
ABOUT = {
    ListKind.BRANCHES: lazy_gettext(
        "Branches of the network with their regions; those that are there are brought up to date."
    ),
    ListKind.PEOPLE: lazy_gettext("Auditors, managers and others; those who are there are not changed."),
    ListKind.ASSIGNMENTS: lazy_gettext("Who visits which branch, with which scenario and when."),
    ListKind.VISITS: lazy_gettext("Visits that were written down elsewhere, an answer a column."),
    ListKind.TIMINGS: lazy_gettext("Customers who were timed elsewhere, or a ticket system's log."),
}


@area.get("")
def index() -> ResponseReturnValue:
    """What can be brought in, and what became of the files so far."""
    files = list_files.own_files(session(), actor())
    titles = {file.id: list_files.pilot_title(session(), file, language()) for file in files}
    return render_template(
        "lists/index.html",
        kinds=list_files.kinds_for(actor()),
        names=NAMES,
        about=ABOUT,
        files=files,
        titles=titles,
        days=KEPT.days,
    )


@area.route("/<kind>", methods=["GET", "POST"])
def choose(kind: str) -> ResponseReturnValue:
    """What the columns of such a file are, and the file to bring in."""
    wanted = _kind(kind)
    scope_of(actor(), KINDS[wanted].action)
    slug = request.args.get("pilot", "")
    pilots = list_files.pilots_for(session(), actor()) if KINDS[wanted].of_pilot else []
    known = {pilot.slug for pilot in pilots}
    if slug and slug not in known:
        raise NotFound
    ready = not KINDS[wanted].of_pilot or bool(slug)
    columns = list_files.columns_of(session(), actor(), wanted, slug) if ready else []
    form = FileForm()
    problems: list[Problem] = []
    if ready and form.validate_on_submit():
        try:
            file = list_files.arrive(
                session(),
                actor(),
                wanted,
                slug,
                form.file.data.filename or "",
                form.file.data.read(),
                background().lists,
                clock(),
            )
            return redirect(url_for(".show", file_id=file.id), 303)
        except BadInput as error:
            session().rollback()
            problems = list(error.problems)
    page = render_template(
        "lists/choose.html",
        kind=wanted,
        name=NAMES[wanted],
        about=ABOUT[wanted],
        columns=columns,
        form=form,
        problems=problems,
        pilots=[(pilot.slug, pilot.title_ru if language() == "ru" else pilot.title_en) for pilot in pilots],
        slug=slug,
        ready=ready,
    )
    return page, 422 if form.errors or problems else 200


@area.get("/<kind>/template.<any(csv, xlsx):suffix>")
def template(kind: str, suffix: str) -> ResponseReturnValue:
    """An empty file with the right headings."""
    wanted = _kind(kind)
    columns = list_files.columns_of(session(), actor(), wanted, request.args.get("pilot"))
    if suffix == "csv":
        content, media = templates.as_csv(columns, semicolons=language() == "ru"), "text/csv; charset=utf-8"
    else:
        sheets = (gettext("Rows"), gettext("Columns"))
        content, media = templates.as_workbook(columns, _said, sheets), XLSX
    answer = Response(content, content_type=media)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{wanted}.{suffix}")
    return answer


@area.get("/files/<file_id>")
def show(file_id: str) -> ResponseReturnValue:
    """A file, as far as it has come."""
    return _page(list_files.own_file(session(), actor(), file_id))


@area.post("/files/<file_id>/check")
def check(file_id: str) -> ResponseReturnValue:
    """Match the columns and have the file looked through."""
    given = {name.removeprefix("m_"): value for name, value in request.form.items() if name.startswith("m_")}
    try:
        file = list_files.match(session(), actor(), file_id, given)
    except BadInput as error:
        session().rollback()
        return _page(list_files.own_file(session(), actor(), file_id), error, given)
    return _work(file)


@area.post("/files/<file_id>/store")
def store(file_id: str) -> ResponseReturnValue:
    """Store all rows of a file that has no problem."""
    return _work(list_files.begin_storing(session(), actor(), file_id))


@area.post("/files/<file_id>/remove")
def remove(file_id: str) -> ResponseReturnValue:
    """Forget a file; what it stored stays."""
    list_files.remove(session(), actor(), file_id, background().lists)
    return redirect(url_for(".index"), 303)


def _said(text: str | Text) -> str:
    return text.to(language()) if isinstance(text, Text) else said(text)


def _kind(name: str) -> ListKind:
    if name not in KINDS:
        raise NotFound
    return ListKind(name)


def _work(file: ListFile) -> ResponseReturnValue:
    queue: Background = background()
    identity = file.id
    if list_files.is_large(file):
        queue.enqueue_list(identity)
    else:
        session().rollback()  # a connection of its own does the work
        queue.work_on_list(identity)
    return redirect(url_for(".show", file_id=identity), 303)


def _page(
    file: ListFile, error: BadInput | None = None, given: dict[str, str] | None = None
) -> ResponseReturnValue:
    columns = list_files.columns_to_match(session(), file)
    headings: list[str] = list(file.columns["headings"])  # type: ignore[call-overload]  # a list of texts
    matches: dict[str, str] = given or dict(file.columns["matches"])  # type: ignore[call-overload]  # likewise
    form = match_form(columns, headings, matches)
    left = [heading for heading in headings if heading not in matches.values()]
    if error is not None:
        add_problems(form, BadInput([Problem(f"m_{one.where}", one.what) for one in error.problems]))
    working = file.state in list_files.BEING_WORKED_ON
    page = make_response(
        render_template(
            "lists/file.html",
            file=file,
            name=NAMES[file.kind],
            title=list_files.pilot_title(session(), file, language()),
            columns=columns,
            form=form,
            left=left,
            report=report_of(file),
            progress=progress_of(background().lists, file.id) if working else (0, 0),
            working=working,
            shown=SHOWN,
            matching=file.state in {ListState.CHOSEN, ListState.REFUSED, ListState.FAILED},
        ),
        422 if error else 200,
    )
    if working:
        page.headers["Refresh"] = str(REFRESH_SECONDS)
    return page
