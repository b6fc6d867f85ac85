"""What the API says when something is not done: always JSON, always with the record it was about."""

from __future__ import annotations

from flask import Blueprint, Response, g
from flask_babel import gettext
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests

from pilot_eval.domain.errors import NotAllowed, NotFound, WrongState
from pilot_eval.domain.people import TokenScope
from pilot_eval.domain.problems import Refused, Unconfirmed
from pilot_eval.operations.corrections import StaleRevision
from pilot_eval.operations.submissions import Receipt, Status
from pilot_eval.web.api.answers import KeptAside, current_version, told
from pilot_eval.web.errors import refusal
from pilot_eval.web.messages import said
from pilot_eval.web.payloads import Unreadable
from pilot_eval.web.recording import KEPT_ASIDE
from pilot_eval.web.text import MAX_API_BYTES


def install(api: Blueprint) -> None:
    """Tell each kind of refusal in the API's words; what is not here the site tells by its status."""
    api.register_error_handler(NotAllowed, _forbidden)
    api.register_error_handler(NotFound, _not_found)
    api.register_error_handler(WrongState, _wrong_state)
    api.register_error_handler(StaleRevision, _stale_revision)
    api.register_error_handler(Refused, _refused)
    api.register_error_handler(Unreadable, lambda error: refusal(400, "unreadable", said(error.message)))
    api.register_error_handler(RequestEntityTooLarge, _too_large)
    api.after_request(_challenge)


def _forbidden(_error: NotAllowed) -> Response:
    return refusal(403, "forbidden", gettext("Your role does not include this."))


def _not_found(_error: NotFound) -> Response:
    return refusal(404, "not_found", gettext("It does not exist, or it is not yours."))


def _wrong_state(error: WrongState) -> Response:
    return refusal(409, "wrong_state", said(error.message), reason=error.code)


def _stale_revision(error: StaleRevision) -> Response:
    message = gettext(
        "The visit was corrected in the meantime. Compare both versions, then send yours again."
    )
    return refusal(409, "stale_revision", message, current=current_version(error.current))


def _refused(error: Refused) -> Response:
    odd = isinstance(error, Unconfirmed)
    unusual = gettext("Something is unusual: look at it and confirm.")
    message = unusual if odd else gettext("Something is wrong.")
    faults = [
        {"field": each.field, "code": each.code, "message": said(each.sentence)} for each in error.findings
    ]
    return refusal(422, "unconfirmed" if odd else "invalid", message, errors=faults)


def _too_large(_error: RequestEntityTooLarge) -> Response:
    most = MAX_API_BYTES // 1024
    return refusal(413, "too_large", gettext("This is larger than %(most)s KB.", most=most))


def too_many(seconds: int) -> TooManyRequests:
    """An error that asks to wait so long."""
    g.wait_seconds = seconds
    return TooManyRequests()


def out_of_scope(scope: TokenScope | None) -> Response:
    """That a token, though good, does not open this address."""
    if scope is None:
        return refusal(403, "forbidden", gettext("No token opens this address."))
    return refusal(403, "forbidden", gettext("This token lacks the scope %(scope)s.", scope=scope.value))


def kept_aside(receipt: Receipt) -> Response:
    """That what was sent is no record, but is not lost."""
    stored = gettext("Another version is stored already, and it stays. This one is kept for a reviewer.")
    taken_back = gettext("This assignment was taken back. What was sent is kept for head office.")
    message = stored if receipt.status is Status.CONFLICT else taken_back
    answer = KeptAside.model_validate({"code": receipt.status.value, "message": message, **told(receipt)})
    return answer.response(KEPT_ASIDE[receipt.status])


def _challenge(response: Response) -> Response:
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
