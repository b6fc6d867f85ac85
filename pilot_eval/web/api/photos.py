"""Photographs, sent behind their visit."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from flask import current_app, request
from flask.typing import ResponseReturnValue

from pilot_eval.operations.photos import PhotoSubmission, record_photo
from pilot_eval.operations.policy import Action, scope_of
from pilot_eval.operations.submissions import Status
from pilot_eval.web.api.answers import ReceiptAnswer, told
from pilot_eval.web.api.routes import api as api  # its other routes are added here
from pilot_eval.web.sessions import actor, clock, session


@api.put("/visits/<uuid:visit_id>/photos/<uuid:record_id>")
def photo(visit_id: UUID, record_id: UUID) -> ResponseReturnValue:
    """Store a photograph of an own visit, the body being the picture; sent twice it is stored once."""
    scope_of(actor(), Action.RECORD)
    folder: Path = current_app.extensions["settings"].photos
    sent = PhotoSubmission(record_id, request.args.get("kind", ""), request.get_data())
    receipt = record_photo(session(), actor(), visit_id, sent, folder, clock())
    return ReceiptAnswer(**told(receipt)).response(201 if receipt.status is Status.CREATED else 200)
