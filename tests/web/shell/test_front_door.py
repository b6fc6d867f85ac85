"""The start page, the language, and whether the site is well."""

from __future__ import annotations

from typing import Any


def test_the_process_says_that_it_is_well_to_anybody(client: Any) -> None:
    assert client.get("/health").json == {"status": "ok"}


def test_it_is_ready_while_the_database_is(client: Any) -> None:
    assert client.get("/ready").json == {"status": "ready"}


def test_a_visitor_is_led_to_the_sign_in_page_and_back(client: Any) -> None:
    answer = client.get("/account")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/account")


def test_the_start_page_of_somebody_without_work_is_their_account(as_auditor: Any) -> None:
    page = as_auditor.get("/", follow_redirects=True)
    assert page.status_code == 200
