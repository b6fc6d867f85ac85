"""The API against its own description: whatever it is sent, it answers as the document says."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import ignored_auth

from pilot_eval.domain.people import TokenScope
from pilot_eval.operations import tokens
from tests.conftest import OPERATOR
from tests.field import NOW, Field
from tests.web.api.conftest import GOOD, Phone
from tests.web.conftest import Browser

EXAMPLES = 200 if os.environ.get("PILOT_EVAL_LONG") else 8
# What a schema cannot say: which answers a checklist has, what is stored already.
ACCEPTED = ["2xx", "400", "401", "403", "404", "409", "410", "422"]
CONFIG = SchemathesisConfig.from_dict(
    {
        "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
        "generation": {"with-security-parameters": False},
    }
)


@pytest.fixture
def shown(app: Flask, field: Field, anna: Browser, request: pytest.FixtureRequest) -> dict[str, Any]:
    """How the caller shows who they are: headers and cookies."""
    if request.param == "token":
        token = tokens.make_token(
            field.session, OPERATOR, "anna", scopes=list(TokenScope), days=366, now=NOW - timedelta(days=1)
        )
        return {"headers": {"Authorization": f"Bearer {token}"}}
    form_token = Phone(anna, 0).session().json["csrf_token"]  # type: ignore[index]  # always an object
    return {"headers": {"X-CSRFToken": form_token}, "cookies": cookies_of(anna)}


def cookies_of(browser: Browser) -> dict[str, str]:
    cookie = browser.get_cookie("pilot_eval")
    assert cookie is not None
    return {"pilot_eval": cookie.value}


def kind_of(case: Case) -> str | None:
    """What the operation records."""
    path = case.path.replace("/practice/", "/visits/")
    return next((kind for kind in GOOD if f"/{kind}/" in path), None)


def as_generated(case: Case, _assignment: int) -> Case:
    return case


def for_the_assignment(case: Case, assignment: int) -> Case:
    if isinstance(case.body, dict):
        case.body = {**case.body, "assignment": assignment}
    return case


def nearly_good(case: Case, assignment: int) -> Case:
    """What a form would send, with whatever else the schema allows."""
    if isinstance(case.body, dict):
        case.body = {**case.body, **GOOD[kind_of(case) or ""], "assignment": assignment, "confirmed": True}
    return case


FLAVOURS: list[tuple[GenerationMode, Callable[[Case, int], Case]]] = [
    (GenerationMode.POSITIVE, as_generated),
    (GenerationMode.POSITIVE, for_the_assignment),
    (GenerationMode.POSITIVE, nearly_good),
    (GenerationMode.NEGATIVE, as_generated),
]


@pytest.mark.parametrize("shown", ["token", "cookie"], indirect=True)
def test_every_operation_keeps_to_its_description(app: Flask, field: Field, shown: dict[str, Any]) -> None:
    app.config["API_REQUESTS_A_MINUTE"] = 1_000_000
    assignment = field.anna_s.id or 0
    field.session.commit()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=CONFIG)
    # By name a cookie over HTTPS is another one: the check could not take it away.
    excluded = [ignored_auth] if "cookies" in shown else []
    met: Counter[tuple[str, int]] = Counter()

    def hold(operation: Any, mode: GenerationMode, changed: Callable[[Case, int], Case]) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Case) -> None:
            answer = changed(case, assignment).call_and_validate(**shown, excluded_checks=excluded)
            met[operation.label, answer.status_code] += 1

        check()

    operations = [result.ok() for result in schema.get_all_operations()]
    for operation in operations:
        for mode, changed in FLAVOURS if operation.method == "put" else FLAVOURS[:1]:
            hold(operation, mode, changed)
    assert len(operations) == 7
    reached = {label: {status for name, status in met if name == label} for label, _status in met}
    for label, statuses in reached.items():
        # Made-up visits are nobody's; photographs of real ones have their own tests.
        wanted = {404} if "/photos/" in label else {201, 422} if label.startswith("PUT") else {200}
        assert statuses >= wanted, (label, met)


def test_the_description_lists_every_address_of_the_api(app: Flask) -> None:
    described = app.test_client().get("/api/v1/openapi.json").json
    assert described is not None
    there = {
        (re.sub(r"<uuid:(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, given in described["paths"].items() for method in given} == there


def test_a_planted_fault_is_found(
    app: Flask, field: Field, anna: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that the document does not know fails the check above."""
    from pilot_eval.web.api import routes

    monkeypatch.setattr(
        routes.SessionAnswer, "response", lambda self: {"person": "seventeen", "colour": "blue"}
    )
    field.session.commit()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=CONFIG)
    case = schema["/api/v1/session"]["GET"].Case()
    with pytest.raises(BaseExceptionGroup) as found:
        case.call_and_validate(cookies=cookies_of(anna), excluded_checks=[ignored_auth])
    assert "Response violates schema" in str(found.value.exceptions[0])
