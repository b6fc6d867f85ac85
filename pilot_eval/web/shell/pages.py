"""The front door: home, language, health."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

shell = Blueprint("shell", __name__)


@shell.get("/health")
def health() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")
