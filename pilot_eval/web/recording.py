"""What the visit form and the timing form share: reading what was typed, showing what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import abort, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms import Form, RadioField, SelectChoice, SelectMultipleField, TextAreaField

from pilot_eval.domain.errors import WrongState
from pilot_eval.domain.problems import N_, FieldProblem, Refused, Unconfirmed
from pilot_eval.domain.timings import place, read_clock
from pilot_eval.operations.submissions import Receipt, Status
from pilot_eval.web.messages import said

MAX_DIGITS = 7
_SOME_DAY = date(2000, 1, 1)

# What could not become the record and waits for a reviewer; nothing is to be sent again.
KEPT_ASIDE = {Status.CONFLICT: 409, Status.WITHDRAWN: 410}


class Reading:
    """Turns what was typed into values; what cannot be read is noted in `unreadable` and read as None."""

    def __init__(self, form: Form, zone: ZoneInfo) -> None:
        self._form = form
        self._zone = zone
        self.unreadable: list[FieldProblem] = []

    def text(self, name: str) -> str:
        """What was typed; of the two characters that a browser sends for the end of a line, one."""
        return str(self._form[name].data or "").replace("\r\n", "\n").strip()

    def identity(self) -> UUID:
        """The UUID that the server minted into the form; a request without one was not made by our form."""
        try:
            return UUID(self.text("id"))
        except ValueError:
            abort(400)

    def whole(self, name: str, message: str = N_("Give a whole number")) -> int | None:
        """A whole number; None where nothing was typed."""
        typed = self.text(name)
        if not typed:
            return None
        if typed.isascii() and typed.isdigit() and len(typed) <= MAX_DIGITS:
            return int(typed)
        self._note(name, "not_a_number", message)
        return None

    def day(self, name: str) -> date | None:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            self._note(name, "no_day", N_("Give the day"))
            return None

    def clock(self, name: str) -> time | None:
        """A clock time; None where nothing was typed."""
        typed = self.text(name)
        if not typed:
            return None
        try:
            return read_clock(typed)
        except ValueError:
            self._note(name, "no_time", N_("Give a time such as 10:05 or 10:05:30"))
            return None

    def instant(self, name: str, day: date | None) -> datetime | None:
        """The moment of a typed clock time on that day at the branch.

        Where the day could not be read some day stands in, so that the order of times is checked.
        """
        clock = self.clock(name)
        if clock is None:
            return None
        moment = place(name, day or _SOME_DAY, clock, self._zone)
        if isinstance(moment, FieldProblem):
            self.unreadable.append(moment)
            return None
        return moment

    def _note(self, name: str, code: str, message: str) -> None:
        self.unreadable.append(FieldProblem(name, code, message))


def hand_in(
    form: Form, store: Callable[[], Receipt], page: Callable[..., str], receipt_url: Callable[[UUID], str]
) -> ResponseReturnValue:
    """Store what was filled in and go on to its receipt; or show the form again with all that is in the way.

    Parameters
    ----------
    page : callable
        `(odd=False) -> str`, the form's page; `odd` asks the auditor to confirm what is unusual.
    """
    try:
        receipt = store()
    except Unconfirmed as odd:
        show(form, odd.findings)
        return page(odd=True), 422
    except Refused as refused:
        show(form, refused.findings)
        return page(), 422
    except WrongState as state:
        form.form_errors.append(said(state.message))
        return page(), 409
    if receipt.status in KEPT_ASIDE:
        return render_template("recording/kept_aside.html", receipt=receipt), KEPT_ASIDE[receipt.status]
    return redirect(receipt_url(receipt.id), 303)


def show(form: Form, findings: Iterable[FieldProblem]) -> None:
    """Put each finding, in the reader's language, beside its field; one without a field goes to the top."""
    for finding in findings:
        sentence = said(finding.sentence)
        if finding.field in form:
            form[finding.field].errors = [*form[finding.field].errors, sentence]
        else:
            form.form_errors.append(sentence)


def radios(label: str, choices: Sequence[tuple[str, str]]) -> RadioField:
    """One of these (value, label); none is picked beforehand."""
    return RadioField(label, choices=[SelectChoice(*choice) for choice in choices], validate_choice=False)


def checkboxes(label: str, choices: Sequence[tuple[str, str]]) -> SelectMultipleField:
    """Any of these (value, label)."""
    return SelectMultipleField(
        label, choices=[SelectChoice(*choice) for choice in choices], validate_choice=False
    )


def words(label: str) -> TextAreaField:
    """A few sentences; names are asked not to be written."""
    return TextAreaField(label)


def phone_texts() -> dict[str, str]:
    """What a phone says of either form; {names} in braces are filled in there."""
    clock = {"time": "{time}", "day": "{day}"}
    return {
        "problem": gettext("There is a problem"),
        "error": gettext("Error:"),
        "saving": gettext("Saving …"),
        "kept": gettext(
            "It is saved on this phone, and will be sent by itself as soon as there is a connection."
        ),
        "in_future": gettext(
            "By the clock of this phone %(time)s has not come yet: it is %(now)s. Is that right?",
            time="{time}",
            now="{now}",
        ),
        "refused": gettext("The server has refused this. Look through it and send it again."),
        "notes_there": gettext("There are times that you noted in pocket mode:"),
        "use_notes": gettext("Take those of %(first)s to %(last)s", first="{first}", last="{last}"),
        "put_notes_away": gettext("Put these times away"),
        "put_notes_back": gettext("Put back"),
        "notes_away": gettext("The times are put away; within a day they can be put back."),
        "notes_used": gettext(
            "The times from %(first)s to %(last)s are those that you noted.", first="{first}", last="{last}"
        ),
        "notes_late": gettext(
            "That was more than a day ago. It can still be filled in; the reviewer sees that it was late."
        ),
        "no_day": gettext("Give the day"),
        "no_time": gettext("Give a time such as 10:05 or 10:05:30"),
        "no_number": gettext("Give a whole number"),
        "no_such_time": gettext("The clocks were changed: %(time)s did not occur on %(day)s", **clock),
        "twice": gettext("The clocks were changed: %(time)s occurred twice on %(day)s", **clock),
    }
