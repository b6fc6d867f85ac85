"""The published schemas of our JSON documents, for anyone."""

from __future__ import annotations

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from pilot_eval.domain.errors import NotFound
from pilot_eval.reports.schemas import SCHEMA_FILES

schemas = Blueprint("schemas", __name__, url_prefix="/schemas")


@schemas.get("/<schema>.json")
def show(schema: str) -> ResponseReturnValue:
    """One schema, by the name that documents give in `$schema`."""
    if schema not in SCHEMA_FILES:
        raise NotFound
    return send_file(SCHEMA_FILES[schema], mimetype="application/schema+json", max_age=3600)
