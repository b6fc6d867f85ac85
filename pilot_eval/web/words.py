"""Words for stored codes, and moments in time, as pages show them."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from flask_babel import format_date, format_datetime, gettext, lazy_gettext
from markupsafe import Markup

from pilot_eval.domain.people import Role
from pilot_eval.reports.numbers import date_text, moment_text, number, percent
from pilot_eval.reports.words.definitions import DEFINITIONS
from pilot_eval.web.answers import answer_label
from pilot_eval.web.languages import language
from pilot_eval.web.problems import errors_of

ROLES = {
    Role.AUDITOR: lazy_gettext("Auditor"),
    Role.MANAGER: lazy_gettext("Regional manager"),
    Role.HEAD_OFFICE: lazy_gettext("Head office"),
    Role.ADMINISTRATOR: lazy_gettext("Administrator"),
}


def install(app: Flask) -> None:
    """Hand the words to every template."""
    app.add_template_global(role_label)
    app.add_template_global(moment)
    app.add_template_global(days)
    app.add_template_global(errors_of)
    app.add_template_global(word_list)
    app.add_template_global(answer_label)
    app.add_template_filter(lambda day: date_text(day, language()), "date_words")
    app.add_template_filter(lambda at: moment_text(at, language()), "moment_words")
    app.add_template_filter(lambda value, digits=0: number(value, digits, language()), "numbers")
    app.add_template_filter(lambda share, digits=0: percent(100 * share, digits, language()), "percentage")


@cache
def word_list(tongue: str) -> Markup:
    """The words of results with what they mean, written once: every page of results ends with them."""
    words = [
        {"key": word.key, "term": word.term.to_dict(), "meaning": word.meaning.to_dict()}
        for word in DEFINITIONS
    ]
    template = current_app.jinja_env.get_template("macros/word_list.html")
    return Markup(template.render(words=words, language=tongue))  # noqa: S704 - a template's own output


def role_label(role: Role) -> str:
    """A role's name in the reader's language."""
    return str(ROLES[role])


def moment(at: datetime, zone: str = "UTC") -> str:
    """A moment by the clock of a time zone, which is named: people in eleven zones read the same page."""
    local = at.astimezone(ZoneInfo(zone))
    clock = format_datetime(local, "d MMM yyyy, HH:mm", rebase=False)
    ahead = local.isoformat()[-len("+03:00") :] if local.utcoffset() else ""
    return str(gettext("%(moment)s UTC", moment=clock)) + ahead


def days(first: date, last: date) -> str:
    """Days from first to last: "13 Dec 2026", "7 – 13 Dec 2026", "30 Nov – 4 Dec 2026"."""
    end = format_date(last, "d MMM y")
    if first == last:
        return str(end)
    if first.year != last.year:
        begin = format_date(first, "d MMM y")
    else:
        begin = format_date(first, "d" if first.month == last.month else "d MMM")
    return f"{begin} – {end}"
