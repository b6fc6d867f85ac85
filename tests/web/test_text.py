"""A NUL in a text is refused, wherever it comes in."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import Browser


def test_a_nul_in_an_address_a_query_or_a_form_is_a_bad_request(client: Any, as_auditor: Browser) -> None:
    assert client.get("/reset/a%00b").status_code == 400
    assert client.get("/sign-in?next=/a%00b").status_code == 400
    assert client.get("/sign-in?a%00b=1").status_code == 400
    assert as_auditor.submit("/language", {"language": "r\0u"}).status_code == 400


def test_other_strange_letters_pass(client: Any) -> None:
    answer = client.submit("/sign-in", {"email": "﷽\u202e\ud7ff😀'\"--", "password": "x" * 30})
    assert answer.status_code == 200
