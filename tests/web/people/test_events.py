"""Every action that the code logs has words for the reader."""

from __future__ import annotations

import re

from pilot_eval.web.people.events import WORDS, in_words
from tests.conftest import PROJECT

_LOGGED = re.compile(r'audit\.append\([^"]{0,80}"([a-z_]+\.[a-z_]+)"')


def test_no_action_is_shown_as_a_code() -> None:
    sources = (path.read_text() for path in (PROJECT / "pilot_eval").rglob("*.py"))
    logged = {action for source in sources for action in _LOGGED.findall(source)}
    assert len(logged) > 10
    assert logged <= WORDS.keys()


def test_an_action_without_words_is_shown_as_it_is() -> None:
    assert in_words("moon.landing") == "moon.landing"
