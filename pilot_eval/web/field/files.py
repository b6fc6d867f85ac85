"""The file that a phone writes when nothing gets through, and what becomes of each record in it."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app
from flask_babel import gettext, lazy_gettext
from flask_login import current_user

from pilot_eval.domain.errors import NotAllowed, NotFound, WrongState
from pilot_eval.domain.problems import N_, Refused
from pilot_eval.operations import timings, visits
from pilot_eval.operations.photos import PhotoSubmission, record_photo
from pilot_eval.operations.submissions import Receipt, Status
from pilot_eval.web.messages import said
from pilot_eval.web.payloads import TimingBody, Unreadable, VisitBody, json_object, read_as
from pilot_eval.web.sessions import actor, clock, session

FORMAT = "pilot_eval unsent records"
VERSION = 1
KINDS = {
    "visit": lazy_gettext("Visit"),
    "timing": lazy_gettext("Timing"),
    "photo": lazy_gettext("Photograph"),
}
STATES = {
    Status.CREATED: (lazy_gettext("Stored"), "good"),
    Status.DUPLICATE: (lazy_gettext("Stored before"), "good"),
    Status.CONFLICT: (lazy_gettext("Kept beside another version"), "warning"),
    Status.WITHDRAWN: (lazy_gettext("Kept: the assignment was taken back"), "warning"),
}
NOT_STORED = lazy_gettext("Not stored")


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one record of the file.

    Parameters
    ----------
    state : str
        In the reader's language.
    look : str
        good, warning or bad.
    receipt : Receipt or None
        None for what was not stored.
    reasons : tuple of str
        Why not.
    """

    kind: str
    state: str
    look: str
    receipt: Receipt | None = None
    reasons: tuple[str, ...] = ()


def read_file(written: bytes) -> list[dict[str, Any]]:
    """The records of a file.

    Raises
    ------
    Unreadable
        If it is no such file, or of another person.
    """
    if not written:
        raise Unreadable(N_("Choose a file"))
    file = json_object(written)
    records = file.get("records")
    if file.get("format") != FORMAT or file.get("version") != VERSION or not isinstance(records, list):
        raise Unreadable(N_("This is not a file of unsent records"))
    if file.get("person") != current_user.id:
        raise Unreadable(N_("This file is of another person, who has to hand it in"))
    return [record for record in records if isinstance(record, dict)]


def store(record: dict[str, Any]) -> Handed:
    """Store one record as if the phone had sent it; the others do not depend on it."""
    kind = str(KINDS.get(str(record.get("kind")), record.get("kind")))
    try:
        receipt = _record(record)
    except Refused as refused:
        return _refused(kind, *(said(each.sentence) for each in refused.findings))
    except WrongState as state:
        return _refused(kind, said(state.message))
    except (NotAllowed, NotFound):
        return _refused(kind, gettext("It does not exist, or it is not yours."))
    except ValueError:
        return _refused(kind, gettext("This record cannot be read."))
    words, look = STATES[receipt.status]
    return Handed(kind, str(words), look, receipt)


def _refused(kind: str, *reasons: str) -> Handed:
    return Handed(kind, str(NOT_STORED), "bad", reasons=reasons)


def _record(record: dict[str, Any]) -> Receipt:
    record_id, body = UUID(str(record.get("uuid"))), record.get("body")
    if not isinstance(body, dict):
        raise ValueError("a record without its body")
    if record.get("kind") == "visit":
        visit, unreadable = read_as(VisitBody, body)
        return visits.record_visit(session(), actor(), visit.submission(record_id, unreadable), clock())
    if record.get("kind") == "timing":
        timing, unreadable = read_as(TimingBody, body)
        return timings.record_timing(session(), actor(), timing.submission(record_id, unreadable), clock())
    if record.get("kind") == "photo":
        photo = PhotoSubmission(record_id, str(body.get("shows")), b64decode(str(body.get("picture"))))
        folder: Path = current_app.extensions["settings"].photos
        return record_photo(session(), actor(), UUID(str(body.get("visit"))), photo, folder, clock())
    raise ValueError("a record of no known kind")
