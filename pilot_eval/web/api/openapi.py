"""The API described for programs: OpenAPI 3.1, made of the models that read requests and write answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from pilot_eval import __version__
from pilot_eval.domain.people import TokenScope
from pilot_eval.domain.photos import PhotoKind
from pilot_eval.web.api.answers import (
    AssignmentsAnswer,
    BranchesAnswer,
    KeptAside,
    ReceiptAnswer,
    Refusal,
    SessionAnswer,
)
from pilot_eval.web.payloads import PracticeBody, TimingBody, VisitBody

_REQUESTS: tuple[type[BaseModel], ...] = (VisitBody, TimingBody, PracticeBody)
_ANSWERS: tuple[type[BaseModel], ...] = (
    SessionAnswer,
    AssignmentsAnswer,
    BranchesAnswer,
    ReceiptAnswer,
    KeptAside,
    Refusal,
)

_REFUSED = {
    400: "The request cannot be read (`unreadable`), or its form token is no longer valid (`stale_token`).",
    401: "Nobody is signed in, or the token is not valid (`signed_out`).",
    403: "The person's role or the token's scopes do not include this (`forbidden`).",
    404: "It does not exist, or it is not yours (`not_found`).",
    413: "Larger than 1 MB (`too_large`).",
    422: "Something is wrong (`invalid`) or unusual (`unconfirmed`): `errors` name each field.",
}
_LATER = {
    429: "Too many requests (`too_many`): come again after `Retry-After` seconds.",
    503: "The database did not answer in time (`busy`): nothing was stored; come again.",
}


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    modes: list[Any] = [(model, "validation") for model in _REQUESTS]
    modes += [(model, "serialization") for model in _ANSWERS]
    _refs, schemas = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pilot_eval",
            "version": __version__,
            "description": "Visits and timings are recorded once, however often they are sent.",
        },
        "paths": {
            "/api/v1/session": {
                "get": _reading("session", "Who asks, and a fresh form token", SessionAnswer)
                | _secured(TokenScope.SESSION_READ)
            },
            "/api/v1/assignments": {
                "get": _reading(
                    "assignments",
                    "Visits to make and made, with the forms for them; head office's a thousand at a time",
                    AssignmentsAnswer,
                    _after({"type": "integer", "minimum": 0, "maximum": 999_999_999}),
                )
                | _secured(TokenScope.ASSIGNMENTS_READ)
            },
            "/api/v1/branches": {
                "get": _reading(
                    "branches",
                    "Branches by code, a thousand at a time",
                    BranchesAnswer,
                    _after({"type": "string"}),
                )
                | _secured(TokenScope.BRANCHES_READ)
            },
            "/api/v1/visits/{record_id}": {
                "put": _recording("visit", "Record a visit, or correct it", VisitBody, [_IF_MATCH])
                | _secured(TokenScope.VISITS_WRITE)
            },
            "/api/v1/practice/{record_id}": {
                "put": _recording("practice", "Check a practice visit; nothing is stored", PracticeBody)
                | _secured(TokenScope.VISITS_WRITE)
            },
            "/api/v1/visits/{visit_id}/photos/{record_id}": {
                "put": _photo() | _secured(TokenScope.VISITS_WRITE)
            },
            "/api/v1/timings/{record_id}": {
                "put": _recording("timing", "Record a timing", TimingBody)
                | _secured(TokenScope.TIMINGS_WRITE)
            },
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token that `pilot-eval user token` has printed.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "__Host-pilot_eval",
                    "description": "A sign-in; over plain HTTP on this machine its name is `pilot_eval`.",
                },
                "form_token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRFToken",
                    "description": "`csrf_token` of the session.",
                },
            },
        },
    }


_RECORD_ID = [
    {
        "name": "record_id",
        "in": "path",
        "required": True,
        "description": "Minted where the record was begun.",
        "schema": {"type": "string", "format": "uuid"},
    }
]


_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'The revision that is corrected, such as "2"; the body then says the `reason`.',
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
}


def _after(schema: dict[str, Any]) -> list[dict[str, Any]]:
    described = "`next` of the answer before."
    return [{"name": "after", "in": "query", "required": False, "description": described, "schema": schema}]


def _reading(
    name: str, summary: str, answer: type[BaseModel], parameters: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    refused = {status: _REFUSED[status] for status in (400, 401, 403)} | _LATER
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters or [],
        "responses": {"200": _told(summary, answer)} | _refusals(refused),
    }


def _recording(
    name: str, summary: str, body: type[BaseModel], headers: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": _RECORD_ID + (headers or []),
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(body)}}},
        "responses": {
            "200": _told("The very same was stored before; nothing was added.", ReceiptAnswer),
            "201": _told("Stored.", ReceiptAnswer),
            **_refusals(_REFUSED | _LATER),
            "409": _told(
                "Another version is stored, and this one is kept for a reviewer (`conflict`);"
                " nothing can be recorded or corrected now (`wrong_state`);"
                " or the visit was corrected in the meantime (`stale_revision`, with `current`).",
                KeptAside,
                Refusal,
            ),
            "410": _told(
                "The assignment was taken back, and this is kept for head office (`withdrawn`).", KeptAside
            ),
        },
    }


def _photo() -> dict[str, Any]:
    uuid = {"type": "string", "format": "uuid"}
    picture = {"schema": {"type": "string", "contentMediaType": "image/jpeg"}}
    refused = _REFUSED | {413: "Larger than 4 MB (`too_large`)."}
    return {
        "operationId": "photo",
        "summary": "Store a photograph of a visit",
        "parameters": [
            {"name": "visit_id", "in": "path", "required": True, "schema": uuid},
            *_RECORD_ID,
            {
                "name": "kind",
                "in": "query",
                "required": True,
                "description": "What it shows.",
                "schema": {"type": "string", "enum": [kind.value for kind in PhotoKind]},
            },
        ],
        "requestBody": {"required": True, "content": {"image/jpeg": picture}},
        "responses": {
            "200": _told("The very same was stored before; nothing was added.", ReceiptAnswer),
            "201": _told("Stored.", ReceiptAnswer),
            **_refusals(refused | _LATER),
            "409": _told(
                "The pilot asks for none, the round of visits is locked, or another photograph has this"
                " number (`wrong_state`).",
                Refusal,
            ),
        },
    }


def _secured(scope: TokenScope) -> dict[str, Any]:
    return {
        "security": [{"token": [scope.value]}, {"cookie": [], "form_token": []}],
    }


def _refusals(statuses: dict[int, str]) -> dict[str, Any]:
    return {str(status): _told(description, Refusal) for status, description in statuses.items()}


def _told(description: str, *models: type[BaseModel]) -> dict[str, Any]:
    schema = _ref(models[0]) if len(models) == 1 else {"anyOf": [_ref(model) for model in models]}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
